/** The bar of a tile under the pointer: replay, snapshot, stream and more, enlarge. */
import { Menu, Tooltip } from "@mantine/core";
import { IconArrowsMaximize, IconArrowsMinimize, IconCamera, IconDotsVertical, IconRewindBackward10, IconTag, IconVolume, IconVolumeOff } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import type { Channel } from "../api/types";
import { t } from "../i18n";
import { deck } from "../media/deck";
import { navigate } from "../router/router";
import { may, session } from "../state/session";
import { useStore } from "../state/store";
import { copyLink } from "../tags/link";
import { tagInstant } from "../tags/TagDialog";
import { saveSnapshot } from "./save";
import { soundStream } from "./sound";
import styles from "./tile.module.css";
import { setStream, takeOff, wall, type StreamChoice, type WallState } from "./wall";

interface Props {
  tile: number;
  channel: Channel;
  state: WallState;
  stream: string | null;
  enlarged: boolean;
  toggle: () => void;
}

const CHOICES: readonly StreamChoice[] = ["auto", "main", "sub"];

function Tool({ text, extra, onClick, children }: { text: string; extra?: boolean; onClick: () => void; children: ReactNode }) {
  return (
    <Tooltip label={text}>
      <button type="button" aria-label={text} data-extra={extra || undefined} onClick={onClick}>
        {children}
      </button>
    </Tooltip>
  );
}

export function TileBar({ channel, state, enlarged, toggle }: Props) {
  const [open, setOpen] = useState(false);
  const choice = state.streams[channel.id] ?? "auto";
  const sound = state.soundOf === channel.id;
  const tags = may(useStore(session), "tag");
  return (
    <div className={styles.bar} data-open={open || undefined} onDoubleClick={(event) => event.stopPropagation()}>
      <div className={styles.barInner}>
        <Tool text={t("tile.replay")} extra onClick={() => deck.skip(-10_000)}>
          <IconRewindBackward10 size={20} stroke={1.6} aria-hidden />
        </Tool>
        <Tool text={t("tile.snapshot")} extra onClick={() => void saveSnapshot(channel)}>
          <IconCamera size={20} stroke={1.6} aria-hidden />
        </Tool>
        {tags && (
          <Tool text={t("tags.add")} extra onClick={() => tagInstant(channel.id)}>
            <IconTag size={20} stroke={1.6} aria-hidden />
          </Tool>
        )}
        {soundStream(channel) !== null && (
          <Tool text={t(sound ? "tile.mute" : "tile.unmute")} extra onClick={() => wall.update({ soundOf: sound ? null : channel.id })}>
            {sound ? <IconVolume size={20} stroke={1.6} aria-hidden /> : <IconVolumeOff size={20} stroke={1.6} aria-hidden />}
          </Tool>
        )}
        <Menu opened={open} onChange={setOpen} position="top" width={220}>
          <Menu.Target>
            <button type="button" aria-label={t("tile.menu")} title={t("tile.menu")}>
              <IconDotsVertical size={20} stroke={1.6} aria-hidden />
            </button>
          </Menu.Target>
          <Menu.Dropdown>
            {CHOICES.map((value) => (
              <Menu.Item key={value} role="menuitemradio" aria-checked={choice === value} fw={choice === value ? 600 : undefined} onClick={() => setStream(channel.id, value)}>
                {t("tile.stream", { stream: t(`tile.stream.${value}`) })}
              </Menu.Item>
            ))}
            <Menu.Divider />
            <Menu.Item onClick={() => void saveSnapshot(channel)}>{t("tile.snapshot")}</Menu.Item>
            {tags && <Menu.Item onClick={() => tagInstant(channel.id)}>{t("tags.add")}</Menu.Item>}
            <Menu.Item onClick={() => void copyLink(channel.id)}>{t("link.copy")}</Menu.Item>
            <Menu.Item onClick={() => void navigate(`/cameras/${channel.id}`)}>{t("tile.openCamera")}</Menu.Item>
            <Menu.Item onClick={() => takeOff(channel.id)}>{t("tile.remove")}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
        <Tool text={t(enlarged ? "tile.restore" : "tile.enlarge")} onClick={toggle}>
          {enlarged ? <IconArrowsMinimize size={20} stroke={1.6} aria-hidden /> : <IconArrowsMaximize size={20} stroke={1.6} aria-hidden />}
        </Tool>
      </div>
    </div>
  );
}

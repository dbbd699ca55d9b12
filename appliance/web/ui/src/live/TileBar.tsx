/** The bar of a tile under the pointer: replay, snapshot, stream and more, enlarge. */
import { IconArrowsMaximize, IconArrowsMinimize, IconCamera, IconDotsVertical, IconHistory, IconPlayerRecord, IconPlayerStopFilled, IconRewindBackward10, IconTag, IconVolume, IconVolumeOff, IconZoomInArea, IconZoomReset } from "@tabler/icons-react";
import { memo, type ReactNode } from "react";
import type { Channel } from "../api/types";
import { t } from "../i18n";
import { deck } from "../media/deck";
import { may, session } from "../state/session";
import { useSelect, useStore } from "../state/store";
import { tagInstant } from "../tags/TagDialog";
import { marks, mine, toggleInstant } from "./instant";
import { openReplay } from "./replays";
import { saveSnapshot } from "./save";
import { maySave } from "./saveTo";
import { soundStream } from "./sound";
import styles from "./tile.module.css";
import { openAbove, tileMenu } from "./tileMenu";
import { VolumeSlider } from "./VolumeSlider";
import { enlarge, wall } from "./wall";
import { drawing, restore, setDrawing, zooms } from "./zoom";

interface Props {
  channel: Channel;
  /** Its sound is being listened to. */
  sound: boolean;
  enlarged: boolean;
}

function Tool({ text, extra, onClick, children }: { text: string; extra?: boolean | "wide"; onClick: () => void; children: ReactNode }) {
  return (
    <button type="button" aria-label={text} title={text} data-extra={extra || undefined} onClick={onClick}>
      {children}
    </button>
  );
}

export const TileBar = memo(function TileBar({ channel, sound, enlarged }: Props) {
  const open = useSelect(tileMenu, (menu) => menu?.channel === channel.id);
  const me = useStore(session);
  const live = useStore(deck.state).mode === "live";
  const boxing = useSelect(drawing, (all) => all.includes(channel.id));
  const zooming = useSelect(zooms, (all) => channel.id in all) || boxing;
  const backing = useSelect(marks, (all) => mine(all, me.user).some((mark) => mark.channel === channel.id));
  return (
    <div className={styles.bar} data-open={open || undefined} onDoubleClick={(event) => event.stopPropagation()}>
      <div className={styles.barInner}>
        <Tool text={t("tile.replay")} extra onClick={() => deck.skip(-10_000)}>
          <IconRewindBackward10 size={20} stroke={1.6} aria-hidden />
        </Tool>
        {live && may(me, "playback") && (
          <Tool text={t("replay.open")} extra="wide" onClick={() => openReplay(channel.id)}>
            <IconHistory size={20} stroke={1.6} aria-hidden />
          </Tool>
        )}
        <Tool text={t("tile.snapshot")} extra onClick={() => void saveSnapshot(channel)}>
          <IconCamera size={20} stroke={1.6} aria-hidden />
        </Tool>
        {(backing || (live && maySave(channel.id))) && (
          <Tool text={t(backing ? "instant.stop" : "instant.start")} extra={backing ? false : "wide"} onClick={() => toggleInstant(channel)}>
            {backing ? <IconPlayerStopFilled size={20} className={styles.rec} aria-hidden /> : <IconPlayerRecord size={20} stroke={1.6} aria-hidden />}
          </Tool>
        )}
        {may(me, "tag") && (
          <Tool text={t("tags.add")} extra onClick={() => tagInstant(channel.id)}>
            <IconTag size={20} stroke={1.6} aria-hidden />
          </Tool>
        )}
        <Tool text={t(zooming ? "zoom.restore" : "zoom.open")} extra="wide" onClick={() => (zooming ? restore(channel.id) : setDrawing(channel.id, true))}>
          {zooming ? <IconZoomReset size={20} stroke={1.6} aria-hidden /> : <IconZoomInArea size={20} stroke={1.6} aria-hidden />}
        </Tool>
        {soundStream(channel) !== null && (
          <Tool text={t(sound ? "tile.mute" : "tile.unmute")} extra onClick={() => wall.update({ soundOf: sound ? null : channel.id })}>
            {sound ? <IconVolume size={20} stroke={1.6} aria-hidden /> : <IconVolumeOff size={20} stroke={1.6} aria-hidden />}
          </Tool>
        )}
        {sound && <VolumeSlider />}
        <button type="button" aria-label={t("tile.menu")} title={t("tile.menu")} aria-haspopup="menu" aria-expanded={open} onClick={(event) => openAbove(event.currentTarget, channel.id)}>
          <IconDotsVertical size={20} stroke={1.6} aria-hidden />
        </button>
        <Tool text={t(enlarged ? "tile.restore" : "tile.enlarge")} onClick={() => enlarge(enlarged ? null : channel.id)}>
          {enlarged ? <IconArrowsMinimize size={20} stroke={1.6} aria-hidden /> : <IconArrowsMaximize size={20} stroke={1.6} aria-hidden />}
        </Tool>
      </div>
    </div>
  );
});

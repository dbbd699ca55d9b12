/** What can be done with a tile: the menu of its dots, of a right click, the menu key and a long press (D1-SR-05, N8.7). */
import { Menu } from "@mantine/core";
import type { Channel } from "../api/types";
import { MODES, setMode, type Mode } from "../cameras/mode";
import { t } from "../i18n";
import { deck } from "../media/deck";
import { exportLink } from "../recordings/api";
import { navigate } from "../router/router";
import { box, boxNow } from "../state/box";
import { may, session } from "../state/session";
import { useSelect, useStore } from "../state/store";
import { copyLink } from "../tags/link";
import { tagInstant } from "../tags/TagDialog";
import { say } from "../ui/toast";
import { Choice } from "./Choice";
import { LayoutIcon } from "./LayoutIcon";
import { LAYOUTS } from "./layouts";
import { openReplay, replays } from "./replays";
import { saveSnapshot } from "./save";
import { SaveItems } from "./SaveItems";
import { shownInstant } from "./screens";
import { soundStream } from "./sound";
import styles from "./tile.module.css";
import { tileMenu } from "./tileMenu";
import { VolumeSlider } from "./VolumeSlider";
import { enlarge, setLayout, setStream, takeOff, tilesOf, wall, type StreamChoice } from "./wall";
import { drawing, restore, setDrawing, zooms } from "./zoom";

const CHOICES: readonly StreamChoice[] = ["auto", "main", "sub"];
/** An export of "this moment" takes so much before it, and after it as far as there is any. */
const AROUND_MS = 15_000;

async function record(channel: Channel, mode: Mode): Promise<void> {
  if (channel.mode !== mode && (await setMode([channel], mode))) say(t(`tile.record.${mode}`, { name: channel.name }));
}

function exportMoment(channel: Channel): void {
  const at = Math.round(shownInstant(channel.id));
  const to = Math.min(at + AROUND_MS, Math.round(boxNow()));
  void navigate(exportLink({ channel: channel.id, stream: "main", from: to - 2 * AROUND_MS, to }));
}

export function TileMenuItems({ channel }: { channel: Channel }) {
  const state = useStore(wall);
  const me = useStore(session);
  const { mode } = useStore(deck.state);
  const zoomed = useSelect(zooms, (all) => channel.id in all);
  const boxing = useSelect(drawing, (all) => all.includes(channel.id));
  const replaying = useSelect(replays, (all) => all.length > 0);
  const enlarged = state.enlarged === channel.id;
  const stream = state.streams[channel.id] ?? "auto";
  return (
    <>
      <Menu.Item onClick={() => enlarge(enlarged ? null : channel.id)}>{t(enlarged ? "tile.restore" : "tile.enlarge")}</Menu.Item>
      {mode === "live" && may(me, "playback") && <Menu.Item onClick={() => openReplay(channel.id)}>{t("replay.open")}</Menu.Item>}
      {zoomed || boxing ? (
        <Menu.Item onClick={() => restore(channel.id)}>{t("zoom.restore")}</Menu.Item>
      ) : (
        <Menu.Item onClick={() => setDrawing(channel.id, true)}>{t("zoom.open")}</Menu.Item>
      )}
      <Menu.Item onClick={() => void saveSnapshot(channel)}>{t("tile.snapshot")}</Menu.Item>
      <Menu.Item onClick={() => void saveSnapshot(channel, "bmp")}>{t("snapshot.bmp")}</Menu.Item>
      {may(me, "download") && <Menu.Item onClick={() => exportMoment(channel)}>{t("tile.export")}</Menu.Item>}
      <SaveItems channel={channel} />
      {may(me, "tag") && <Menu.Item onClick={() => tagInstant(channel.id)}>{t("tags.add")}</Menu.Item>}
      <Menu.Item onClick={() => void copyLink(channel.id)}>{t("link.copy")}</Menu.Item>
      {may(me, "cameras") && (
        <>
          <Menu.Label>{t("tile.record")}</Menu.Label>
          <div className={styles.choices} role="group" aria-label={t("tile.record")}>
            {MODES.map((value) => (
              <Choice key={value} label={t("tile.recordMode", { mode: t(`cameras.mode.${value}`) })} chosen={channel.mode === value} onClick={() => void record(channel, value)}>
                {t(`cameras.mode.${value}`)}
              </Choice>
            ))}
          </div>
        </>
      )}
      {soundStream(channel) !== null && (
        <>
          <Menu.Item onClick={() => wall.update({ soundOf: state.soundOf === channel.id ? null : channel.id })}>{t(state.soundOf === channel.id ? "tile.mute" : "tile.unmute")}</Menu.Item>
          {state.soundOf === channel.id && (
            <div className={styles.loudness}>
              <span className="dim small">{t("tile.volume")}</span>
              <VolumeSlider />
            </div>
          )}
        </>
      )}
      <Menu.Label>{t("bar.clipStream")}</Menu.Label>
      <div className={styles.choices} role="group" aria-label={t("bar.clipStream")}>
        {CHOICES.map((value) => (
          <Choice key={value} label={t("tile.stream", { stream: t(`tile.stream.${value}`) })} chosen={stream === value} onClick={() => setStream(channel.id, value)}>
            {t(`tile.stream.${value}`)}
          </Choice>
        ))}
      </div>
      <Menu.Label>{t("live.layout")}</Menu.Label>
      <div className={styles.choices} role="group" aria-label={t("live.layout")}>
        {LAYOUTS.map((layout) => (
          <Choice key={layout.count} label={t("live.layoutOf", { n: layout.count })} chosen={tilesOf(state) === layout.count} disabled={replaying} onClick={() => setLayout(layout.count)}>
            <LayoutIcon layout={layout} />
          </Choice>
        ))}
      </div>
      <Menu.Divider />
      {may(me, "cameras") && <Menu.Item onClick={() => void navigate(`/cameras/${channel.id}`)}>{t("tile.openCamera")}</Menu.Item>}
      <Menu.Item onClick={() => takeOff(channel.id)}>{t("tile.remove")}</Menu.Item>
    </>
  );
}

/** So long a menu is moved until all of it is in sight, even over what opened it. */
export const MENU = { width: 250, middlewares: { flip: true, shift: { crossAxis: true, padding: 8 } } };

/** The menu at the pointer, one for the whole wall. */
export function TileContextMenu() {
  const open = useStore(tileMenu);
  const channel = useSelect(box, (state) => state.channels?.find((candidate) => candidate.id === open?.channel));
  if (!open || !channel) return null;
  const close = (): void => {
    tileMenu.set(null);
    const opener = open.from?.isConnected ? open.from : document.querySelector<HTMLElement>(`[data-channel="${channel.id}"]`);
    opener?.focus({ preventScroll: true });
  };
  return (
    <Menu key={`${open.channel}/${open.x}/${open.y}`} opened onClose={close} position="bottom-start" offset={2} returnFocus={false} {...MENU}>
      <Menu.Target>
        <span className={styles.menuSpot} style={{ left: open.x, top: open.y }} aria-hidden />
      </Menu.Target>
      <Menu.Dropdown className={styles.menu} aria-label={t("tile.menu")} data-tile-menu>
        <Menu.Label>{t("channel.label", { id: String(channel.id), name: channel.name })}</Menu.Label>
        <TileMenuItems channel={channel} />
      </Menu.Dropdown>
    </Menu>
  );
}

/** One tile: the picture, its name, time and marks, and in words what is wrong and what to do. */
import { IconPlayerRecordFilled } from "@tabler/icons-react";
import { useEffect, useRef, useState, type CSSProperties, type DragEvent, type KeyboardEvent } from "react";
import type { Channel } from "../api/types";
import { t } from "../i18n";
import { deck } from "../media/deck";
import { box, boxNow } from "../state/box";
import { useSelect, useStore } from "../state/store";
import { decimal } from "../i18n/format";
import { habits } from "../time/habits";
import { TileInstant } from "./InstantMarks";
import { InstantPlayback } from "./InstantPlayback";
import { closeReplay, replays } from "./replays";
import { screenOf } from "./screens";
import { soundStream } from "./sound";
import { Stamp } from "./Stamp";
import styles from "./tile.module.css";
import { TileBar } from "./TileBar";
import { isMenuKey, menuGestures, openAtMiddle } from "./tileMenu";
import { TileWords } from "./TileWords";
import { enlarge, streamFor, swap, tilesOf, wall, type WallState } from "./wall";
import { drawing, restore, transformOf, WHOLE, zooms } from "./zoom";
import { zoomGestures, zoomKey, type Box } from "./zoomGestures";

interface Props {
  tile: number;
  channel: Channel;
  state: WallState;
  /** Whether its bar is there already: nobody can press it while the wall is being put up. */
  tools: boolean;
}

/** A picture of a camera with a fault that is older than this is told to be the last one. */
const OLD_MS = 5000;
const DRAG = "application/x-nvr-tile";

const coarse = (): boolean => window.matchMedia?.("(pointer: coarse)").matches ?? false;

/** Where a box that is being drawn lies, as CSS. */
function placeOf({ a, b }: Box): CSSProperties {
  return { left: `${Math.min(a.x, b.x) * 100}%`, top: `${Math.min(a.y, b.y) * 100}%`, width: `${Math.abs(a.x - b.x) * 100}%`, height: `${Math.abs(a.y - b.y) * 100}%` };
}

export function acceptsDrop(event: DragEvent): boolean {
  return event.dataTransfer.types.includes(DRAG);
}

export function dropOn(event: DragEvent, tile: number): void {
  const from = Number(event.dataTransfer.getData(DRAG));
  event.preventDefault();
  if (Number.isInteger(from) && from !== tile) swap(from, tile);
}

export function Tile({ tile, channel, state, tools }: Props) {
  const screen = screenOf(channel.id);
  const view = useStore(screen.state);
  const { mode } = useStore(deck.state);
  const picture = useRef<HTMLDivElement>(null);
  const root = useRef<HTMLDivElement>(null);
  // Often only the main stream has sound: who listens sees that one.
  const sounding = state.soundOf === channel.id && soundStream(channel) === "main";
  const stream = sounding ? "main" : streamFor(state, channel.id);
  const wantsPicture = channel.enabled || mode === "past";
  const zoom = useSelect(zooms, (all) => all[channel.id] ?? WHOLE);
  const boxing = useSelect(drawing, (all) => all.includes(channel.id));
  const replaying = useSelect(replays, (all) => all.includes(channel.id));
  const anyReplay = useSelect(replays, (all) => all.length > 0);
  const [drawn, setDrawn] = useState<Box | null>(null);
  const zone = useSelect(box, (value) => value.status?.box.zone);

  useEffect(() => {
    picture.current?.append(screen.element);
    screen.element.className = styles.videos!;
  }, [screen]);

  useEffect(() => {
    screen.show(wantsPicture ? { channel: channel.id, stream } : null);
  }, [screen, wantsPicture, channel.id, stream]);

  useEffect(() => {
    const element = root.current!;
    const stops = [zoomGestures(element, channel.id, setDrawn), menuGestures(element, channel.id)];
    return () => stops.forEach((stop) => stop());
  }, [channel.id]);

  useEffect(() => {
    screen.listen(state.soundOf === channel.id);
  }, [screen, state.soundOf, channel.id]);

  const isEnlarged = state.enlarged === channel.id;
  const toggle = (): void => enlarge(isEnlarged ? null : channel.id);
  const press = (event: KeyboardEvent): void => {
    if (event.target !== root.current || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isMenuKey(event)) openAtMiddle(root.current!, channel.id);
    else if (event.key === "Enter") return toggle();
    else if (event.key === "Escape" && replaying) closeReplay(channel.id);
    else if (!(event.key === "Escape" && restore(channel.id)) && !zoomKey(channel.id, event.key)) return;
    // What concerns this tile alone is not for the keys of the wall.
    event.preventDefault();
    event.stopPropagation();
  };
  const doubled = (): void => {
    if (!restore(channel.id)) toggle();
  };
  const dated = mode === "past" || isEnlarged || tilesOf(state) === 1;
  const instant = (): number | null => screen.utcNow() ?? (deck.state.get().mode === "live" ? null : deck.position());
  const manner = useStore(habits);
  const label = t("channel.label", { id: String(channel.id), name: channel.name });
  const shown = screen.utcNow();
  const old = screen.isStill() || (shown !== null && boxNow() - shown > OLD_MS);
  const offline = mode === "live" && (!channel.enabled || (channel.fault !== null && (view.phase !== "playing" || old)));

  return (
    <div
      ref={root}
      className={styles.tile}
      role="group"
      aria-label={t("tile.label", { name: label, n: tile + 1 })}
      tabIndex={0}
      data-channel={channel.id}
      data-phase={view.phase}
      data-stream={view.stream ?? ""}
      data-latency={view.latencyMs ?? ""}
      data-zone={zone}
      data-selected={state.selected === channel.id || undefined}
      data-offline={offline || undefined}
      data-zoomed={zoom.zoom > 1 || undefined}
      data-boxing={boxing || undefined}
      draggable={zoom.zoom === 1 && !boxing && !anyReplay && !coarse()}
      onDragStart={(event) => {
        // With Shift a box is being drawn.
        if (event.shiftKey) event.preventDefault();
        else event.dataTransfer.setData(DRAG, String(tile));
      }}
      onDragOver={(event) => acceptsDrop(event) && event.preventDefault()}
      onDrop={(event) => dropOn(event, tile)}
      onFocus={() => wall.get().selected !== channel.id && wall.update({ selected: channel.id })}
      onDoubleClick={doubled}
      onKeyDown={press}
    >
      <div ref={picture} className={styles.picture} style={{ transform: transformOf(zoom) }} />
      <TileWords channel={channel} screen={view} mode={mode} offline={offline} />
      <div className={styles.caption}>
        {manner.channelTitle && <span className={styles.name} dir="auto">{label}</span>}
        {mode === "live" && channel.recording && (
          <span className={styles.rec} role="img" aria-label={t("tile.recording")} title={t("tile.recording")}>
            <IconPlayerRecordFilled size={12} aria-hidden />
          </span>
        )}
        {mode === "live" && !channel.recording && channel.enabled && (
          <span className={styles.note}>{t(channel.mode?.toLowerCase() === "off" ? "tile.recordingOff" : "tile.notRecording")}</span>
        )}
        <TileInstant channel={channel.id} />
        <span className={styles.grow} />
        {mode === "live" && view.latencyMs !== null && view.phase === "playing" && (
          <span className={styles.latency} data-late={view.latencyMs > 1000 || undefined} title={t("tile.latency", { ms: view.latencyMs })}>
            {t("unit.ms", { value: view.latencyMs })}
          </span>
        )}
        {manner.timeTitle && <Stamp instant={instant} dated={dated} />}
      </div>
      {view.reason && view.phase === "playing" && <div className={styles.reason}>{view.reason}</div>}
      {replaying && <InstantPlayback channel={channel} stream={stream} zoom={zoom} />}
      {boxing && zoom.zoom === 1 && <div className={styles.reason} data-hint role="status">{t("zoom.hint")}</div>}
      {drawn && <div className={styles.drawn} style={placeOf(drawn)} />}
      {zoom.zoom > 1 && (
        <button type="button" className={styles.zoomMark} title={t("zoom.restore")} aria-label={t("zoom.restoreFrom", { zoom: decimal(zoom.zoom) })} onClick={() => restore(channel.id)} onDoubleClick={(event) => event.stopPropagation()}>
          {t("tile.zoomed", { zoom: decimal(zoom.zoom) })}
        </button>
      )}
      {tools && !replaying && <TileBar channel={channel} sound={state.soundOf === channel.id} enlarged={isEnlarged} />}
    </div>
  );
}

/** How old the last frame of a channel is, in ms of the box's clock; null if there never was one. */
export const lastFrameAge = (channel: Channel): number | null => (channel.last_frame_utc ? boxNow() - channel.last_frame_utc : null);

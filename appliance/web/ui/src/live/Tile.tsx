/** One tile: the picture, its name, time and marks, and in words what is wrong and what to do. */
import { IconPlayerRecordFilled } from "@tabler/icons-react";
import { useEffect, useRef, type DragEvent, type KeyboardEvent } from "react";
import type { Channel } from "../api/types";
import { t } from "../i18n";
import { deck } from "../media/deck";
import { box, boxNow } from "../state/box";
import { useSelect, useStore } from "../state/store";
import { time } from "../time/format";
import { screenOf } from "./screens";
import { soundStream } from "./sound";
import styles from "./tile.module.css";
import { TileBar } from "./TileBar";
import { TileWords } from "./TileWords";
import { useDigitalZoom } from "./useDigitalZoom";
import { enlarge, streamFor, swap, wall, type WallState } from "./wall";

interface Props {
  tile: number;
  channel: Channel;
  state: WallState;
}

/** A picture of a camera with a fault that is older than this is told to be the last one. */
const OLD_MS = 5000;
const DRAG = "application/x-nvr-tile";

/** The time of the frame on screen, written straight into the page: no render twice a second. */
function Stamp({ channel }: { channel: number }) {
  const element = useRef<HTMLTimeElement>(null);
  useEffect(() => {
    const write = (): void => {
      const utc = screenOf(channel).utcNow() ?? (deck.state.get().mode === "live" ? null : deck.position());
      if (element.current) element.current.textContent = utc === null ? "" : time(utc);
    };
    write();
    const timer = setInterval(write, 250);
    return () => clearInterval(timer);
  }, [channel]);
  return <time ref={element} className={styles.stamp} />;
}

export function acceptsDrop(event: DragEvent): boolean {
  return event.dataTransfer.types.includes(DRAG);
}

export function dropOn(event: DragEvent, tile: number): void {
  const from = Number(event.dataTransfer.getData(DRAG));
  event.preventDefault();
  if (Number.isInteger(from) && from !== tile) swap(from, tile);
}

export function Tile({ tile, channel, state }: Props) {
  const screen = screenOf(channel.id);
  const view = useStore(screen.state);
  const { mode } = useStore(deck.state);
  const picture = useRef<HTMLDivElement>(null);
  const root = useRef<HTMLDivElement>(null);
  // Often only the main stream has sound: who listens sees that one.
  const sounding = state.soundOf === channel.id && soundStream(channel) === "main";
  const stream = sounding ? "main" : streamFor(state, channel.id);
  const wantsPicture = channel.enabled || mode === "past";
  const zoomed = useDigitalZoom(root, screen.element);
  const zone = useSelect(box, (value) => value.status?.box.zone);

  useEffect(() => {
    picture.current?.append(screen.element);
    screen.element.className = styles.videos!;
  }, [screen]);

  useEffect(() => {
    screen.show(wantsPicture ? { channel: channel.id, stream } : null);
  }, [screen, wantsPicture, channel.id, stream]);

  useEffect(() => {
    screen.listen(state.soundOf === channel.id);
  }, [screen, state.soundOf, channel.id]);

  const isEnlarged = state.enlarged === channel.id;
  const toggle = (): void => enlarge(isEnlarged ? null : channel.id);
  const press = (event: KeyboardEvent): void => {
    if (event.target === root.current && event.key === "Enter") toggle();
  };
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
      draggable={!zoomed}
      onDragStart={(event) => event.dataTransfer.setData(DRAG, String(tile))}
      onDragOver={(event) => acceptsDrop(event) && event.preventDefault()}
      onDrop={(event) => dropOn(event, tile)}
      onFocus={() => wall.get().selected !== channel.id && wall.update({ selected: channel.id })}
      onDoubleClick={toggle}
      onKeyDown={press}
    >
      <div ref={picture} className={styles.picture} />
      <TileWords channel={channel} screen={view} mode={mode} offline={offline} />
      <div className={styles.caption}>
        <span className={styles.name} dir="auto">{label}</span>
        {mode === "live" && channel.recording && (
          <span className={styles.rec} role="img" aria-label={t("tile.recording")} title={t("tile.recording")}>
            <IconPlayerRecordFilled size={12} aria-hidden />
          </span>
        )}
        {mode === "live" && !channel.recording && channel.enabled && (
          <span className={styles.note}>{t(channel.mode?.toLowerCase() === "off" ? "tile.recordingOff" : "tile.notRecording")}</span>
        )}
        <span className={styles.grow} />
        {mode === "live" && view.latencyMs !== null && view.phase === "playing" && (
          <span className={styles.latency} data-late={view.latencyMs > 1000 || undefined} title={t("tile.latency", { ms: view.latencyMs })}>
            {t("unit.ms", { value: view.latencyMs })}
          </span>
        )}
        <Stamp channel={channel.id} />
      </div>
      {view.reason && view.phase === "playing" && <div className={styles.reason}>{view.reason}</div>}
      <TileBar tile={tile} channel={channel} state={state} stream={view.stream} enlarged={isEnlarged} toggle={toggle} />
    </div>
  );
}

/** How old the last frame of a channel is, in ms of the box's clock; null if there never was one. */
export const lastFrameAge = (channel: Channel): number | null => (channel.last_frame_utc ? boxNow() - channel.last_frame_utc : null);

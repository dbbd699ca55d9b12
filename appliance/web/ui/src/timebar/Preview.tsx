/** Pictures of the instant under the pointer and of four around it, once the pointer rests on a recording (D1-PB-06). */
import { IconTagFilled } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { dateTime, time } from "../time/format";
import { loadAll, pictureOf } from "./pictures";
import styles from "./timebar.module.css";

const REST_MS = 60;
/** The four around it lie so many of these to both sides; finer than a second shows the same picture. */
const SIDES = [-2, -1, 1, 2] as const;
const LEAST_STEP_MS = 2000;
const STEP_SHARE = 1 / 40;
const HALF_PX = 246;

export interface Hover {
  x: number;
  at: number;
  channel: number | null;
  recorded: boolean;
  /** The pointer's row; null over the ruler. */
  row: number | null;
}

interface Props {
  hover: Hover;
  /** Of the bar, in px. */
  width: number;
  /** Of what the bar shows, in ms. */
  spanMs: number;
  tag: string | null;
  /** What was lost there, in words. */
  lost: string | null;
  /** Whether the channel was recorded at an instant. */
  recorded: (at: number) => boolean;
}

/** The instant (rounded, so that a picture is asked for once) and those around it that were recorded. */
export function instantsAround(at: number, spanMs: number, recorded: (at: number) => boolean): number[] {
  const step = Math.max(LEAST_STEP_MS, Math.round((spanMs * STEP_SHARE) / 1000) * 1000);
  const middle = Math.round(at / 500) * 500;
  return [middle, ...SIDES.map((n) => middle + n * step).filter(recorded)];
}

export function Preview({ hover, width, spanMs, tag, lost, recorded }: Props) {
  const [pictures, setPictures] = useState<Record<number, string>>({});
  const { channel, at } = hover;
  const wanted = hover.recorded && channel !== null ? instantsAround(at, spanMs, recorded) : [];
  const key = wanted.join(",");
  useEffect(() => {
    setPictures({});
    if (key === "" || channel === null) return;
    const abort = new AbortController();
    const made: string[] = [];
    const take = (instant: number, picture: Blob): void => {
      const href = URL.createObjectURL(picture);
      made.push(href);
      setPictures((all) => ({ ...all, [instant]: href }));
    };
    const timer = setTimeout(() => void loadAll(key.split(",").map(Number), pictureOf(channel), take, abort.signal), REST_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
      for (const href of made) URL.revokeObjectURL(href);
    };
  }, [key, channel]);

  const [middle, ...around] = wanted;
  const some = Object.keys(pictures).length > 0;
  const half = Math.min(some ? HALF_PX : 90, width / 2);
  const left = Math.max(half, Math.min(width - half, hover.x));
  return (
    <div className={styles.preview} style={{ left }}>
      {some && middle !== undefined && (
        <div className={styles.strip}>
          {[...around, middle].sort((a, b) => a - b).map((instant) => (
            <figure key={instant} data-middle={instant === middle || undefined}>
              {pictures[instant] ? <img src={pictures[instant]} alt="" /> : <i />}
              {instant !== middle && <figcaption>{time(instant)}</figcaption>}
            </figure>
          ))}
        </div>
      )}
      {tag !== null && (
        <span className={styles.tag}>
          <IconTagFilled size={12} aria-hidden /> <bdi>{tag}</bdi>
        </span>
      )}
      {lost !== null && <span className={styles.lost}>{lost}</span>}
      <span>{dateTime(at)}</span>
    </div>
  );
}

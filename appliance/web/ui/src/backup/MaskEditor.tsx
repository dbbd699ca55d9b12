/** Areas of the pictures that are painted over (N6.9): drawn on a picture of each camera with mouse or finger, or added and moved by keys. */
import { Button } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { url } from "../api/http";
import { t } from "../i18n";
import { channelOf } from "../state/box";
import styles from "./backup.module.css";

/** Parts of the picture's width and height. */
export interface Mask {
  channel: number;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Anything smaller is a click, not an area. */
const LEAST = 0.01;

const within = (value: number): number => Math.min(1, Math.max(0, value));
const round = (value: number): number => Math.round(value * 10_000) / 10_000;

/** The area between two corners, whichever was first. */
export function areaOf(channel: number, a: { x: number; y: number }, b: { x: number; y: number }): Mask {
  return {
    channel, x: round(Math.min(a.x, b.x)), y: round(Math.min(a.y, b.y)),
    width: round(Math.abs(a.x - b.x)), height: round(Math.abs(a.y - b.y)),
  };
}

/** Where an area begins that is added by a button. */
const FIRST = { x: 0.4, y: 0.4, width: 0.2, height: 0.2 };
/** So much of the picture an arrow key moves, and with Ctrl. */
const STEP = 0.01;
const FINE = 0.002;

const ARROWS: Readonly<Record<string, readonly [number, number]>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** An area after an arrow key: moved, or with Shift its right and lower edges; it stays within the picture. */
export function nudged(mask: Mask, key: string, { size, fine }: { size: boolean; fine: boolean }): Mask | null {
  const arrow = ARROWS[key];
  if (!arrow) return null;
  const [right, down] = arrow.map((way) => way * (fine ? FINE : STEP)) as [number, number];
  if (!size) return { ...mask, x: round(Math.min(1 - mask.width, Math.max(0, mask.x + right))), y: round(Math.min(1 - mask.height, Math.max(0, mask.y + down))) };
  return { ...mask, width: round(Math.min(1 - mask.x, Math.max(LEAST, mask.width + right))), height: round(Math.min(1 - mask.y, Math.max(LEAST, mask.height + down))) };
}

interface Props {
  channel: number;
  at: number;
  masks: readonly Mask[];
  set: (masks: Mask[]) => void;
}

export function MaskEditor({ channel, at, masks, set }: Props) {
  const [drawn, setDrawn] = useState<Mask | null>(null);
  const corner = useRef<{ x: number; y: number } | null>(null);
  const [lost, setLost] = useState(false);
  const canvas = useRef<HTMLDivElement>(null);
  /** An area that was just added is where the keys go next. */
  const [added, setAdded] = useState(false);
  const name = t("channel.label", { id: String(channel), name: channelOf(channel)?.name ?? "" });
  const mine = masks.filter((mask) => mask.channel === channel);
  const place = (event: PointerEvent<HTMLDivElement>): { x: number; y: number } => {
    const box = event.currentTarget.getBoundingClientRect();
    return { x: within((event.clientX - box.left) / Math.max(1, box.width)), y: within((event.clientY - box.top) / Math.max(1, box.height)) };
  };
  const down = (event: PointerEvent<HTMLDivElement>): void => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture?.(event.pointerId);
    corner.current = place(event);
  };
  const move = (event: PointerEvent<HTMLDivElement>): void => {
    if (corner.current) setDrawn(areaOf(channel, corner.current, place(event)));
  };
  const up = (event: PointerEvent<HTMLDivElement>): void => {
    if (!corner.current) return;
    const area = areaOf(channel, corner.current, place(event));
    corner.current = null;
    setDrawn(null);
    if (area.width >= LEAST && area.height >= LEAST) set([...masks, area]);
  };
  const cancel = (): void => {
    corner.current = null;
    setDrawn(null);
  };
  const part = (value: number): string => `${value * 100}%`;
  const wordsOf = (mask: Mask, n: number): string =>
    t("backup.maskAt", { n, x: Math.round(mask.x * 100), y: Math.round(mask.y * 100), width: Math.round(mask.width * 100), height: Math.round(mask.height * 100) });
  useEffect(() => {
    if (!added) return;
    setAdded(false);
    [...(canvas.current?.querySelectorAll<HTMLButtonElement>("button") ?? [])].at(-1)?.focus();
  }, [added]);
  const add = (): void => {
    set([...masks, { channel, ...FIRST }]);
    setAdded(true);
  };
  const remove = (mask: Mask): void => set(masks.filter((other) => other !== mask));
  const press = (event: KeyboardEvent, mask: Mask): void => {
    const next = nudged(mask, event.key, { size: event.shiftKey, fine: event.ctrlKey || event.metaKey });
    if (next) set(masks.map((other) => (other === mask ? next : other)));
    else if (event.key === "Delete" || event.key === "Backspace") remove(mask);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <figure className={styles.mask}>
      <figcaption>{name}</figcaption>
      <div className={styles.canvas} ref={canvas} onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={cancel}>
        <img src={url("/snapshot", { channel, at: Math.round(at), stream: "main" })} alt={t("backup.maskPicture", { name })} draggable={false} onError={() => setLost(true)} />
        {mine.map((mask, number) => (
          <button
            key={number} type="button" className={styles.area} style={{ left: part(mask.x), top: part(mask.y), width: part(mask.width), height: part(mask.height) }}
            aria-label={wordsOf(mask, number + 1)} onKeyDown={(event) => press(event, mask)}
          />
        ))}
        {drawn && <i className={styles.area} style={{ left: part(drawn.x), top: part(drawn.y), width: part(drawn.width), height: part(drawn.height) }} />}
      </div>
      {lost && <p className="dim small">{t("backup.maskNoPicture")}</p>}
      <div className={styles.quick}>
        <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={add} aria-label={t("backup.maskAddOf", { name })}>{t("backup.maskAdd")}</Button>
        {mine.map((mask, number) => (
          <Button key={number} variant="default" leftSection={<IconX size={16} aria-hidden />} onClick={() => remove(mask)} aria-label={t("backup.maskRemoveOf", { n: number + 1, name })}>
            {t("backup.maskRemove", { n: number + 1 })}
          </Button>
        ))}
        {mine.length > 1 && (
          <Button variant="default" onClick={() => set(masks.filter((mask) => mask.channel !== channel))} aria-label={t("backup.maskClearOf", { name })}>
            {t("backup.maskClear")}
          </Button>
        )}
      </div>
    </figure>
  );
}

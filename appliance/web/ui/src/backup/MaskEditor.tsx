/** Areas of the pictures that are painted over: drawn with the mouse or a finger on a picture of each camera. */
import { Button } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useRef, useState, type PointerEvent } from "react";
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
  return (
    <figure className={styles.mask}>
      <figcaption>{name}</figcaption>
      <div className={styles.canvas} onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={cancel}>
        <img src={url("/snapshot", { channel, at: Math.round(at), stream: "main" })} alt={t("backup.maskPicture", { name })} draggable={false} onError={() => setLost(true)} />
        {[...mine, ...(drawn ? [drawn] : [])].map((mask, number) => (
          <i key={number} style={{ left: part(mask.x), top: part(mask.y), width: part(mask.width), height: part(mask.height) }} />
        ))}
      </div>
      {lost && <p className="dim small">{t("backup.maskNoPicture")}</p>}
      {mine.length > 0 && (
        <div className={styles.quick}>
          {mine.map((mask, number) => (
            <Button key={number} variant="default" leftSection={<IconX size={16} aria-hidden />} onClick={() => set(masks.filter((other) => other !== mask))} aria-label={t("backup.maskRemoveOf", { n: number + 1, name })}>
              {t("backup.maskRemove", { n: number + 1 })}
            </Button>
          ))}
        </div>
      )}
    </figure>
  );
}

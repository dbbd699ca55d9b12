/** The pad that steers a camera by mouse, finger or arrow keys, and buttons that act while they are held. */
import { Button } from "@mantine/core";
import { useEffect, useMemo, useState, type KeyboardEvent, type PointerEvent } from "react";
import { t, type Key } from "../i18n";
import { say } from "../ui/toast";
import type { Motion } from "./ioApi";
import styles from "./io.module.css";
import { motionAt, steering, type Steering } from "./steering";

const KEYS: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const HOLDS: [Key, Motion][] = [
  ["ptz.zoomIn", { zoom: 60 }],
  ["ptz.zoomOut", { zoom: -60 }],
  ["ptz.focusNear", { focus: -1 }],
  ["ptz.focusFar", { focus: 1 }],
  ["ptz.irisOpen", { iris: 1 }],
  ["ptz.irisClose", { iris: -1 }],
];
const KEY_SPEED = 0.6;

function Hold({ text, motion, steer }: { text: Key; motion: Motion; steer: Steering }) {
  const key = (event: KeyboardEvent): boolean => event.key === " " || event.key === "Enter";
  return (
    <Button
      variant="default"
      onPointerDown={(event: PointerEvent<HTMLButtonElement>) => {
        event.currentTarget.setPointerCapture?.(event.pointerId);
        steer.hold(motion);
      }}
      onPointerUp={steer.release} onPointerCancel={steer.release} onBlur={steer.release}
      onKeyDown={(event) => key(event) && !event.repeat && steer.hold(motion)} onKeyUp={(event) => key(event) && steer.release()}
    >
      {t(text)}
    </Button>
  );
}

export function Pad({ channel }: { channel: number }) {
  const [knob, setKnob] = useState({ x: 0, y: 0 });
  const steer = useMemo(() => steering(channel, (text) => say(text, { bad: true })), [channel]);
  useEffect(() => {
    const leave = (): void => steer.release();
    window.addEventListener("blur", leave);
    window.addEventListener("pagehide", leave);
    return () => {
      window.removeEventListener("blur", leave);
      window.removeEventListener("pagehide", leave);
      leave();
    };
  }, [steer]);
  const go = (x: number, y: number): void => {
    setKnob({ x, y });
    steer.hold(motionAt(x, y));
  };
  const end = (): void => {
    setKnob({ x: 0, y: 0 });
    steer.release();
  };
  const at = (event: PointerEvent<HTMLButtonElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    const x = (2 * (event.clientX - box.left)) / box.width - 1;
    const y = 1 - (2 * (event.clientY - box.top)) / box.height;
    const length = Math.max(1, Math.hypot(x, y));
    go(x / length, y / length);
  };
  const keys = (event: KeyboardEvent): void => {
    const way = KEYS[event.key];
    if (!way) return;
    event.preventDefault();
    if (!event.repeat) go(way[0] * KEY_SPEED, way[1] * KEY_SPEED);
  };
  return (
    <div className={styles.steer}>
      <button
        type="button" className={styles.pad} aria-label={t("ptz.pad")}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture?.(event.pointerId);
          at(event);
        }}
        onPointerMove={(event) => event.buttons > 0 && at(event)}
        onPointerUp={end} onPointerCancel={end} onBlur={end} onKeyDown={keys} onKeyUp={(event) => KEYS[event.key] && end()}
      >
        <svg viewBox="-120 -120 240 240" aria-hidden>
          <path className={styles.cross} d="M-110 0H110M0-110V110" />
          <circle className={styles.knob} cx={knob.x * 92} cy={-knob.y * 92} r="22" />
        </svg>
      </button>
      <div className={styles.holds}>
        {HOLDS.map(([text, motion]) => (
          <Hold key={text} text={text} motion={motion} steer={steer} />
        ))}
      </div>
    </div>
  );
}

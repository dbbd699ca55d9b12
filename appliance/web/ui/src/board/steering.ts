/** Holding a direction: said again and again while it is held, so that a camera stops if this page vanishes. */
import { words } from "../api/http";
import { moveCamera, stopCamera, type Motion } from "./ioApi";

export const RENEW_MS = 250;

export interface Steering {
  hold: (motion: Motion) => void;
  release: () => void;
}

/** `failed` hears why a camera could not be moved, once per hold. */
export function steering(channel: number, failed: (text: string) => void, client: string = crypto.randomUUID()): Steering {
  let motion: Motion | null = null;
  let timer: ReturnType<typeof setInterval> | null = null;
  let told = false;
  const send = (): void => {
    if (!motion) return;
    moveCamera(channel, client, motion).catch((error: unknown) => {
      if (!told) failed(words(error));
      told = true;
    });
  };
  const release = (): void => {
    if (timer) clearInterval(timer);
    timer = null;
    if (!motion) return;
    motion = null;
    stopCamera(channel).catch(() => {}); // it stops by itself when nothing is said any more
  };
  const hold = (wanted: Motion): void => {
    const first = motion === null;
    const same = JSON.stringify(motion) === JSON.stringify(wanted);
    motion = wanted;
    if (first) told = false;
    timer ??= setInterval(send, RENEW_MS);
    if (!same) send();
  };
  return { hold, release };
}

/** Speeds in percent for a point of the pad, from its middle: -1 to 1 right and up; the middle tenth stands still. */
export function motionAt(x: number, y: number): Motion {
  const axis = (value: number): number => (Math.abs(value) < 0.1 ? 0 : Math.round(Math.max(-1, Math.min(1, value)) * 100));
  return { pan: axis(x), tilt: axis(y) };
}

/** When somebody last moved the mouse or pressed a key, in any tab of this page. */
import { recall, remember } from "./remember";

const KEY = "active";
const TELL_MS = 2000;
const SIGNS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"] as const;

let last = Date.now();
let told = 0;
let asked = false;

/** While the page asks whether somebody is there, only an answer counts. */
export function asking(on: boolean): void {
  asked = on;
}

/** Somebody is there. */
export function noteActivity(): void {
  last = Date.now();
  if (last - told < TELL_MS) return;
  told = last;
  remember(KEY, last);
}

/** ms of this computer's clock; a note from the future (its clock was set back) does not count. */
export function lastActivity(): number {
  const elsewhere = recall(KEY, 0);
  return Math.max(last, elsewhere <= Date.now() ? elsewhere : 0);
}

/** Listen until the returned function is called. */
export function watchActivity(): () => void {
  const note = (): void => {
    if (!asked) noteActivity();
  };
  noteActivity();
  for (const sign of SIGNS) window.addEventListener(sign, note, { passive: true, capture: true });
  return () => {
    for (const sign of SIGNS) window.removeEventListener(sign, note, { capture: true });
  };
}

/** The two marks of a clip on the time bar. */
import { Store } from "../state/store";

export interface Clip {
  from: number | null;
  to: number | null;
}

export const clip = new Store<Clip>({ from: null, to: null });

/** First press sets the start, the second the end, a third starts anew. */
export function markNext(at: number): void {
  const { from, to } = clip.get();
  if (from === null || to !== null) clip.set({ from: at, to: null });
  else clip.set(at >= from ? { from, to: at } : { from: at, to: from });
}

/** Whether both marks are set and enclose something. */
export const isWhole = (value: Clip): value is { from: number; to: number } => value.from !== null && value.to !== null && value.to - value.from >= 200;

/** What the bar shows, kept while other pages are open. */
import { boxNow } from "../state/box";
import { recall, remember } from "../state/remember";
import { Store } from "../state/store";
import { around, widthOf, type View } from "./scale";

export interface BarState {
  view: View;
  /** Whether the view moves along with the position; off once the person has moved it away. */
  following: boolean;
  hiddenKinds: string[];
}

const HOUR = 3_600_000;

/** The units of the time bar in seconds (D1-PB-03). */
export const WIDTHS = [24 * 3600, 2 * 3600, 3600, 1800] as const;

export const bar = new Store<BarState>({ view: around(boxNow(), recall("bar.width", HOUR), 0.92), following: true, hiddenKinds: recall("bar.hidden", []) });

export function showWidth(width: number, at: number, live: boolean): void {
  bar.update({ view: around(at, width, live ? 0.92 : 0.5), following: true });
  remember("bar.width", width);
}

export function zoomed(view: View, following: boolean): void {
  bar.update({ view, following });
  remember("bar.width", widthOf(view));
}

export function toggleKind(name: string): void {
  const { hiddenKinds } = bar.get();
  const next = hiddenKinds.includes(name) ? hiddenKinds.filter((kind) => kind !== name) : [...hiddenKinds, name];
  bar.update({ hiddenKinds: next });
  remember("bar.hidden", next);
}

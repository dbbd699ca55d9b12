/** Instant playback (D1-LV-20): channels whose tile shows the last minutes while the others stay live. */
import { deck } from "../media/deck";
import { may, session } from "../state/session";
import { recall, remember } from "../state/remember";
import { Store } from "../state/store";
import type { Habits } from "../time/habits";

/** Minutes. */
const REACHES = [5, 15, 30, 60];

export const replays = new Store<readonly number[]>([]);
/** What this browser has chosen; null goes by the box's setting. */
export const chosenReach = new Store<number | null>(recall<number | null>("replay.reach", null));

export const reachOf = (chosen: number | null, { instantMinutes }: Pick<Habits, "instantMinutes">): number => chosen ?? instantMinutes;

/** What can be chosen: the usual steps and the box's own. */
export const reaches = ({ instantMinutes }: Pick<Habits, "instantMinutes">): number[] => [...new Set([...REACHES, instantMinutes])].sort((a, b) => a - b);

/** Only beside live pictures: a wall in the past is moved as a whole. */
export function openReplay(channel: number): void {
  if (deck.state.get().mode !== "live" || !may(session.get(), "playback") || replays.get().includes(channel)) return;
  replays.set([...replays.get(), channel]);
}

export function closeReplay(channel: number): void {
  if (replays.get().includes(channel)) replays.set(replays.get().filter((id) => id !== channel));
}

export function setReach(minutes: number): void {
  chosenReach.set(minutes);
  remember("replay.reach", minutes);
}

deck.state.subscribe(() => {
  if (deck.state.get().mode === "past" && replays.get().length > 0) replays.set([]);
});

/** Instant playback (D1-LV-20): channels whose tile shows the last minutes while the others stay live. */
import { deck } from "../media/deck";
import { may, session } from "../state/session";
import { recall, remember } from "../state/remember";
import { Store } from "../state/store";

/** How far back the slider reaches, in minutes. */
export const REACHES = [5, 15, 30, 60] as const;
export type Reach = (typeof REACHES)[number];

export const replays = new Store<readonly number[]>([]);
export const reach = new Store<Reach>(REACHES.find((minutes) => minutes === recall("replay.reach", 5)) ?? 5);

/** Only beside live pictures: a wall in the past is moved as a whole. */
export function openReplay(channel: number): void {
  if (deck.state.get().mode !== "live" || !may(session.get(), "playback") || replays.get().includes(channel)) return;
  replays.set([...replays.get(), channel]);
}

export function closeReplay(channel: number): void {
  if (replays.get().includes(channel)) replays.set(replays.get().filter((id) => id !== channel));
}

export function setReach(minutes: Reach): void {
  reach.set(minutes);
  remember("replay.reach", minutes);
}

deck.state.subscribe(() => {
  if (deck.state.get().mode === "past" && replays.get().length > 0) replays.set([]);
});

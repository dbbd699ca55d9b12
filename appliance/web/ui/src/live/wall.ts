/** Which camera stands where on the wall, kept by this browser; and what is enlarged and chosen.  A camera is live where it stands (N3.1). */
import { recall, remember } from "../state/remember";
import { Store } from "../state/store";
import { fitting, layoutOf } from "./layouts";

export type StreamChoice = "auto" | "main" | "sub";

export interface WallState {
  /** Tiles at once; 0 until the person has chosen: then what fits the cameras. */
  layout: number;
  page: number;
  /** Channel by place over all pages; null is an empty tile. */
  places: (number | null)[];
  /** Channels a person took off the wall: they do not come back by themselves. */
  removed: number[];
  streams: Record<number, StreamChoice>;
  enlarged: number | null;
  selected: number | null;
  soundOf: number | null;
}

interface Kept {
  layout: number;
  places: (number | null)[];
  removed: number[];
  streams: Record<number, StreamChoice>;
}

const kept = recall<Partial<Kept>>("wall", {});

export const wall = new Store<WallState>({
  layout: kept.layout ?? 0, page: 0, places: kept.places ?? [], removed: kept.removed ?? [], streams: kept.streams ?? {},
  enlarged: null, selected: null, soundOf: null,
});

function change(part: Partial<WallState>): void {
  wall.update(part);
  const { layout, places, removed, streams } = wall.get();
  remember("wall", { layout, places, removed, streams });
}

export const tilesOf = (state: WallState): number => layoutOf(state.layout || fitting(lastUsed(state.places) + 1)).count;

function lastUsed(places: readonly (number | null)[]): number {
  for (let i = places.length - 1; i >= 0; i -= 1) if (places[i] !== null) return i;
  return -1;
}

/** Give each new channel the first empty place; drop channels that are gone. */
export function reconcile(places: readonly (number | null)[], removed: readonly number[], channels: readonly number[]): (number | null)[] {
  const next = places.map((id) => (id !== null && channels.includes(id) ? id : null));
  for (const id of channels) {
    if (next.includes(id) || removed.includes(id)) continue;
    const free = next.indexOf(null);
    if (free >= 0) next[free] = id;
    else next.push(id);
  }
  next.length = lastUsed(next) + 1;
  return next;
}

export function setChannels(channels: number[]): void {
  const { places, removed } = wall.get();
  const next = reconcile(places, removed, channels);
  if (next.length !== places.length || next.some((id, i) => id !== places[i])) change({ places: next });
}

export const pagesOf = (state: WallState): number => Math.max(1, Math.ceil((lastUsed(state.places) + 1) / tilesOf(state)));

/** Channel by tile of the page on show. */
export function shownPlaces(state: WallState): (number | null)[] {
  const count = tilesOf(state);
  const first = Math.min(state.page, pagesOf(state) - 1) * count;
  return Array.from({ length: count }, (_, i) => state.places[first + i] ?? null);
}

export function setLayout(layout: number): void {
  const state = wall.get();
  const anchor = state.page * tilesOf(state);
  change({ layout, page: Math.floor(anchor / layout), enlarged: null });
}

export function turnPage(step: number): void {
  const pages = pagesOf(wall.get());
  wall.update({ page: (wall.get().page + step + pages) % pages, enlarged: null, selected: null });
}

const placeOf = (tile: number): number => Math.min(wall.get().page, pagesOf(wall.get()) - 1) * tilesOf(wall.get()) + tile;

/** Swap what stands in two tiles of the page. */
export function swap(a: number, b: number): void {
  const places = [...wall.get().places];
  const [i, j] = [placeOf(a), placeOf(b)];
  while (places.length <= Math.max(i, j)) places.push(null);
  [places[i], places[j]] = [places[j]!, places[i]!];
  change({ places });
}

/** Put a channel into a tile; where it stood before becomes empty. */
export function put(tile: number, channel: number): void {
  const { removed } = wall.get();
  const places = wall.get().places.map((id) => (id === channel ? null : id));
  const at = placeOf(tile);
  while (places.length <= at) places.push(null);
  places[at] = channel;
  change({ places, removed: removed.filter((id) => id !== channel) });
}

export function takeOff(channel: number): void {
  const { places, removed, enlarged } = wall.get();
  change({
    places: places.map((id) => (id === channel ? null : id)),
    removed: [...removed, channel],
    enlarged: enlarged === channel ? null : enlarged,
  });
}

export function setStream(channel: number, choice: StreamChoice): void {
  change({ streams: { ...wall.get().streams, [channel]: choice } });
}

export function enlarge(channel: number | null): void {
  wall.update({ enlarged: channel, selected: channel ?? wall.get().selected });
}

/** The stream a tile asks for: small pictures take the sub stream, a lone one the main stream. */
export function streamFor(state: WallState, channel: number): "main" | "sub" {
  const choice = state.streams[channel] ?? "auto";
  if (choice !== "auto") return choice;
  return state.enlarged === channel || tilesOf(state) === 1 ? "main" : "sub";
}

/** Where playback can jump to: beginnings of recordings and events, before and after an instant. */
import { get } from "../api/http";
import type { NvrEvent, Span } from "../api/types";
import { boxNow } from "../state/box";
import { may, playable, session } from "../state/session";
import { shownKind } from "./kinds";
import { onePerChannel, SLACK_MS, visible } from "./spans";

export type Direction = -1 | 1;

/** Who has just jumped to a stop means the one before it when jumping back. */
const JUST_PASSED_MS = 3000;
/** Cameras that begin together do so within this: one stop for all of them. */
const TOGETHER_MS = 5000;
/** Stretches that are looked through one after the other, until one has a stop. */
const FIRST_MS = 3_600_000;
const WIDER = 6;
const FARTHEST_MS = 400 * 86_400_000;
/** Longer stretches are looked through roughly first. */
const EXACT_MS = 6 * 3_600_000;
const STEPS = 1000;
const EVENTS_AT_ONCE = 500;
const EVENT_PAGES = 10;

/** Beginnings within spans and events, rising: where footage begins after a gap, and where something made it more than general. */
export function stopsOf(spans: readonly Span[], events: readonly Pick<NvrEvent, "start">[]): number[] {
  const last = new Map<number, Span>();
  const found = events.map((event) => event.start);
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    const before = last.get(span.channel);
    const afterGap = !before || span.from > before.to + SLACK_MS;
    const kind = shownKind(span.kind);
    if (afterGap || (kind !== "general" && kind !== shownKind(before.kind))) found.push(span.from);
    if (!before || span.to >= before.to) last.set(span.channel, span);
  }
  return [...new Set(found)].sort((a, b) => a - b);
}

/** The nearest stop in a direction; null if there is none. */
export function nearest(stops: readonly number[], at: number, direction: Direction): number | null {
  if (direction > 0) return stops.find((stop) => stop > at + TOGETHER_MS) ?? null;
  const before = stops.findLast((stop) => stop < at - JUST_PASSED_MS);
  return before === undefined ? null : (stops.find((stop) => stop > before - TOGETHER_MS) ?? before);
}

/** The next stop of any of the channels, asked of the box; kinds of recording that are hidden do not count. */
export async function findStop(channels: readonly number[], at: number, direction: Direction, hidden: readonly string[]): Promise<number | null> {
  if (channels.length === 0) return null;
  const now = boxNow();
  let reached = 0;
  for (let width = FIRST_MS; reached < FARTHEST_MS; width *= WIDER) {
    // What begins right at the edge is only seen from a little before it.
    const near = at + direction * Math.max(0, reached - 3 * SLACK_MS);
    const far = Math.max(0, Math.min(now, at + direction * width));
    const stop = await findWithin(channels, Math.min(near, far), Math.max(near, far), at, direction, hidden);
    if (stop !== null) return stop;
    if (far === 0 || far === now) return null;
    reached = width;
  }
  return null;
}

async function findWithin(channels: readonly number[], from: number, to: number, at: number, direction: Direction, hidden: readonly string[]): Promise<number | null> {
  if (to - from < 1) return null;
  const [spans, events] = await Promise.all([spansOf(channels, from, to, hidden), eventsOf(channels, from, to, direction)]);
  const rough = to - from > EXACT_MS ? Math.ceil((to - from) / STEPS) : 0;
  // What was under way when the stretch begins did not begin there.
  const inside = (stop: number): boolean => stop > from + 1 && stop <= to;
  const recordings = stopsOf(spans, []).filter((stop) => stop > from + SLACK_MS && stop <= to);
  const stops = [...recordings, ...events.map((event) => event.start).filter(inside)].sort((a, b) => a - b);
  const stop = nearest(stops, at, direction);
  if (stop === null || rough === 0 || !recordings.includes(stop)) return stop;
  const exact = await findWithin(channels, Math.max(from, stop - 2 * rough - SLACK_MS), Math.min(to, stop + 2 * rough), at, direction, hidden);
  return exact ?? stop;
}

async function spansOf(channels: readonly number[], start: number, end: number, hidden: readonly string[]): Promise<Span[]> {
  const [from, to] = [Math.floor(start), Math.ceil(end)];
  const resolution = to - from > EXACT_MS ? Math.floor((to - from) / STEPS) : 0;
  const seen = playable(channels);
  if (seen.length === 0) return [];
  const { spans } = await get<{ spans: Span[] }>("/timeline", { channels: seen.join(","), from, to, resolution });
  return visible(onePerChannel(spans), hidden);
}

/** Events come newest first: looking ahead, the oldest are wanted. */
async function eventsOf(channels: readonly number[], from: number, to: number, direction: Direction): Promise<NvrEvent[]> {
  if (!may(session.get(), "events")) return [];
  const found: NvrEvent[] = [];
  let after: string | null = null;
  for (let page = 0; page < (direction > 0 ? EVENT_PAGES : 1); page += 1) {
    const query = { channels: channels.join(","), from: Math.floor(from), to: Math.ceil(to), limit: EVENTS_AT_ONCE, after };
    const answer: { events: NvrEvent[]; next?: string | null } = await get("/events", query);
    found.push(...answer.events);
    after = answer.next ?? null;
    if (after === null) break;
  }
  return found;
}

/** The marks of the ruler, at round times of the box's zone, right on both DST days. */
import { dayMonth, minute, zoneName } from "../time/format";
import { addDays, dayStart, isAmbiguous, offsetAt, wallOf } from "../time/zone";
import { widthOf, type View } from "./scale";

export interface Tick {
  at: number;
  major: boolean;
  label: string | null;
}

const S = 1000;
const MIN = 60 * S;
const H = 60 * MIN;
const DAY = 24 * H;

/** Steps of labelled marks, each with the smaller marks between them. */
const STEPS: readonly (readonly [major: number, minor: number])[] = [
  [100, 20], [200, 50], [500, 100], [S, 200], [2 * S, 500], [5 * S, S], [10 * S, 2 * S], [15 * S, 5 * S], [30 * S, 5 * S],
  [MIN, 10 * S], [2 * MIN, 30 * S], [5 * MIN, MIN], [10 * MIN, 2 * MIN], [15 * MIN, 5 * MIN], [30 * MIN, 5 * MIN],
  [H, 10 * MIN], [2 * H, 30 * MIN], [3 * H, H], [6 * H, H], [12 * H, 3 * H], [DAY, 6 * H], [2 * DAY, DAY], [7 * DAY, DAY],
];

const LABEL_PX = 74;

export function stepsFor(view: View, pixels: number): readonly [number, number] {
  const perPixel = widthOf(view) / Math.max(1, pixels);
  return STEPS.find(([major]) => major / perPixel >= LABEL_PX) ?? STEPS.at(-1)!;
}

/** The first instant >= `from` whose wall-clock time is a multiple of `step` (up to half a day). */
function nextRound(from: number, step: number): number {
  if (step < 15 * MIN) return Math.ceil(from / step) * step;
  const offset = offsetAt(from);
  const at = Math.ceil((from + offset) / step) * step - offset;
  const after = offsetAt(at);
  if (after === offset) return at;
  // The clock changes in between: nothing round is left before the change, so look behind it.
  let behind = Math.ceil((from + after) / step) * step - after;
  while (offsetAt(behind) !== after) behind += step;
  return behind;
}

function* rounds(view: View, step: number): Generator<number> {
  if (step >= DAY) {
    const days = step / DAY;
    for (let at = dayStart(view.start); at <= view.end; at = addDays(at, 1)) {
      const wall = wallOf(at);
      const number = Math.round(Date.UTC(wall.year, wall.month - 1, wall.day) / DAY);
      if (at >= view.start && number % days === 0) yield at;
    }
    return;
  }
  for (let at = nextRound(view.start, step); at <= view.end; at = nextRound(at + 1, step)) yield at;
}

/** All marks of a view `pixels` wide. The hour that comes twice is marked twice, each with its zone's name. */
export function ticks(view: View, pixels: number): Tick[] {
  const [major, minor] = stepsFor(view, pixels);
  const out: Tick[] = [];
  const majors = new Set<number>();
  for (const at of rounds(view, major)) {
    majors.add(at);
    out.push({ at, major: true, label: label(at, major) });
  }
  for (const at of rounds(view, minor)) if (!majors.has(at)) out.push({ at, major: false, label: null });
  return out.sort((a, b) => a.at - b.at);
}

export function label(at: number, step: number): string {
  const wall = wallOf(at);
  if (step >= DAY || (step >= MIN && wall.hour === 0 && wall.minute === 0)) return dayMonth(at);
  if (step >= MIN) return isAmbiguous(at) ? `${minute(at)} ${zoneName(at)}` : minute(at);
  const two = (value: number): string => String(value).padStart(2, "0");
  const seconds = `${two(wall.hour)}:${two(wall.minute)}:${two(wall.second)}`;
  return step >= S ? seconds : `${seconds}.${Math.floor((((at % 1000) + 1000) % 1000) / 100)}`;
}

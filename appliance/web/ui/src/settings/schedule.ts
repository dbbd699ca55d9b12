/** The weekly schedule as a person draws it: per day and kind, stretches of minutes. Pure. */

export interface Period {
  start: string;
  end: string;
  kinds: string[];
}

export type Week = Record<string, Period[]>;

/** A stretch [from, to) in minutes of the day, 0 to 1440. */
export type Stretch = readonly [from: number, to: number];

export const DAY_MIN = 1440;
export const SNAP_MIN = 15;

export function minutes(text: string): number | null {
  const match = /^(\d{1,2}):(\d{2})$/.exec(text.trim());
  if (!match) return null;
  const [hour, minute] = [Number(match[1]), Number(match[2])];
  return (hour < 24 && minute < 60) || (hour === 24 && minute === 0) ? hour * 60 + minute : null;
}

export function clock(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}

/** Sorted, joined where they touch. */
export function union(stretches: readonly Stretch[]): Stretch[] {
  const out: [number, number][] = [];
  for (const [from, to] of [...stretches].sort((a, b) => a[0] - b[0])) {
    const last = out.at(-1);
    if (to <= from) continue;
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else out.push([from, to]);
  }
  return out;
}

export function subtract(stretches: readonly Stretch[], [from, to]: Stretch): Stretch[] {
  return stretches.flatMap(([a, b]): Stretch[] => [[a, Math.min(b, from)], [Math.max(a, to), b]]).filter(([a, b]) => b > a);
}

/** When a kind is armed on a day. */
export function stretchesOf(periods: readonly Period[], kind: string): Stretch[] {
  return union(periods.filter((period) => period.kinds.includes(kind)).map((period) => [minutes(period.start) ?? 0, minutes(period.end) ?? 0]));
}

/** Periods for stretches by kind: whichever needs fewer, one a change of kinds or one a stretch. */
export function periodsOf(byKind: ReadonlyMap<string, readonly Stretch[]>): Period[] {
  const bounds = [...new Set([...byKind.values()].flat(2))].sort((a, b) => a - b);
  const cut: Period[] = [];
  for (let i = 0; i + 1 < bounds.length; i += 1) {
    const [from, to] = [bounds[i]!, bounds[i + 1]!];
    const kinds = [...byKind].filter(([, list]) => list.some(([a, b]) => a <= from && b >= to)).map(([kind]) => kind);
    if (kinds.length === 0) continue;
    const last = cut.at(-1);
    if (last && last.end === clock(from) && last.kinds.join() === kinds.join()) last.end = clock(to);
    else cut.push({ start: clock(from), end: clock(to), kinds });
  }
  const whole = new Map<string, string[]>();
  for (const [kind, list] of byKind) for (const [a, b] of list) whole.set(`${clock(a)} ${clock(b)}`, [...(whole.get(`${clock(a)} ${clock(b)}`) ?? []), kind]);
  const overlapping = [...whole].map(([key, kinds]) => ({ start: key.slice(0, 5), end: key.slice(6), kinds })).sort((a, b) => a.start.localeCompare(b.start));
  return overlapping.length < cut.length ? overlapping : cut;
}

/** Add a kind to a stretch of a day, or take it away. */
export function paint(periods: readonly Period[], kinds: readonly string[], kind: string, stretch: Stretch, on: boolean): Period[] {
  const byKind = new Map(kinds.map((name) => [name, stretchesOf(periods, name)]));
  const old = byKind.get(kind) ?? [];
  byKind.set(kind, on ? union([...old, stretch]) : subtract(old, stretch));
  return periodsOf(byKind);
}

/** The stretch between two minutes, in steps of a quarter of an hour, at least one step long. */
export function snapped(a: number, b: number): Stretch {
  const from = Math.max(0, Math.floor(Math.min(a, b) / SNAP_MIN) * SNAP_MIN);
  const to = Math.min(DAY_MIN, Math.ceil(Math.max(a, b) / SNAP_MIN) * SNAP_MIN);
  return [from, Math.max(to, Math.min(DAY_MIN, from + SNAP_MIN))];
}

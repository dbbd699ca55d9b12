/** The box's time zone: offsets, wall-clock fields and their way back to UTC, also on both DST days. */

let boxZone = "UTC";

/** Use the zone of the box from now on; an unknown name leaves the old one. */
export function setZone(zone: string): void {
  try {
    new Intl.DateTimeFormat("en-GB", { timeZone: zone });
    boxZone = zone;
  } catch {
    // A name this browser does not know: times go on in the zone known so far.
  }
}

export const zone = (): string => boxZone;

export interface Wall {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function fields(name: string): Intl.DateTimeFormat {
  let found = formatters.get(name);
  if (!found) {
    found = new Intl.DateTimeFormat("en-US", {
      timeZone: name, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
      hour: "numeric", minute: "numeric", second: "numeric", era: "short",
    });
    formatters.set(name, found);
  }
  return found;
}

/** Wall-clock fields of an instant (ms UTC). */
export function wallOf(ms: number, name: string = boxZone): Wall {
  const out: Record<string, number> = {};
  for (const part of fields(name).formatToParts(Math.floor(ms / 1000) * 1000)) out[part.type] = Number(part.value);
  return { year: out["year"]!, month: out["month"]!, day: out["day"]!, hour: out["hour"]!, minute: out["minute"]!, second: out["second"]! };
}

const offsets = new Map<string, number>();

/** Milliseconds to add to UTC to get wall-clock time at that instant. */
export function offsetAt(ms: number, name: string = boxZone): number {
  // Zones change at whole quarters of an hour, so one answer serves a quarter.
  const quarter = Math.floor(ms / 900_000);
  const key = `${name}/${quarter}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  const start = quarter * 900_000;
  const wall = wallOf(start, name);
  const offset = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second) - start;
  if (offsets.size > 5000) offsets.clear();
  offsets.set(key, offset);
  return offset;
}

/**
 * The instant of a wall-clock time. A time that comes twice gives the first of the two; one that is
 * skipped in spring gives the instant the same distance after the jump.
 */
export function instantOf(year: number, month: number, day: number, hour = 0, minute = 0, second = 0, name: string = boxZone): number {
  const local = Date.UTC(year, month - 1, day, hour, minute, second);
  const before = offsetAt(local - 86_400_000, name);
  const after = offsetAt(local + 86_400_000, name);
  for (const offset of before === after ? [before] : [before, after]) {
    const at = local - offset;
    if (offsetAt(at, name) === offset) return at;
  }
  return local - before;
}

/** Midnight at the start of the day that holds `ms`. */
export function dayStart(ms: number, name: string = boxZone): number {
  const wall = wallOf(ms, name);
  return instantOf(wall.year, wall.month, wall.day, 0, 0, 0, name);
}

/** Midnight `days` later (23, 24 or 25 hours each). */
export function addDays(ms: number, days: number, name: string = boxZone): number {
  const wall = wallOf(ms, name);
  const date = new Date(Date.UTC(wall.year, wall.month - 1, wall.day + days));
  return instantOf(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate(), wall.hour, wall.minute, wall.second, name);
}

/** Whether the same wall-clock time comes twice around this instant (the hour of the autumn change). */
export function isAmbiguous(ms: number, name: string = boxZone): boolean {
  const offset = offsetAt(ms, name);
  for (const step of [3_600_000, 1_800_000]) {
    if (offsetAt(ms - step, name) === offset + step || offsetAt(ms + step, name) === offset - step) return true;
  }
  return false;
}

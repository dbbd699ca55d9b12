/** What is searched for, read from the address: `?by=pictures&channel=1&from=...&to=...&n=24`. */
import { boxNow } from "../state/box";
import { KINDS } from "../timebar/kinds";

export const WAYS = ["record", "pictures", "parts"] as const;
export type Way = (typeof WAYS)[number];

/** How many pictures of the whole stretch, or parts of it, to choose from. */
export const COUNTS: Readonly<Record<Exclude<Way, "record">, readonly number[]>> = { pictures: [12, 24, 48, 96], parts: [4, 9, 16, 25] };
const USUAL: Readonly<Record<Way, number>> = { record: 0, pictures: 24, parts: 9 };

const DAY_MS = 86_400_000;
/** A part shorter than this is played, not parted again. */
export const LEAST_MS = 2000;

export interface Stretch {
  from: number;
  to: number;
}

export interface FindWish extends Stretch {
  by: Way;
  channel: number | null;
  n: number;
  /** Kinds of recordings to list; empty for all. */
  kinds: string[];
  /** The stretches around this one from which it was chosen, the widest first. */
  trail: Stretch[];
}

const instant = (text: string | null): number | null => (text !== null && /^\d{1,16}$/.test(text) ? Number(text) : null);

/** Without times in the address: the last day, to the minute, so that it stays while one looks at it. */
export function wishOf(query: URLSearchParams, known: readonly number[], now: number = boxNow()): FindWish {
  const by = WAYS.find((way) => way === query.get("by")) ?? "record";
  const wanted = instant(query.get("channel"));
  const to = instant(query.get("to")) ?? Math.floor(now / 60_000) * 60_000;
  const from = instant(query.get("from")) ?? to - DAY_MS;
  const n = instant(query.get("n"));
  return {
    by, from, to,
    channel: wanted !== null && known.includes(wanted) ? wanted : (known[0] ?? null),
    n: by !== "record" && n !== null && COUNTS[by].includes(n) ? n : USUAL[by],
    kinds: (query.get("kinds") ?? "").split(",").filter((kind) => KINDS.some(({ name }) => name === kind)),
    trail: trailOf(query.get("trail")),
  };
}

function trailOf(text: string | null): Stretch[] {
  const stretches = (text ?? "").split(",").map((part) => /^(\d{1,16})-(\d{1,16})$/.exec(part));
  return stretches.flatMap((match) => (match ? [{ from: Number(match[1]), to: Number(match[2]) }] : [])).slice(-20);
}

export const trailText = (trail: readonly Stretch[]): string | null => trail.map(({ from, to }) => `${from}-${to}`).join(",") || null;

/** `n` parts of the same length; the last ends where the stretch does. */
export function partsOf({ from, to }: Stretch, n: number): Stretch[] {
  const at = (i: number): number => Math.round(from + ((to - from) * i) / n);
  return Array.from({ length: n }, (_, i) => ({ from: at(i), to: at(i + 1) }));
}

export const middleOf = ({ from, to }: Stretch): number => Math.round((from + to) / 2);

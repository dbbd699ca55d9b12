/** The recordings on the bar: loaded for the view and its surroundings, kept, renewed at the live end. */
import { get, words } from "../api/http";
import type { Span } from "../api/types";
import { boxNow } from "../state/box";
import { playable } from "../state/session";
import { Store } from "../state/store";
import { isLoss, shownKind } from "./kinds";
import { widthOf, type View } from "./scale";

export interface SpanState {
  spans: Span[];
  /** What should have been recorded and was lost, in all streams. */
  losses: Span[];
  from: number;
  to: number;
  fault: string | null;
  loading: boolean;
}

const NONE: SpanState = { spans: [], losses: [], from: 0, to: 0, fault: null, loading: false };
const TAIL_MS = 4000;
/** After a failure the box is left alone for so long. */
const AGAIN_MS = 2000;
/** Main and sub of a channel start and end a little apart. */
export const SLACK_MS = 2000;
/** How finely the time to the next recording is looked through at once, and when that is fine enough. */
const FIND_STEPS = 1000;
const EXACT_MS = 10_000;

/** A stretch that is loaded or asked for, and how wide the view was for which it was. */
interface Asked {
  from: number;
  to: number;
  width: number;
}

/** Whether it does for a view: no part of it is missing, and it is neither too coarse nor too fine. */
function covers({ from, to, width }: Asked, view: View, now: number): boolean {
  const outside = view.start < from || Math.min(view.end, now) > to + TAIL_MS * 2;
  return !outside && widthOf(view) >= width / 2 && widthOf(view) <= width * 3;
}

export class Spans {
  readonly state = new Store<SpanState>(NONE);
  private channels = "";
  private abort: AbortController | null = null;
  /** What is being asked for. */
  private asked: Asked | null = null;
  private loadedWidth = 0;
  private loadedAt = 0;
  private notBefore = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private wanted: { view: View; pixels: number } = { view: { start: 0, end: 0 }, pixels: 0 };

  /** Ask for the view before there is a bar, once: the answer is on its way while the page is put up. */
  begin(view: View, channels: readonly number[], pixels: number): void {
    if (this.channels !== "" || channels.length === 0) return;
    this.channels = channels.join(",");
    void this.load(view, this.channels, pixels);
  }

  /** Make sure that the view is loaded for a bar of so many px; asks again only when it has moved out, zoomed far, or grown at its end. */
  need(view: View, channels: readonly number[], pixels: number): void {
    const key = channels.join(",");
    const changed = key !== this.channels;
    if (key === "") return;
    this.channels = key;
    const { from, to } = this.state.get();
    const now = boxNow();
    const held = covers({ from, to, width: this.loadedWidth }, view, now);
    const stale = view.end > now - 60_000 && now - this.loadedAt > TAIL_MS;
    if (!changed && held && !stale) return;
    if (!changed && now < this.notBefore) return;
    // A slow answer that will do is waited for: asking anew would put it off for ever.
    if (!changed && this.asked && covers(this.asked, view, now)) return;
    this.wanted = { view, pixels };
    if (changed && this.timer) {
      clearTimeout(this.timer);
      this.timer = null;
    }
    this.timer ??= setTimeout(
      () => {
        this.timer = null;
        void this.load(this.wanted.view, this.channels, this.wanted.pixels);
      },
      changed || this.loadedAt === 0 ? 0 : 80,
    );
  }

  stop(): void {
    if (this.timer) clearTimeout(this.timer);
    this.abort?.abort();
  }

  private async load(view: View, channels: string, pixels: number): Promise<void> {
    this.abort?.abort();
    const abort = new AbortController();
    this.abort = abort;
    const margin = widthOf(view);
    const from = Math.floor(view.start - margin);
    const to = Math.ceil(Math.min(view.end + margin, boxNow() + 1000));
    const resolution = Math.floor(widthOf(view) / Math.max(1, pixels));
    const asked = { from, to, width: widthOf(view) };
    this.asked = asked;
    this.state.update({ loading: true });
    try {
      const spans = await spansOf(channels, from, to, resolution, abort.signal);
      this.loadedWidth = widthOf(view);
      this.loadedAt = boxNow();
      this.state.set({ spans: onePerChannel(spans), losses: spans.filter((span) => isLoss(span.kind)), from, to, fault: null, loading: false });
    } catch (error) {
      if (!abort.signal.aborted) {
        this.notBefore = boxNow() + AGAIN_MS;
        this.state.update({ fault: words(error), loading: false });
      }
    } finally {
      if (this.asked === asked) this.asked = null;
    }
  }
}

/** What was lost of a channel at an instant, give or take; the main stream's loss comes first. */
export function lossAt(losses: readonly Span[], at: number, channel: number, slackMs: number): Span | null {
  const near = losses.filter((span) => span.channel === channel && span.from - slackMs <= at && at < span.to + slackMs);
  return near.find((span) => span.stream === "main") ?? near[0] ?? null;
}

/** Main and sub are recorded beside each other: the bar shows main, and sub where there is no main; what was lost is neither. */
export function onePerChannel(spans: readonly Span[]): Span[] {
  const sorted = spans.filter((span) => !isLoss(span.kind)).sort((a, b) => a.from - b.from);
  const main = new Map<number, { from: number; to: number }[]>();
  for (const { stream, channel, from, to } of sorted) {
    if (stream !== "main") continue;
    const stretches = main.get(channel);
    const last = stretches?.at(-1);
    if (last && from <= last.to + SLACK_MS) last.to = Math.max(last.to, to);
    else if (stretches) stretches.push({ from, to });
    else main.set(channel, [{ from, to }]);
  }
  const next = new Map<number, number>();
  const covered = ({ channel, from, to }: Span): boolean => {
    const stretches = main.get(channel) ?? [];
    let i = next.get(channel) ?? 0;
    while (i < stretches.length && stretches[i]!.to < from) i += 1;
    next.set(channel, i);
    const stretch = stretches[i];
    return stretch !== undefined && stretch.from <= from + SLACK_MS && stretch.to >= to - SLACK_MS;
  };
  return sorted.filter((span) => span.stream === "main" || !covered(span));
}

/** Without the kinds that are hidden (D1-PB-08): they are passed over as if nothing had been recorded. */
export function visible(spans: readonly Span[], hidden: readonly string[]): Span[] {
  return spans.filter((span) => !isLoss(span.kind) && !hidden.includes(shownKind(span.kind)));
}

/** Whether anything of the channels (all if null) was recorded at an instant. */
export function recordedAt(spans: readonly Span[], at: number, channel: number | null): boolean {
  return spans.some((span) => (channel === null || span.channel === channel) && span.from <= at && at < span.to);
}

/** Where the next recording after an instant begins, as far as loaded; null if none is known. */
export function nextAfter(spans: readonly Span[], at: number, channel: number | null): number | null {
  let best: number | null = null;
  for (const span of spans) {
    if (channel !== null && span.channel !== channel) continue;
    if (span.to > at && (best === null || Math.max(span.from, at) < best)) best = Math.max(span.from, at);
  }
  return best;
}

/** The same, asked of the box where what is loaded does not tell. */
export const findNext = (channels: readonly number[], at: number, hidden: readonly string[] = []): Promise<number | null> =>
  findWithin(channels.join(","), Math.floor(at), Math.ceil(boxNow()), hidden);

/** Roughly first, then exactly: where the box only said that there is something near. */
async function findWithin(channels: string, from: number, to: number, hidden: readonly string[]): Promise<number | null> {
  if (to <= from) return null;
  const resolution = Math.floor((to - from) / FIND_STEPS);
  const spans = await spansOf(channels, from, to, resolution);
  const next = nextAfter(visible(spans, hidden), from, null);
  if (next === null || resolution < EXACT_MS) return next;
  const beyond = Math.ceil(next) + 2 * resolution;
  return (await findWithin(channels, Math.floor(next), Math.min(beyond, to), hidden)) ?? findWithin(channels, beyond, to, hidden);
}

/** What the box has of the channels whose recordings this person may see; of the others there is nothing. */
async function spansOf(channels: string, from: number, to: number, resolution: number, signal?: AbortSignal): Promise<Span[]> {
  const seen = playable(channels.split(",").map(Number));
  if (seen.length === 0) return [];
  return (await get<{ spans: Span[] }>("/timeline", { channels: seen.join(","), from, to, resolution }, signal)).spans;
}

/** The recordings on the bar: loaded for the view and its surroundings, kept, renewed at the live end. */
import { get, words } from "../api/http";
import type { Span } from "../api/types";
import { boxNow } from "../state/box";
import { Store } from "../state/store";
import { widthOf, type View } from "./scale";

export interface SpanState {
  spans: Span[];
  from: number;
  to: number;
  fault: string | null;
  loading: boolean;
}

const NONE: SpanState = { spans: [], from: 0, to: 0, fault: null, loading: false };
const TAIL_MS = 4000;
/** Main and sub of a channel start and end a little apart. */
const SLACK_MS = 2000;

export class Spans {
  readonly state = new Store<SpanState>(NONE);
  private channels = "";
  private abort: AbortController | null = null;
  private loadedWidth = 0;
  private loadedAt = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;

  /** Make sure that the view is loaded; asks again only when it has moved out, zoomed far, or grown at its end. */
  need(view: View, channels: readonly number[]): void {
    const key = channels.join(",");
    const changed = key !== this.channels;
    if (key === "") return;
    this.channels = key;
    const { from, to } = this.state.get();
    const now = boxNow();
    const outside = view.start < from || Math.min(view.end, now) > to + TAIL_MS * 2;
    const zoomed = widthOf(view) < this.loadedWidth / 4 || widthOf(view) > this.loadedWidth * 3;
    const stale = view.end > now - 60_000 && now - this.loadedAt > TAIL_MS;
    if (!changed && !outside && !zoomed && !stale) return;
    if (this.timer) clearTimeout(this.timer);
    if (!changed && this.state.get().loading && !outside) return;
    this.timer = setTimeout(() => void this.load(view, key), changed || this.loadedAt === 0 ? 0 : 80);
  }

  stop(): void {
    if (this.timer) clearTimeout(this.timer);
    this.abort?.abort();
  }

  private async load(view: View, channels: string): Promise<void> {
    this.abort?.abort();
    const abort = new AbortController();
    this.abort = abort;
    const margin = widthOf(view);
    const from = Math.floor(view.start - margin);
    const to = Math.ceil(Math.min(view.end + margin, boxNow() + 1000));
    this.state.update({ loading: true });
    try {
      const { spans } = await get<{ spans: Span[] }>("/timeline", { channels, from, to }, abort.signal);
      this.loadedWidth = widthOf(view);
      this.loadedAt = boxNow();
      this.state.set({ spans: onePerChannel(spans), from, to, fault: null, loading: false });
    } catch (error) {
      if (!abort.signal.aborted) {
        this.loadedAt = boxNow();
        this.state.update({ fault: words(error), loading: false });
      }
    }
  }
}

/** Main and sub are recorded beside each other: the bar shows main, and sub where there is no main. */
export function onePerChannel(spans: readonly Span[]): Span[] {
  const main = new Map<number, Span[]>();
  for (const span of spans) if (span.stream === "main") main.set(span.channel, [...(main.get(span.channel) ?? []), span]);
  const covered = (sub: Span): boolean => (main.get(sub.channel) ?? []).some((span) => span.from <= sub.from + SLACK_MS && span.to >= sub.to - SLACK_MS);
  return spans.filter((span) => span.stream === "main" || !covered(span)).sort((a, b) => a.from - b.from);
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
export async function findNext(channels: readonly number[], at: number): Promise<number | null> {
  const { spans } = await get<{ spans: Span[] }>("/timeline", { channels: channels.join(","), from: Math.floor(at), to: Math.ceil(boxNow()) });
  return nextAfter(spans, at, null);
}

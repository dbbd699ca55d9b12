/** Locked stretches out of a time line: joined over streams and small breaks, newest first. */
import type { Span } from "../api/types";

const JOIN_MS = 2000;

export function lockedStretches(spans: readonly Span[]): Span[] {
  const out: Span[] = [];
  for (const span of spans.filter((candidate) => candidate.locked).sort((a, b) => a.channel - b.channel || a.from - b.from)) {
    const last = out.at(-1);
    if (last && last.channel === span.channel && span.from <= last.to + JOIN_MS) last.to = Math.max(last.to, span.to);
    else out.push({ ...span });
  }
  return out.sort((a, b) => b.from - a.from);
}

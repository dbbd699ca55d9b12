import { describe, expect, it } from "vitest";
import type { Span } from "../api/types";
import { nextAfter, onePerChannel, recordedAt } from "./spans";

const span = (channel: number, stream: "main" | "sub", from: number, to: number): Span => ({ channel, stream, from, to, kind: "general", locked: false });

describe("recordings on the bar", () => {
  const spans = [span(1, "main", 1000, 5000), span(1, "main", 9000, 12_000), span(2, "main", 3000, 4000)];
  it("tell whether there is something at an instant, of one channel or of any", () => {
    expect(recordedAt(spans, 2000, 1)).toBe(true);
    expect(recordedAt(spans, 2000, 2)).toBe(false);
    expect(recordedAt(spans, 2000, null)).toBe(true);
    expect(recordedAt(spans, 5000, 1)).toBe(false);
  });
  it("name the next point to play from after a blank (D1-PB-07)", () => {
    expect(nextAfter(spans, 6000, 1)).toBe(9000);
    expect(nextAfter(spans, 1000, 2)).toBe(3000);
    expect(nextAfter(spans, 20_000, 1)).toBeNull();
  });
  it("show the sub stream only where there is no main stream", () => {
    const found = onePerChannel([span(1, "sub", 1000, 5100), span(1, "main", 1000, 5000), span(1, "sub", 20_000, 30_000)]);
    expect(found.map((entry) => [entry.stream, entry.from])).toEqual([["main", 1000], ["sub", 20_000]]);
  });
});

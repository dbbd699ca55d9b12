import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Span } from "../api/types";
import { boxNow } from "../state/box";
import { findNext, lossAt, nextAfter, onePerChannel, recordedAt, Spans } from "./spans";

const get = vi.hoisted(() => vi.fn());
vi.mock("../api/http", async (original) => ({ ...(await original<object>()), get }));

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
  it("show no sub stream that main covers in several pieces", () => {
    const found = onePerChannel([span(1, "main", 1000, 5000), span(1, "main", 5000, 9000), span(1, "sub", 1000, 9000), span(2, "sub", 1000, 9000)]);
    expect(found.map((entry) => [entry.channel, entry.stream])).toEqual([[1, "main"], [2, "sub"], [1, "main"]]);
  });
});

describe("losses on the bar", () => {
  const lost = (stream: "main" | "sub", from: number, to: number, text: string): Span => ({ ...span(1, stream, from, to), kind: "lost", reason: "overload", text });
  const losses = [lost("sub", 1000, 2000, "sub lost"), lost("main", 5000, 9000, "main lost")];

  it("are no recordings, and cover none", () => {
    const found = onePerChannel([span(1, "main", 0, 5000), ...losses, span(1, "sub", 5000, 9000)]);
    expect(found.map((entry) => [entry.stream, entry.kind])).toEqual([["main", "general"], ["sub", "general"]]);
  });
  it("tell why under the pointer, however short they are", () => {
    expect(lossAt(losses, 6000, 1, 0)?.text).toBe("main lost");
    expect(lossAt(losses, 2050, 1, 100)?.text).toBe("sub lost");
    expect(lossAt(losses, 2050, 1, 10)).toBeNull();
    expect(lossAt(losses, 6000, 2, 0)).toBeNull();
  });
});

describe("the next recording that is not loaded", () => {
  const DAY = 86_400_000;

  /** The box, which tells long times only roughly: a pixel counts if anything in it was recorded. */
  const asked = (stretches: { from: number; to: number }[]): void => {
    get.mockImplementation((_path: string, query: { from: number; to: number; resolution: number }) => {
      const cell = query.resolution < 30_000 ? 1 : query.resolution;
      const spans = stretches
        .filter(({ from, to }) => from < query.to && Math.ceil(to / cell) * cell > query.from)
        .map(({ from, to }) => span(1, "main", Math.max(query.from, Math.floor(from / cell) * cell), Math.min(query.to, Math.ceil(to / cell) * cell)));
      return Promise.resolve({ spans });
    });
  };
  afterEach(() => get.mockReset());

  it("is found to the moment, beyond one that ended just before", async () => {
    const start = Math.floor(boxNow()) - 20 * DAY;
    asked([{ from: start - 5000, to: start - 1000 }, { from: start + 7 * DAY + 123, to: start + 8 * DAY }]);
    expect(await findNext([1], start)).toBe(start + 7 * DAY + 123);
    expect(get.mock.calls.length).toBeLessThan(8);
  });
  it("is not there when nothing was recorded since", async () => {
    const start = Math.floor(boxNow()) - 20 * DAY;
    asked([{ from: start - 5000, to: start - 1000 }]);
    expect(await findNext([1], start)).toBeNull();
  });
});

describe("loading what the bar shows", () => {
  const HOUR = 3_600_000;
  const view = (hours: number) => ({ start: boxNow() - hours * HOUR, end: boxNow() });
  let answers: ((spans: Span[]) => void)[];
  let spans: Spans;

  const paintFor = async (ms: number, hours: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 50) {
      spans.need(view(hours), [1], 1000);
      await vi.advanceTimersByTimeAsync(50);
    }
  };

  beforeEach(() => {
    vi.useFakeTimers();
    answers = [];
    get.mockReset();
    get.mockImplementation((_path: string, _query: object, signal: AbortSignal) => new Promise((resolve, reject) => {
      answers.push((found) => resolve({ spans: found }));
      signal.addEventListener("abort", () => reject(new Error("given up")));
    }));
    spans = new Spans();
  });

  afterEach(() => {
    spans.stop();
    vi.useRealTimers();
  });

  it("waits for an answer that takes long, however often the bar is drawn meanwhile", async () => {
    await paintFor(3000, 720);
    expect(get).toHaveBeenCalledTimes(1);
    answers[0]!([span(1, "main", 0, 1000)]);
    await paintFor(100, 720);
    expect(spans.state.get().spans).toHaveLength(1);
  });

  it("is asked for before there is a bar, and not again by the bar", async () => {
    spans.begin(view(720), [1], 1000);
    spans.begin(view(720), [1], 1000);
    await paintFor(500, 720);
    expect(get).toHaveBeenCalledTimes(1);
  });

  it("gives it up for a view that it does not do for", async () => {
    await paintFor(500, 720);
    await paintFor(500, 1);
    expect(get).toHaveBeenCalledTimes(2);
    expect((get.mock.calls[0]![2] as AbortSignal).aborted).toBe(true);
  });

  it("asks again a while after a failure, not at every drawing", async () => {
    get.mockRejectedValue(new Error("no"));
    await paintFor(1500, 720);
    expect(get).toHaveBeenCalledTimes(1);
    await paintFor(1500, 720);
    expect(get).toHaveBeenCalledTimes(2);
  });
});

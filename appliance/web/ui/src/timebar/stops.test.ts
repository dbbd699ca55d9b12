import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Span } from "../api/types";
import { boxNow } from "../state/box";
import { session } from "../state/session";
import { loadAll } from "./pictures";
import { instantsAround } from "./Preview";
import { findStop, nearest, stopsOf } from "./stops";
import { visible } from "./spans";

const get = vi.hoisted(() => vi.fn());
vi.mock("../api/http", async (original) => ({ ...(await original<object>()), get }));

const H = 3_600_000;
const span = (from: number, to: number, kind = "general", channel = 1): Span => ({ channel, stream: "main", from, to, kind, locked: false });

describe("where playback can jump to", () => {
  it("is where footage begins after a gap, where it becomes more than general, and where an event begins", () => {
    const spans = [span(0, 60_000), span(60_000, 70_000, "motion"), span(70_000, 90_000), span(91_000, 95_000), span(120_000, 130_000)];
    expect(stopsOf(spans, [{ start: 65_000 }])).toEqual([0, 60_000, 65_000, 120_000]);
  });
  it("is judged for each channel by itself", () => {
    expect(stopsOf([span(0, 90_000), span(50_000, 60_000, "general", 2)], [])).toEqual([0, 50_000]);
  });
  it("is one for cameras that begin together", () => {
    const stops = [10_000, 60_000, 61_000, 62_500];
    expect([nearest(stops, 90_000, -1), nearest(stops, 62_800, -1), nearest(stops, 60_000, 1), nearest(stops, 20_000, 1)]).toEqual([60_000, 10_000, null, 60_000]);
  });
  it("goes on to the one before when a stop was just reached", () => {
    const stops = [10_000, 20_000, 30_000];
    expect([nearest(stops, 20_000, 1), nearest(stops, 21_000, -1), nearest(stops, 25_000, -1), nearest(stops, 30_000, 1), nearest(stops, 5000, -1)]).toEqual([30_000, 10_000, 20_000, null, null]);
  });
});

describe("a jump", () => {
  let stretches: Span[] = [];
  let events: { start: number }[] = [];
  beforeEach(() => {
    session.set({ phase: "in", user: "anna", permissions: ["playback", "events"], expired: false, endsAt: Infinity, idleMs: null });
    get.mockImplementation((path: string, query: { from: number; to: number; resolution: number }) => {
      if (path === "/events") return Promise.resolve({ events: events.filter(({ start }) => start >= query.from && start < query.to), next: null });
      const cell = Math.max(1, query.resolution);
      const spans = stretches
        .filter(({ from, to }) => from < query.to && to > query.from)
        .map((one) => ({ ...one, from: Math.max(query.from, Math.floor(one.from / cell) * cell), to: Math.min(query.to, Math.ceil(one.to / cell) * cell) }));
      return Promise.resolve({ spans });
    });
  });
  afterEach(() => get.mockReset());

  it("finds recordings and events in both directions, to the moment, however far", async () => {
    const now = Math.floor(boxNow());
    stretches = [span(now - 90 * 24 * H - 777, now - 80 * 24 * H), span(now - 2 * H, now)];
    events = [{ start: now - H }];
    expect(await findStop([1], now - 90 * 60_000, 1, [])).toBe(now - H);
    expect(await findStop([1], now - 90 * 60_000, -1, [])).toBe(now - 2 * H);
    expect(await findStop([1], now - 79 * 24 * H, -1, [])).toBe(now - 90 * 24 * H - 777);
    expect(await findStop([1], now - 79 * 24 * H, 1, [])).toBe(now - 2 * H);
  });
  it("says so when there is nothing", async () => {
    const now = Math.floor(boxNow());
    [stretches, events] = [[span(now - 2 * H, now)], []];
    expect(await findStop([1], now - H, 1, [])).toBeNull();
    expect(await findStop([1], now - 3 * H, -1, [])).toBeNull();
    expect(await findStop([], now - H, -1, [])).toBeNull();
  });
  it("passes over kinds that are not shown (D1-PB-08)", async () => {
    const now = Math.floor(boxNow());
    [stretches, events] = [[span(now - 5 * H, now - 4 * H), span(now - 3 * H, now - 2 * H, "motion")], []];
    expect(await findStop([1], now - H, -1, [])).toBe(now - 3 * H);
    expect(await findStop([1], now - H, -1, ["motion"])).toBe(now - 5 * H);
    expect(visible(stretches, ["general"]).map(({ kind }) => kind)).toEqual(["motion"]);
  });
});

describe("the pictures of the preview (D1-PB-06)", () => {
  it("are the one under the pointer first, and four around it where something was recorded", () => {
    expect(instantsAround(100_000, 400_000, () => true)).toEqual([100_000, 80_000, 90_000, 110_000, 120_000]);
    expect(instantsAround(100_000, 400_000, (at) => at >= 100_000)).toEqual([100_000, 110_000, 120_000]);
    expect(instantsAround(100_000, 10_000, () => true)).toEqual([100_000, 96_000, 98_000, 102_000, 104_000]);
  });
  it("are asked for two at a time, and no more once nobody waits", async () => {
    const abort = new AbortController();
    const asked: number[] = [];
    const finish: (() => void)[] = [];
    const taken: number[] = [];
    const load = (at: number): Promise<Blob> => {
      asked.push(at);
      return new Promise((done) => finish.push(() => done(new Blob())));
    };
    const all = loadAll([1, 2, 3, 4, 5], load, (at) => taken.push(at), abort.signal);
    expect(asked).toEqual([1, 2]);
    finish[0]!();
    await vi.waitFor(() => expect(asked).toEqual([1, 2, 3]));
    abort.abort();
    for (const done of finish) done();
    await all;
    expect([asked, taken]).toEqual([[1, 2, 3], [1]]);
  });
  it("do without one that cannot be had", async () => {
    const taken: number[] = [];
    const load = (at: number): Promise<Blob | null> => (at === 1 ? Promise.resolve(null) : at === 2 ? Promise.reject(new Error("away")) : Promise.resolve(new Blob()));
    await loadAll([1, 2, 3], load, (at) => taken.push(at), new AbortController().signal);
    expect(taken).toEqual([3]);
  });
});

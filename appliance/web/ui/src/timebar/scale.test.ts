import { describe, expect, it } from "vitest";
import { follow, LONGEST_MS, pan, SHORTEST_MS, timeAt, within, xOf, zoom } from "./scale";

const view = { start: 1_000_000, end: 1_100_000 };

describe("the view of the time bar", () => {
  it("zooms around the pointer", () => {
    const next = zoom(view, 0.5, 1_025_000);
    expect(xOf(next, 1000, 1_025_000)).toBeCloseTo(xOf(view, 1000, 1_025_000));
    expect(next.end - next.start).toBe(50_000);
  });
  it("ends at a second and at a month", () => {
    const near = zoom(view, 1e-9, 1_050_000);
    expect(near.end - near.start).toBe(SHORTEST_MS);
    const far = zoom(view, 1e9, 1_050_000);
    expect(far.end - far.start).toBe(LONGEST_MS);
  });
  it("translates pixels and instants into each other", () => {
    expect(timeAt(view, 500, xOf(view, 500, 1_030_000))).toBe(1_030_000);
  });
  it("moves along with a position that leaves it, not before", () => {
    expect(follow(view, 1_050_000, false)).toBe(view);
    const moved = follow(view, 1_099_000, false);
    expect(moved.start).toBeCloseTo(1_069_000);
    expect(xOf(follow(view, 2_000_000, true), 1000, 2_000_000)).toBeCloseTo(920);
  });
  it("cannot be moved far into the future", () => {
    expect(within(pan(view, 500_000), 1_100_000).end).toBe(1_150_000);
    expect(within(view, 2_000_000)).toBe(view);
  });
});

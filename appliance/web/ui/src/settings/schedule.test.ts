import { describe, expect, it } from "vitest";
import { minutes, paint, periodsOf, snapped, stretchesOf, type Period } from "./schedule";

const KINDS = ["alarm", "motion", "general"];
const all: Period[] = [{ start: "00:00", end: "24:00", kinds: ["general"] }];

describe("drawing a day's periods (D1-RC-08)", () => {
  it("adds a kind over another", () => {
    const day = paint(all, KINDS, "motion", [480, 1080], true);
    expect(stretchesOf(day, "motion")).toEqual([[480, 1080]]);
    expect(stretchesOf(day, "general")).toEqual([[0, 1440]]);
    expect(day).toHaveLength(2);
  });
  it("takes a kind away from the middle of a stretch", () => {
    const day = paint(all, KINDS, "general", [600, 660], false);
    expect(stretchesOf(day, "general")).toEqual([[0, 600], [660, 1440]]);
  });
  it("joins stretches that touch", () => {
    let day = paint([], KINDS, "alarm", [0, 60], true);
    day = paint(day, KINDS, "alarm", [60, 120], true);
    expect(day).toEqual([{ start: "00:00", end: "02:00", kinds: ["alarm"] }]);
  });
  it("needs as few periods as possible", () => {
    const same = new Map([["alarm", [[0, 60]] as const], ["motion", [[0, 60]] as const]]);
    expect(periodsOf(same)).toEqual([{ start: "00:00", end: "01:00", kinds: ["alarm", "motion"] }]);
  });
  it("gives back the same stretches after any number of strokes", () => {
    let seed = 11;
    const random = (most: number): number => (seed = (seed * 48_271) % 2_147_483_647) % most;
    let day: Period[] = all;
    const wanted = new Map(KINDS.map((kind) => [kind, new Set<number>(kind === "general" ? Array.from({ length: 96 }, (_, i) => i) : [])]));
    for (let i = 0; i < 60; i += 1) {
      const kind = KINDS[random(3)]!;
      const [from, to] = snapped(random(1440), random(1440));
      const on = random(2) === 0;
      day = paint(day, KINDS, kind, [from, to], on);
      const quarters = wanted.get(kind)!;
      for (let q = from / 15; q < to / 15; q += 1) {
        if (on) quarters.add(q);
        else quarters.delete(q);
      }
      for (const name of KINDS) {
        const found = new Set(stretchesOf(day, name).flatMap(([a, b]) => Array.from({ length: (b - a) / 15 }, (_, k) => a / 15 + k)));
        expect(found).toEqual(wanted.get(name));
      }
    }
  });
});

describe("times of day", () => {
  it("go from 00:00 to 24:00", () => {
    expect(minutes("24:00")).toBe(1440);
    expect(minutes("8:05")).toBe(485);
    for (const wrong of ["24:01", "7:60", "noon", "", "-1:00"]) expect(minutes(wrong)).toBeNull();
  });
  it("snap to quarters of an hour, one at least", () => {
    expect(snapped(487, 481)).toEqual([480, 495]);
    expect(snapped(1439, 1439)).toEqual([1425, 1440]);
  });
});

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { setZone } from "../time/zone";
import { ticks } from "./ticks";

const H = 3_600_000;
const at = (month: number, day: number, hour = 0): number => Date.UTC(2026, month - 1, day, hour);
const labels = (start: number, end: number, pixels: number): string[] => ticks({ start, end }, pixels).filter((tick) => tick.label !== null).map((tick) => tick.label!);

beforeEach(() => setZone("Europe/Berlin"));
afterEach(() => setZone("UTC"));

describe("the ruler", () => {
  it("draws the hour that comes twice in autumn twice, each with its zone's name", () => {
    const found = labels(at(10, 24, 22), at(10, 25, 4), 600);
    expect(found).toEqual([expect.stringMatching(/^Sun,? 25 Oct$/), "01:00", "02:00 CEST", "02:00 CET", "03:00", "04:00", "05:00"]);
  });

  it("leaves out the hour that is skipped in spring", () => {
    expect(labels(at(3, 28, 23), at(3, 29, 4), 600)).toEqual([expect.stringMatching(/^Sun,? 29 Mar$/), "01:00", "03:00", "04:00", "05:00", "06:00"]);
  });

  it("keeps to round wall-clock hours across the change with coarse steps", () => {
    const found = ticks({ start: at(10, 24, 10), end: at(10, 26, 10) }, 700).filter((tick) => tick.major);
    for (const tick of found) {
      const hour = Number(new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/Berlin", hour: "numeric", hourCycle: "h23" }).format(tick.at));
      expect(hour % 6).toBe(0);
    }
    expect(found.length).toBeGreaterThanOrEqual(8);
  });

  it("is right in zones with odd quarters of an hour", () => {
    setZone("Asia/Kathmandu");
    expect(labels(at(6, 1, 0), at(6, 1, 4), 400)).toEqual(["06:00", "07:00", "08:00", "09:00"]);
  });

  it("rises strictly and stays sparse from a second to a month", () => {
    for (const span of [1000, 60_000, H, 24 * H, 31 * 24 * H]) {
      const found = ticks({ start: at(10, 10), end: at(10, 10) + span }, 1200);
      expect(found.length).toBeGreaterThan(3);
      expect(found.length).toBeLessThan(260);
      for (let i = 1; i < found.length; i += 1) expect(found[i]!.at).toBeGreaterThan(found[i - 1]!.at);
    }
  });
});

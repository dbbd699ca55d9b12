import { describe, expect, it } from "vitest";
import { parseTime, shiftMonth, weeksOf } from "./month";

describe("a month", () => {
  it("is shown in whole weeks from the first day of the box's week", () => {
    const monday = weeksOf(2026, 11);
    expect(monday[0]![0]!.iso).toBe("2026-10-26");
    expect(monday.at(-1)!.at(-1)!.iso).toBe("2026-12-06");
    expect(weeksOf(2026, 11, "sunday")[0]![0]!.iso).toBe("2026-11-01");
    expect(weeksOf(2027, 2)).toHaveLength(4);
  });
  it("turns over the year", () => {
    expect(shiftMonth(2026, 12, 1)).toEqual({ year: 2027, month: 1 });
    expect(shiftMonth(2026, 1, -1)).toEqual({ year: 2025, month: 12 });
  });
});

it("reads times of day as people write them", () => {
  expect(parseTime("14:03")).toBe(50_580);
  expect(parseTime("4.03")).toBe(14_580);
  expect(parseTime("14:03:22")).toBe(50_602);
  for (const wrong of ["25:00", "14:60", "soon"]) expect(parseTime(wrong)).toBeNull();
});

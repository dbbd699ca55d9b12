import { afterEach, describe, expect, it } from "vitest";
import { addDays, dayStart, instantOf, isAmbiguous, offsetAt, setZone, wallOf, zone } from "./zone";

const H = 3_600_000;
const BERLIN = "Europe/Berlin";
const utc = (...parts: [number, number, number, number?, number?]): number => Date.UTC(parts[0], parts[1] - 1, parts[2], parts[3] ?? 0, parts[4] ?? 0);

afterEach(() => setZone("UTC"));

describe("the box's zone", () => {
  it("knows the offset before and after a change of the clocks", () => {
    expect(offsetAt(utc(2026, 10, 25, 0, 59), BERLIN)).toBe(2 * H);
    expect(offsetAt(utc(2026, 10, 25, 1, 0), BERLIN)).toBe(H);
    expect(offsetAt(utc(2026, 7, 1), "Asia/Kathmandu")).toBe(5.75 * H);
  });

  it("turns wall-clock times into instants and back", () => {
    const at = instantOf(2026, 11, 21, 14, 3, 22, BERLIN);
    expect(at).toBe(utc(2026, 11, 21, 13, 3) + 22_000);
    expect(wallOf(at, BERLIN)).toEqual({ year: 2026, month: 11, day: 21, hour: 14, minute: 3, second: 22 });
  });

  it("takes the first of an hour that comes twice, and says which times do", () => {
    expect(instantOf(2026, 10, 25, 2, 30, 0, BERLIN)).toBe(utc(2026, 10, 25, 0, 30));
    expect(isAmbiguous(utc(2026, 10, 25, 0, 30), BERLIN)).toBe(true);
    expect(isAmbiguous(utc(2026, 10, 25, 1, 30), BERLIN)).toBe(true);
    expect(isAmbiguous(utc(2026, 10, 25, 2, 30), BERLIN)).toBe(false);
    expect(isAmbiguous(utc(2026, 10, 24, 23, 30), BERLIN)).toBe(false);
  });

  it("moves a time that is skipped in spring behind the jump", () => {
    const at = instantOf(2026, 3, 29, 2, 30, 0, BERLIN);
    expect(wallOf(at, BERLIN)).toMatchObject({ hour: 3, minute: 30 });
  });

  it("has days of 23 and 25 hours", () => {
    const long = dayStart(utc(2026, 10, 25, 12), BERLIN);
    expect(addDays(long, 1, BERLIN) - long).toBe(25 * H);
    const short = dayStart(utc(2026, 3, 29, 12), BERLIN);
    expect(addDays(short, 1, BERLIN) - short).toBe(23 * H);
  });

  it("is not changed by a name that does not exist", () => {
    setZone(BERLIN);
    setZone("Europe/Atlantis");
    expect(zone()).toBe(BERLIN);
  });
});

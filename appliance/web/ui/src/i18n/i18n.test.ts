import { afterEach, describe, expect, it } from "vitest";
import { setZone } from "../time/zone";
import { dateTime, since, time } from "../time/format";
import { en } from "./en";
import { ago, clock, rate, size, span } from "./format";
import { setLanguage, stretch, t } from "./index";

afterEach(() => {
  setLanguage("en");
  setZone("UTC");
});

describe("texts", () => {
  it("fill placeholders after lookup and choose the plural", () => {
    expect(t("live.layoutOf", { n: 1 })).toBe("1 picture");
    expect(t("live.layoutOf", { n: 16 })).toBe("16 pictures");
    expect(t("tile.label", { name: "D1 {n}", n: 2 })).toBe("D1 {n}, tile 2");
  });
  it("have no exclamation marks, no please and no successfully", () => {
    for (const [key, value] of Object.entries(en)) {
      for (const text of typeof value === "string" ? [value] : Object.values(value)) expect(text, key).not.toMatch(/!|\bplease\b|successful/i);
    }
  });
  it("keep their placeholders in the pseudo-languages", () => {
    expect(stretch("Page {n} of {total}")).toMatch(/\{n\}.*\{total\}/);
    setLanguage("ar-XB");
    expect(t("live.page", { n: 2, total: 3 })).toMatch(/2.*3/);
  });
});

describe("quantities", () => {
  it("carry the units people know", () => {
    expect(size(8_001_563_222_016)).toBe("8 TB");
    expect(size(1_536_000_000)).toBe("1.5 GB");
    expect(size(0)).toBe("0 B");
    expect(rate(4_120_000)).toBe("4.1 Mbit/s");
    expect(rate(520_000)).toBe("520 kbit/s");
  });
  it("of time are as coarse as useful", () => {
    expect([3, 90, 7200, 86_400, 21 * 86_400].map(span)).toEqual(["3 s", "2 min", "2 h", "24 h", "21 days"]);
    expect(ago(1000, 121_000)).toBe("2 min ago");
    expect([5, 65, 3723].map(clock)).toEqual(["0:05", "1:05", "1:02:03"]);
  });
});

describe("instants", () => {
  it("are written in the box's zone", () => {
    setZone("Europe/Berlin");
    const at = Date.UTC(2026, 10, 21, 13, 3, 22);
    expect(time(at)).toBe("14:03:22");
    expect(dateTime(at)).toBe("21 Nov 2026, 14:03:22");
    expect(since(at, at + 120_000)).toBe("14:03:22 (2 min ago)");
    expect(since(at - 86_400_000, at)).toBe("20 Nov 2026, 14:03:22 (24 h ago)");
  });
  it("in the hour that comes twice carry the zone's name", () => {
    setZone("Europe/Berlin");
    expect(time(Date.UTC(2026, 9, 25, 0, 30))).toBe("02:30:00 CEST");
    expect(time(Date.UTC(2026, 9, 25, 1, 30))).toBe("02:30:00 CET");
  });
});

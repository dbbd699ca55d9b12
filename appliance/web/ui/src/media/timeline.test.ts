import { expect, it } from "vitest";
import { Timeline } from "./timeline";

it("maps media time to UTC and back over a gap", () => {
  const line = new Timeline();
  line.mark(10, 1_000_000);
  line.mark(11, 1_001_000);
  line.mark(12, 1_062_000); // a minute is missing
  expect(line.utcAt(10.5)).toBe(1_000_500);
  expect(line.utcAt(12.25)).toBe(1_062_250);
  expect(line.mediaAt(1_000_500)).toBe(10.5);
  expect(line.mediaAt(1_062_500)).toBe(12.5);
});

it("knows nothing before the first fragment and after it is cleared", () => {
  const line = new Timeline();
  expect(line.utcAt(0)).toBeNull();
  line.mark(10, 5000);
  line.clear();
  expect(line.mediaAt(5000)).toBeNull();
});

it("stays bounded however long it runs", () => {
  const line = new Timeline();
  for (let i = 0; i < 5000; i += 1) line.mark(i, i * 1000 + (i % 2) * 20);
  expect((line as unknown as { stretches: unknown[] }).stretches.length).toBeLessThanOrEqual(500);
  expect(line.utcAt(4999)).toBe(4_999_020);
});

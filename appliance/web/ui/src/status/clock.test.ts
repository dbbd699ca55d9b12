import { expect, it } from "vitest";
import { clockWords } from "./clock";

it.each([
  ["camera", 3, "Camera’s clock"],
  ["camera", -250, "Camera’s clock, 250 ms behind"],
  ["camera", 1500, "Camera’s clock, 1.5 s ahead"],
  ["corrected", 3_600_000, "Corrected: the camera’s clock is 1 h ahead"],
  ["corrected", -7_200_000, "Corrected: the camera’s clock is 2 h behind"],
  ["corrected", null, "Corrected: the camera’s clock is wrong"],
  ["arrival", null, "Arrival: the camera does not tell its time"],
  ["arrival_only", null, "Arrival: the camera’s time stamps make no sense"],
  [undefined, null, ""],
] as const)("time by %s, %s ms off, is told as %s", (clock, clock_offset_ms, words) => {
  expect(clockWords({ clock, clock_offset_ms })).toBe(words);
});

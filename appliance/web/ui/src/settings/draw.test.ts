import { describe, expect, it } from "vitest";
import { crossesItself, fill, FULL, gridOf, pointAt, type Point } from "./draw";

describe("drawing on a picture", () => {
  it("keeps points within the picture, in parts of 10000", () => {
    expect(pointAt(160, 90, 320, 180)).toEqual([5000, 5000]);
    expect(pointAt(-5, 999, 320, 180)).toEqual([0, FULL]);
    expect(pointAt(1, 1, 0, 0)).toEqual([FULL, FULL]);
  });
  it("tells a border that runs over itself from one that does not", () => {
    const square: Point[] = [[0, 0], [9, 0], [9, 9], [0, 9]];
    expect(crossesItself(square)).toBe(false);
    expect(crossesItself([square[0]!, square[2]!, square[1]!, square[3]!])).toBe(true);
    expect(crossesItself([[0, 0], [9, 0], [4, 9]])).toBe(false);
  });
  it("sets the cells between two of a grid and puts a malformed grid right", () => {
    const grid = gridOf(["1", "0000000"], 4, 3);
    expect(grid).toEqual(["1000", "0000", "0000"]);
    expect(fill(grid, [2, 2], [1, 0], true)).toEqual(["1110", "0110", "0110"]);
    expect(fill(grid, [0, 0], [3, 2], false)).toEqual(["0000", "0000", "0000"]);
  });
});

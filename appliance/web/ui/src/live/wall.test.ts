import { beforeEach, describe, expect, it } from "vitest";
import { fitting, LAYOUTS } from "./layouts";
import { enlarge, pagesOf, put, reconcile, setChannels, setLayout, setStream, shownPlaces, streamFor, swap, takeOff, wall } from "./wall";

beforeEach(() => {
  wall.set({ layout: 0, page: 0, places: [], removed: [], streams: {}, enlarged: null, selected: null, soundOf: null });
});

describe("layouts (D1-PL-04, D1-PL-05, N3.4)", () => {
  it("have as many cells as their name says, none on top of another", () => {
    expect(LAYOUTS.map((layout) => layout.count)).toEqual([1, 4, 8, 9, 16]);
    for (const layout of LAYOUTS) {
      expect(layout.cells).toHaveLength(layout.count);
      const taken = new Set<string>();
      for (const cell of layout.cells)
        for (let dx = 0; dx < cell.span; dx += 1) for (let dy = 0; dy < cell.span; dy += 1) taken.add(`${cell.column + dx}/${cell.row + dy}`);
      expect(taken.size).toBe(layout.columns ** 2);
    }
  });
  it("fit the cameras there are (D1-PB-02)", () => {
    expect([0, 1, 2, 4, 5, 9, 10, 64].map(fitting)).toEqual([1, 1, 4, 4, 9, 9, 16, 16]);
  });
});

describe("places on the wall (N3.1)", () => {
  it("take new cameras into the first empty place and keep the others", () => {
    expect(reconcile([3, null, 1], [], [1, 2, 3, 4])).toEqual([3, 2, 1, 4]);
  });
  it("forget cameras that are gone and do not bring back what was taken off", () => {
    expect(reconcile([1, 2, 3], [2], [1, 2])).toEqual([1, 2]);
    setChannels([1, 2, 3]);
    takeOff(2);
    setChannels([1, 2, 3]);
    expect(shownPlaces(wall.get())).not.toContain(2);
    put(3, 2);
    setChannels([1, 2, 3]);
    expect(shownPlaces(wall.get())[3]).toBe(2);
  });
  it("are swapped by dragging, also with an empty one", () => {
    setChannels([1, 2, 3]);
    swap(0, 2);
    expect(shownPlaces(wall.get())).toEqual([3, 2, 1, null]);
    swap(0, 3);
    expect(shownPlaces(wall.get())).toEqual([null, 2, 1, 3]);
  });
  it("spread over pages when there are more cameras than tiles", () => {
    setChannels(Array.from({ length: 10 }, (_, i) => i + 1));
    setLayout(4);
    expect(pagesOf(wall.get())).toBe(3);
    wall.update({ page: 2 });
    expect(shownPlaces(wall.get())).toEqual([9, 10, null, null]);
    setLayout(9);
    expect(shownPlaces(wall.get())).toContain(9); // what stood first on the page stays in sight
  });
});

describe("the stream of a tile (D1-PB-02)", () => {
  it("is the sub stream in a grid and the main stream alone", () => {
    setChannels([1, 2, 3]);
    expect(streamFor(wall.get(), 1)).toBe("sub");
    enlarge(1);
    expect(streamFor(wall.get(), 1)).toBe("main");
    expect(streamFor(wall.get(), 2)).toBe("sub");
    setStream(1, "sub");
    expect(streamFor(wall.get(), 1)).toBe("sub");
  });
});

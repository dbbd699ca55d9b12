import { afterEach, describe, expect, it, vi } from "vitest";
import { boxed, clamp, isZoomed, restore, setDrawing, setView, transformOf, viewOf, WHOLE, zoomAt, zooms } from "./zoom";
import { zoomGestures, zoomKey, type Box } from "./zoomGestures";

afterEach(() => {
  zooms.set({});
  for (const id of [1, 2]) setDrawing(id, false);
});

/** Which point of the picture is seen at a point of the tile. */
const seenAt = (view: { zoom: number; x: number; y: number }, x: number, y: number): number[] => [(x - view.x) / view.zoom, (y - view.y) / view.zoom];

describe("digital zoom (D1-LV-21, D1-LV-22)", () => {
  it("keeps what is under the pointer under it", () => {
    const first = zoomAt(WHOLE, 2, { x: 0.75, y: 0.25 });
    expect(seenAt(first, 0.75, 0.25)).toEqual([0.75, 0.25]);
    const second = zoomAt(first, 1.5, { x: 0.4, y: 0.6 });
    expect(seenAt(second, 0.4, 0.6)[0]).toBeCloseTo(seenAt(first, 0.4, 0.6)[0]!);
  });
  it("never shows beyond the picture and never less than all of it", () => {
    expect(clamp({ zoom: 2, x: 0.5, y: -3 })).toEqual({ zoom: 2, x: 0, y: -1 });
    expect(zoomAt({ zoom: 2, x: -0.9, y: -0.1 }, 0.1, { x: 0.1, y: 0.9 })).toMatchObject(WHOLE);
    expect(zoomAt(WHOLE, 100, { x: 0, y: 0 }).zoom).toBe(8);
  });
  it("fills the tile with a box, in the tile's proportions, drawn from any corner", () => {
    const view = boxed(WHOLE, { x: 0.75, y: 0.75 }, { x: 0.25, y: 0.5 })!;
    expect(view.zoom).toBe(2);
    expect(seenAt(view, 0.5, 0.5)).toEqual([0.5, 0.625]);
    const again = boxed(view, { x: 0, y: 0 }, { x: 0.5, y: 0.5 })!;
    expect(again.zoom).toBe(4);
    expect(seenAt(again, 0, 0)[0]).toBeCloseTo(seenAt(view, 0, 0)[0]!);
    expect(boxed(WHOLE, { x: 0.5, y: 0.5 }, { x: 0.51, y: 0.5 })).toBeNull();
  });
  it("is one for each tile", () => {
    setView(1, zoomAt(WHOLE, 2, { x: 0, y: 0 }));
    setView(2, zoomAt(WHOLE, 3, { x: 1, y: 1 }));
    expect([viewOf(1).zoom, viewOf(2).zoom]).toEqual([2, 3]);
    expect(restore(1)).toBe(true);
    expect([isZoomed(1), isZoomed(2), restore(1)]).toEqual([false, true, false]);
    expect(transformOf(viewOf(1))).toBeUndefined();
  });
  it("goes by keys too; arrows are the wall's until there is something to move", () => {
    expect(zoomKey(1, "ArrowLeft")).toBe(false);
    expect(zoomKey(1, "-")).toBe(false);
    expect(zoomKey(1, "+")).toBe(true);
    const { x } = viewOf(1);
    expect(zoomKey(1, "ArrowRight")).toBe(true);
    expect(viewOf(1).x).toBeLessThan(x);
    expect(zoomKey(1, "-")).toBe(true);
    expect(isZoomed(1)).toBe(false);
  });
});

describe("a tile under the mouse", () => {
  const tile = (): { element: HTMLElement; boxes: (Box | null)[]; stop: () => void } => {
    const element = document.createElement("div");
    vi.spyOn(element, "getBoundingClientRect").mockReturnValue({ left: 100, top: 100, width: 400, height: 200 } as DOMRect);
    document.body.append(element);
    const boxes: (Box | null)[] = [];
    return { element, boxes, stop: zoomGestures(element, 1, (box) => boxes.push(box)) };
  };
  const point = (type: string, x: number, y: number, more: object = {}): Event => Object.assign(new Event(type, { bubbles: true, cancelable: true }), { clientX: x, clientY: y, button: 0, pointerId: 1, pointerType: "mouse", ...more });

  it("zooms by the wheel, and leaves a wheel that would do nothing to the page", () => {
    const { element, stop } = tile();
    const away = point("wheel", 300, 200, { deltaY: 100, deltaMode: 0 });
    element.dispatchEvent(away);
    expect(away.defaultPrevented).toBe(false);
    const near = point("wheel", 300, 200, { deltaY: -400, deltaMode: 0 });
    element.dispatchEvent(near);
    expect(near.defaultPrevented).toBe(true);
    expect(seenAt(viewOf(1), 0.5, 0.5)[0]).toBeCloseTo(0.5);
    stop();
  });
  it("takes a box once asked to, and then moves the picture by dragging", () => {
    const { element, boxes, stop } = tile();
    const drag = (...points: [number, number][]): void => {
      element.dispatchEvent(point("pointerdown", ...points[0]!));
      for (const next of points.slice(1)) window.dispatchEvent(point("pointermove", ...next));
      window.dispatchEvent(point("pointerup", ...points.at(-1)!));
    };
    drag([200, 150], [300, 200]);
    expect(isZoomed(1)).toBe(false);
    setDrawing(1, true);
    drag([200, 150], [300, 200]);
    expect(viewOf(1).zoom).toBe(4);
    expect(boxes).toEqual([{ a: { x: 0.25, y: 0.25 }, b: { x: 0.5, y: 0.5 } }, null]);
    const { x } = viewOf(1);
    drag([200, 150], [240, 150]);
    expect(viewOf(1).x).toBeCloseTo(x + 0.1);
    stop();
  });
  it("zooms by two fingers", () => {
    const { element, stop } = tile();
    Object.defineProperties(element, { clientWidth: { value: 400 }, clientHeight: { value: 200 } });
    const touch = (type: string, id: number, x: number): Event => point(type, x, 200, { pointerId: id, pointerType: "touch" });
    element.dispatchEvent(touch("pointerdown", 1, 250));
    element.dispatchEvent(touch("pointerdown", 2, 350));
    window.dispatchEvent(touch("pointermove", 2, 400));
    expect(viewOf(1).zoom).toBeCloseTo(1.5);
    for (const id of [1, 2]) window.dispatchEvent(touch("pointerup", id, 0));
    stop();
  });
});

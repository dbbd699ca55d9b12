/** Wheel, pinch and dragging on a tile: zoom around the pointer, move the picture, draw a box. */
import { boxed, drawing, isZoomed, moved, setView, viewOf, zoomAt, type Point } from "./zoom";

/** A box being drawn, in shares of the tile. */
export interface Box {
  a: Point;
  b: Point;
}

const WHEEL = 0.0015;

export function zoomGestures(element: HTMLElement, channel: number, showBox: (box: Box | null) => void): () => void {
  const touches = new Map<number, Point>();
  let drag: { kind: "move" | "box"; id: number; from: Point; last: Point } | null = null;
  let pinch: { distance: number; middle: Point } | null = null;

  const place = (event: { clientX: number; clientY: number }): Point => {
    const box = element.getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  };
  const inPixels = (a: Point, b: Point): number => Math.hypot((a.x - b.x) * element.clientWidth, (a.y - b.y) * element.clientHeight);

  const wheel = (event: WheelEvent): void => {
    if (!isZoomed(channel) && event.deltaY > 0) return;
    event.preventDefault();
    setView(channel, zoomAt(viewOf(channel), Math.exp(-event.deltaY * (event.deltaMode === 1 ? 30 : 1) * WHEEL), place(event)));
  };
  const down = (event: PointerEvent): void => {
    if (event.button !== 0 || (event.target as HTMLElement).closest("button,input,a")) return;
    const at = place(event);
    if (event.pointerType === "touch") touches.set(event.pointerId, at);
    if (touches.size === 2) {
      const [a, b] = [...touches.values()] as [Point, Point];
      drag = null;
      showBox(null);
      pinch = { distance: Math.max(10, inPixels(a, b)), middle: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 } };
      return;
    }
    const box = event.shiftKey || (drawing.get().includes(channel) && !isZoomed(channel));
    if (box || isZoomed(channel)) drag = { kind: box ? "box" : "move", id: event.pointerId, from: at, last: at };
  };
  const move = (event: PointerEvent): void => {
    const at = place(event);
    if (touches.has(event.pointerId)) touches.set(event.pointerId, at);
    if (pinch && touches.size === 2) {
      const [a, b] = [...touches.values()] as [Point, Point];
      const middle = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
      const distance = Math.max(10, inPixels(a, b));
      const shifted = moved(viewOf(channel), middle.x - pinch.middle.x, middle.y - pinch.middle.y);
      setView(channel, zoomAt(shifted, distance / pinch.distance, middle));
      pinch = { distance, middle };
      return;
    }
    if (!drag || drag.id !== event.pointerId) return;
    if (drag.kind === "box") showBox({ a: drag.from, b: at });
    else setView(channel, moved(viewOf(channel), at.x - drag.last.x, at.y - drag.last.y));
    drag.last = at;
  };
  const up = (event: PointerEvent): void => {
    touches.delete(event.pointerId);
    if (touches.size < 2) pinch = null;
    if (!drag || drag.id !== event.pointerId) return;
    if (drag.kind === "box") {
      showBox(null);
      const next = event.type === "pointerup" ? boxed(viewOf(channel), drag.from, drag.last) : null;
      if (next) setView(channel, next);
    }
    drag = null;
  };

  element.addEventListener("wheel", wheel, { passive: false });
  element.addEventListener("pointerdown", down);
  window.addEventListener("pointermove", move);
  window.addEventListener("pointerup", up);
  window.addEventListener("pointercancel", up);
  return () => {
    element.removeEventListener("wheel", wheel);
    element.removeEventListener("pointerdown", down);
    window.removeEventListener("pointermove", move);
    window.removeEventListener("pointerup", up);
    window.removeEventListener("pointercancel", up);
  };
}

const STEP = 1.5;
const MOVE = 0.1;
const ARROWS: Record<string, Point> = { ArrowLeft: { x: MOVE, y: 0 }, ArrowRight: { x: -MOVE, y: 0 }, ArrowUp: { x: 0, y: MOVE }, ArrowDown: { x: 0, y: -MOVE } };

/** Plus, minus and, once zoomed, the arrows; true if the key was one of them. */
export function zoomKey(channel: number, key: string): boolean {
  const view = viewOf(channel);
  const middle = { x: 0.5, y: 0.5 };
  const arrow = ARROWS[key];
  if (key === "+" || key === "=") setView(channel, zoomAt(view, STEP, middle));
  else if (key === "-" && view.zoom > 1) setView(channel, zoomAt(view, 1 / STEP, middle));
  else if (arrow && view.zoom > 1) setView(channel, moved(view, arrow.x, arrow.y));
  else return false;
  return true;
}

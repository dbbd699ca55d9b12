/** Pointer and wheel on the bar: click plays, dragging moves it, the position or the ruler scrubs, pinch zooms. */
import { GUTTER_PX, RULER_PX } from "./draw";
import { pan, timeAt, widthOf, xOf, zoom, type View } from "./scale";

export interface Target {
  view(): View;
  /** Position line, ms UTC. */
  position(): number;
  setView(view: View): void;
  scrub(at: number): void;
  endScrub(): void;
  /** A click at an instant; `y` tells the row. */
  click(at: number, y: number): void;
  hover(x: number | null, y: number): void;
  width(): number;
}

const CLICK_PX = 4;
const GRAB_PX = 8;

type Drag = { kind: "pan" | "scrub"; startX: number; view: View; moved: boolean };

export function gestures(canvas: HTMLCanvasElement, target: Target): () => void {
  const pointers = new Map<number, number>();
  let drag: Drag | null = null;
  let pinch: { distance: number; view: View; middle: number } | null = null;

  const place = (event: { clientX: number; clientY: number }): { x: number; y: number } => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const wide = (): number => target.width() - GUTTER_PX;
  const at = (x: number, view: View = target.view()): number => timeAt(view, wide(), x - GUTTER_PX);

  const down = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const { x, y } = place(event);
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, x);
    if (pointers.size === 2) {
      if (drag?.kind === "scrub") target.endScrub();
      drag = null;
      const [a, b] = [...pointers.values()] as [number, number];
      pinch = { distance: Math.max(10, Math.abs(a - b)), view: target.view(), middle: at((a + b) / 2) };
      return;
    }
    const line = GUTTER_PX + xOf(target.view(), wide(), target.position());
    const kind = y < RULER_PX || Math.abs(x - line) <= GRAB_PX ? "scrub" : "pan";
    drag = { kind, startX: x, view: target.view(), moved: false };
  };

  const move = (event: PointerEvent): void => {
    const { x, y } = place(event);
    if (pointers.has(event.pointerId)) pointers.set(event.pointerId, x);
    if (pinch && pointers.size === 2) {
      const [a, b] = [...pointers.values()] as [number, number];
      target.setView(zoom(pinch.view, pinch.distance / Math.max(10, Math.abs(a - b)), pinch.middle));
      return;
    }
    if (!drag) return target.hover(event.pointerType === "mouse" && x >= GUTTER_PX ? x : null, y);
    if (!drag.moved && Math.abs(x - drag.startX) < CLICK_PX) return;
    drag.moved = true;
    target.hover(null, y);
    if (drag.kind === "scrub") target.scrub(at(x));
    else target.setView(pan(drag.view, (-(x - drag.startX) / wide()) * widthOf(drag.view)));
  };

  const up = (event: PointerEvent): void => {
    pointers.delete(event.pointerId);
    if (pointers.size < 2) pinch = null;
    if (!drag) return;
    const { x, y } = place(event);
    if (!drag.moved && event.type === "pointerup" && x >= GUTTER_PX) target.click(at(x), y);
    else if (drag.moved && drag.kind === "scrub") target.endScrub();
    drag = null;
  };

  const wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const { x } = place(event);
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      const by = (event.deltaX || event.deltaY) / wide();
      return target.setView(pan(target.view(), by * widthOf(target.view())));
    }
    const lines = event.deltaMode === 1 ? 30 : 1;
    target.setView(zoom(target.view(), Math.exp(event.deltaY * lines * 0.002), at(Math.max(GUTTER_PX, x))));
  };

  const leave = (): void => target.hover(null, 0);
  canvas.addEventListener("pointerdown", down);
  canvas.addEventListener("pointermove", move);
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("pointerleave", leave);
  canvas.addEventListener("wheel", wheel, { passive: false });
  return () => {
    canvas.removeEventListener("pointerdown", down);
    canvas.removeEventListener("pointermove", move);
    canvas.removeEventListener("pointerup", up);
    canvas.removeEventListener("pointercancel", up);
    canvas.removeEventListener("pointerleave", leave);
    canvas.removeEventListener("wheel", wheel);
  };
}

/** The wheel zooms into a tile's picture around the pointer; dragging then moves it; 1x lets go. */
import { useEffect, useState, type RefObject } from "react";

const MOST = 8;

export interface View {
  zoom: number;
  x: number;
  y: number;
}

/** Zoom by `factor` around a point (fractions of the tile), never showing beyond the picture's edge. */
export function zoomAt(view: View, factor: number, px: number, py: number): View {
  const zoom = Math.min(MOST, Math.max(1, view.zoom * factor));
  const ratio = zoom / view.zoom;
  return clamp({ zoom, x: px - (px - view.x) * ratio, y: py - (py - view.y) * ratio });
}

export function clamp(view: View): View {
  const least = 1 - view.zoom;
  return { zoom: view.zoom, x: Math.min(0, Math.max(least, view.x)), y: Math.min(0, Math.max(least, view.y)) };
}

export function useDigitalZoom(root: RefObject<HTMLDivElement | null>, target: HTMLElement): boolean {
  const [zoomed, setZoomed] = useState(false);
  useEffect(() => {
    const element = root.current;
    if (!element) return;
    let view: View = { zoom: 1, x: 0, y: 0 };
    let last: { x: number; y: number } | null = null;
    const apply = (next: View): void => {
      view = next;
      target.style.transformOrigin = "0 0";
      target.style.transform = view.zoom === 1 ? "" : `translate(${view.x * 100}%, ${view.y * 100}%) scale(${view.zoom})`;
      setZoomed(view.zoom > 1);
    };
    const wheel = (event: WheelEvent): void => {
      if (view.zoom === 1 && event.deltaY > 0) return;
      event.preventDefault();
      const box = element.getBoundingClientRect();
      apply(zoomAt(view, Math.exp(-event.deltaY * 0.0015), (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height));
    };
    const down = (event: PointerEvent): void => {
      if (view.zoom > 1 && !(event.target as HTMLElement).closest("button")) last = { x: event.clientX, y: event.clientY };
    };
    const move = (event: PointerEvent): void => {
      if (!last) return;
      const box = element.getBoundingClientRect();
      apply(clamp({ zoom: view.zoom, x: view.x + (event.clientX - last.x) / box.width, y: view.y + (event.clientY - last.y) / box.height }));
      last = { x: event.clientX, y: event.clientY };
    };
    const up = (): void => {
      last = null;
    };
    element.addEventListener("wheel", wheel, { passive: false });
    element.addEventListener("pointerdown", down);
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", up);
    return () => {
      element.removeEventListener("wheel", wheel);
      element.removeEventListener("pointerdown", down);
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", up);
      target.style.transform = "";
    };
  }, [root, target]);
  return zoomed;
}

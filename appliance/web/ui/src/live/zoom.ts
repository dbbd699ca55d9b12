/** Digital zoom of a tile (D1-LV-21, D1-LV-22): which part of the picture is seen. The picture itself stays whole. */
import { Store } from "../state/store";

export const MOST = 8;
/** A box narrower than this share of the tile is a slip of the hand. */
const LEAST_BOX = 0.03;

/** The picture is drawn `zoom` times as large, its corner at x and y (shares of the tile, never above 0). */
export interface View {
  zoom: number;
  x: number;
  y: number;
}

export interface Point {
  x: number;
  y: number;
}

export const WHOLE: View = { zoom: 1, x: 0, y: 0 };

/** By channel; whole pictures are not in it. */
export const zooms = new Store<Record<number, View>>({});
/** Channels whose tile waits for a box to be drawn. */
export const drawing = new Store<readonly number[]>([]);

export const viewOf = (channel: number): View => zooms.get()[channel] ?? WHOLE;
export const isZoomed = (channel: number): boolean => viewOf(channel).zoom > 1;

export function setView(channel: number, view: View): void {
  const { [channel]: _before, ...rest } = zooms.get();
  zooms.set(view.zoom > 1 ? { ...rest, [channel]: view } : rest);
}

export function setDrawing(channel: number, on: boolean): void {
  const rest = drawing.get().filter((id) => id !== channel);
  drawing.set(on ? [...rest, channel] : rest);
}

/** The whole picture again; false if it was whole. */
export function restore(channel: number): boolean {
  const had = isZoomed(channel) || drawing.get().includes(channel);
  setView(channel, WHOLE);
  setDrawing(channel, false);
  return had;
}

/** Zoom by `factor` around a point, never showing beyond the picture's edge. */
export function zoomAt(view: View, factor: number, at: Point): View {
  const zoom = Math.min(MOST, Math.max(1, view.zoom * factor));
  const ratio = zoom / view.zoom;
  return clamp({ zoom, x: at.x - (at.x - view.x) * ratio, y: at.y - (at.y - view.y) * ratio });
}

export const moved = (view: View, x: number, y: number): View => clamp({ zoom: view.zoom, x: view.x + x, y: view.y + y });

/** Enlarge the box between two points of the tile until it fills it, with its proportions; null if there is hardly a box. */
export function boxed(view: View, a: Point, b: Point): View | null {
  const side = Math.max(Math.abs(a.x - b.x), Math.abs(a.y - b.y));
  if (side < LEAST_BOX) return null;
  const zoom = Math.min(MOST, view.zoom / side);
  const middle = { x: ((a.x + b.x) / 2 - view.x) / view.zoom, y: ((a.y + b.y) / 2 - view.y) / view.zoom };
  return clamp({ zoom, x: 0.5 - middle.x * zoom, y: 0.5 - middle.y * zoom });
}

export function clamp(view: View): View {
  const least = 1 - view.zoom;
  return { zoom: view.zoom, x: Math.min(0, Math.max(least, view.x)), y: Math.min(0, Math.max(least, view.y)) };
}

/** As CSS; undefined for the whole picture. */
export const transformOf = (view: View): string | undefined => (view.zoom === 1 ? undefined : `translate(${view.x * 100}%, ${view.y * 100}%) scale(${view.zoom})`);

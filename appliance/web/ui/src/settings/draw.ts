/** Lines, regions and grids on a picture: points in 1/10000 of its width and height. Pure. */

export type Point = [x: number, y: number];

export interface Shape {
  name: string;
  points: Point[];
}

export const FULL = 10_000;

export const pointAt = (x: number, y: number, width: number, height: number): Point => {
  const part = (value: number, whole: number): number => Math.max(0, Math.min(FULL, Math.round((value / Math.max(1, whole)) * FULL)));
  return [part(x, width), part(y, height)];
};

const side = (a: Point, b: Point, c: Point): number => Math.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));
const cross = (a: Point, b: Point, c: Point, d: Point): boolean => side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;

/** Whether the border of a region runs over itself. */
export function crossesItself(points: readonly Point[]): boolean {
  const edges = points.map((point, i): [Point, Point] => [point, points[(i + 1) % points.length]!]);
  return edges.some(([a, b], i) => edges.some(([c, d], k) => k > i + 1 && !(i === 0 && k === edges.length - 1) && cross(a, b, c, d)));
}

/** A grid as rows of "0" and "1"; what is too short or too long is put right. */
export function gridOf(value: unknown, columns: number, rows: number): string[] {
  const given = Array.isArray(value) ? value.map(String) : [];
  return Array.from({ length: rows }, (_, y) => (given[y] ?? "").padEnd(columns, "0").slice(0, columns));
}

/** Set every cell between two, both included. */
export function fill(grid: readonly string[], from: Point, to: Point, on: boolean): string[] {
  const [left, right] = [Math.min(from[0], to[0]), Math.max(from[0], to[0])];
  const [top, bottom] = [Math.min(from[1], to[1]), Math.max(from[1], to[1])];
  return grid.map((row, y) => (y < top || y > bottom ? row : [...row].map((cell, x) => (x < left || x > right ? cell : on ? "1" : "0")).join("")));
}

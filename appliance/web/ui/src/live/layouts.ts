/** The wall's layouts (D1-PL-04, N3.4): where each tile stands, in cells of a grid. */

export interface Cell {
  column: number;
  row: number;
  span: number;
}

export interface Layout {
  count: number;
  columns: number;
  cells: Cell[];
}

function square(columns: number): Layout {
  const count = columns * columns;
  const cells = Array.from({ length: count }, (_, i) => ({ column: (i % columns) + 1, row: Math.floor(i / columns) + 1, span: 1 }));
  return { count, columns, cells };
}

/** One large picture and seven small ones around it, in a grid of four by four. */
const eight: Layout = {
  count: 8,
  columns: 4,
  cells: [
    { column: 1, row: 1, span: 3 },
    ...[1, 2, 3].map((row) => ({ column: 4, row, span: 1 })),
    ...[1, 2, 3, 4].map((column) => ({ column, row: 4, span: 1 })),
  ],
};

export const LAYOUTS: readonly Layout[] = [square(1), square(2), eight, square(3), square(4)];

export const layoutOf = (count: number): Layout => LAYOUTS.find((layout) => layout.count === count) ?? LAYOUTS[1]!;

/** The smallest even grid that shows `channels` cameras at once (D1-PB-02). */
export function fitting(channels: number): number {
  return [1, 4, 9].find((count) => channels <= count) ?? 16;
}

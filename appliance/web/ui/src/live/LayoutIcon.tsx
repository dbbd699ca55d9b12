/** A layout of the wall as a little drawing. */
import type { Layout } from "./layouts";

export function LayoutIcon({ layout }: { layout: Layout }) {
  const unit = 18 / layout.columns;
  return (
    <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden>
      {layout.cells.map((cell) => (
        <rect
          key={`${cell.column}/${cell.row}`} x={1 + (cell.column - 1) * unit + 0.6} y={1 + (cell.row - 1) * unit + 0.6}
          width={cell.span * unit - 1.2} height={cell.span * unit - 1.2} rx="0.8" fill="currentColor"
        />
      ))}
    </svg>
  );
}

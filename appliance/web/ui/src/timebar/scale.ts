/** The stretch of time that the bar shows: zooming around a point, moving, following. All pure. */

export interface View {
  start: number;
  end: number;
}

export const SHORTEST_MS = 1000;
export const LONGEST_MS = 31 * 86_400_000;

export const widthOf = (view: View): number => view.end - view.start;
export const xOf = (view: View, pixels: number, ms: number): number => ((ms - view.start) / widthOf(view)) * pixels;
export const timeAt = (view: View, pixels: number, x: number): number => view.start + (x / pixels) * widthOf(view);

/** Zoom by `factor` (< 1 shows less time) so that `around` stays where it is. */
export function zoom(view: View, factor: number, around: number): View {
  const width = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, widthOf(view) * factor));
  const share = (around - view.start) / widthOf(view);
  return { start: around - width * share, end: around + width * (1 - share) };
}

export function pan(view: View, byMs: number): View {
  return { start: view.start + byMs, end: view.end + byMs };
}

/** A view of `width` with `at` at `share` of it. */
export function around(at: number, width: number, share = 0.5): View {
  const clamped = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, width));
  return { start: at - clamped * share, end: at + clamped * (1 - share) };
}

/** Keep `at` in sight: a view it has left moves, so that it stands at 30 % (live: at 92 %). */
export function follow(view: View, at: number, live: boolean): View {
  const width = widthOf(view);
  if (live) return around(at, width, 0.92);
  if (at >= view.start + width * 0.02 && at <= view.end - width * 0.05) return view;
  return around(at, width, 0.3);
}

/** Not further ahead than a little after `now`. */
export function within(view: View, now: number): View {
  const width = widthOf(view);
  const latest = now + width * 0.5;
  return view.end > latest ? { start: latest - width, end: latest } : view;
}

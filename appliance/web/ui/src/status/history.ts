/** The last ten minutes of the box's figures, gathered while the page is open. */
import { box } from "../state/box";
import { Store } from "../state/store";

export interface Point {
  /** ms UTC */
  at: number;
  cpu: number | null;
  mbits: number | null;
}

const KEPT_MS = 600_000;
const EVERY_MS = 1900;
const BREAK_MS = 15_000;

export const history = new Store<Point[]>([]);

/** Add a point; a break in between becomes a gap in the chart. */
export function addPoint(points: readonly Point[], point: Point): Point[] {
  const last = points.at(-1);
  if (last && point.at - last.at < EVERY_MS) return points as Point[];
  const kept = points.filter((old) => old.at > point.at - KEPT_MS);
  if (last && point.at - last.at > BREAK_MS) kept.push({ at: last.at + EVERY_MS, cpu: null, mbits: null });
  return [...kept, point];
}

box.subscribe(() => {
  const { status, channels } = box.get();
  if (!status) return;
  let bps = 0;
  for (const channel of channels ?? []) for (const facts of Object.values(channel.streams)) bps += facts?.bitrate_bps ?? 0;
  history.set(addPoint(history.get(), { at: status.box.time, cpu: status.host.cpu_percent, mbits: bps / 1e6 }));
});

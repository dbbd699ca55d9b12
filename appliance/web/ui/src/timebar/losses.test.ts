import { expect, it } from "vitest";
import type { Span } from "../api/types";
import { draw, RULER_PX, rowHeight, type Picture } from "./draw";

const NOW = 1_800_000_000_000;
const lost = (channel: number, stream: "main" | "sub", seconds: number): Span => ({ channel, stream, from: NOW - 900_000, to: NOW - 900_000 + seconds * 1000, kind: "lost", locked: false, reason: "disk" });

interface Hatched {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The rectangles that are hatched on a bar of one channel: those that lines are clipped to. */
function hatched(losses: Span[]): Hatched[] {
  const known: Record<string | symbol, unknown> = { measureText: () => ({ width: 10 }), canvas: { clientWidth: 1000 } };
  const found: Hatched[] = [];
  let box: number[] = [];
  known["rect"] = (...at: number[]) => (box = at);
  known["clip"] = () => found.push({ x: box[0]!, y: box[1]!, width: box[2]!, height: box[3]! });
  const context = new Proxy(known, { get: (_of, name) => known[name] ?? (() => undefined) }) as unknown as CanvasRenderingContext2D;
  const picture: Picture = {
    view: { start: NOW - 1_800_000, end: NOW }, rows: [{ channel: 1, label: "D1", selected: false }], spans: [], losses, events: [], tags: [], hiddenKinds: new Set(),
    position: NOW - 900_000, now: NOW, live: false, hoverX: null, clip: { from: null, to: null },
  };
  draw(context, 1000, 60, picture, {});
  return found.slice(1); // the first keeps everything right of the labels
}

it("hatches what was lost of its channels, over the whole row where main is missing (pain 1)", () => {
  expect(hatched([])).toEqual([]);
  expect(hatched([lost(2, "main", 60)])).toEqual([]);
  const [main] = hatched([lost(1, "main", 60)]);
  expect(main).toMatchObject({ y: RULER_PX + 1, height: rowHeight(1) - 2 });
  const [sub] = hatched([lost(1, "sub", 60)]);
  expect(sub!.height).toBe(main!.height / 2);
  expect(sub!.y + sub!.height).toBe(main!.y + main!.height);
});

it("shows a loss however short it is", () => {
  expect(hatched([lost(1, "main", 0.04)])[0]!.width).toBeGreaterThanOrEqual(3);
});

import { expect, it } from "vitest";
import type { Span } from "../api/types";
import { draw, type Picture } from "./draw";
import { KINDS } from "./kinds";

const NOW = 1_800_000_000_000;

/** What is filled, by colour. */
function filled(hidden: string[]): Set<unknown> {
  const colours = new Set<unknown>();
  const known: Record<string | symbol, unknown> = { measureText: () => ({ width: 10 }) };
  const context = new Proxy(known, {
    get: (_of, name) => (name === "fillRect" ? () => colours.add(known["fillStyle"]) : (known[name] ?? (() => undefined))),
  }) as unknown as CanvasRenderingContext2D;
  const spans = KINDS.map((kind, place) => ({ channel: 1, stream: "main", from: NOW - 600_000 + place * 60_000, to: NOW - 550_000 + place * 60_000, kind: kind.name }) as unknown as Span);
  const picture: Picture = {
    view: { start: NOW - 1_800_000, end: NOW }, rows: [{ channel: 1, label: "D1", selected: false }], spans, losses: [], events: [], tags: [], hiddenKinds: new Set(hidden),
    position: NOW - 900_000, now: NOW, live: false, hoverX: null, clip: { from: null, to: null },
  };
  draw(context, 1000, 60, picture, Object.fromEntries(KINDS.map((kind) => [kind.colour, kind.name])));
  return colours;
}

it("shows the kinds of recording that are not filtered out (D1-PB-08)", () => {
  for (const kind of KINDS) expect(filled([])).toContain(kind.name);
  const rest = filled(["motion", "alarm"]);
  expect(rest).toContain("general");
  expect(rest).not.toContain("motion");
  expect(rest).not.toContain("alarm");
});

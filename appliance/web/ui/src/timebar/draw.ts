/** Draws the bar on its canvas: ruler, one row per channel, locks, marks, the position and now. */
import type { NvrEvent, Span } from "../api/types";
import type { Tag } from "../tags/api";
import { time } from "../time/format";
import { KINDS, shownKind } from "./kinds";
import { xOf, type View } from "./scale";
import { ticks } from "./ticks";

export const RULER_PX = 24;
export const GUTTER_PX = 44;
/** A loss is seen, however short. */
const LEAST_LOSS_PX = 3;

export interface Row {
  channel: number;
  label: string;
  selected: boolean;
}

export interface Picture {
  view: View;
  rows: readonly Row[];
  spans: readonly Span[];
  losses: readonly Span[];
  events: readonly NvrEvent[];
  tags: readonly Tag[];
  hiddenKinds: ReadonlySet<string>;
  position: number;
  now: number;
  live: boolean;
  hoverX: number | null;
  clip: { from: number | null; to: number | null };
}

export interface Colours {
  [name: string]: string;
}

export function coloursOf(element: HTMLElement): Colours {
  const style = getComputedStyle(element);
  const names = ["--mantine-color-text", "--mantine-color-dimmed", "--nvr-line", "--nvr-frame", "--nvr-raised", "--nvr-accent", "--nvr-record", ...KINDS.map((kind) => kind.colour)];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(name).trim()]));
}

/** Height of a row in px: the fewer, the taller. */
export const rowHeight = (rows: number): number => (rows <= 1 ? 30 : rows <= 4 ? 18 : rows <= 9 ? 12 : 7);
export const barHeight = (rows: number): number => RULER_PX + Math.max(1, rows) * rowHeight(rows) + 6;

export function draw(context: CanvasRenderingContext2D, width: number, height: number, picture: Picture, colours: Colours): void {
  const { view, rows } = picture;
  const wide = width - GUTTER_PX;
  const x = (ms: number): number => GUTTER_PX + xOf(view, wide, ms);
  const tall = rowHeight(rows.length);
  context.clearRect(0, 0, width, height);
  context.font = '12px "Inter Variable", sans-serif';
  context.textBaseline = "middle";

  context.save();
  context.beginPath();
  context.rect(GUTTER_PX, 0, wide, height);
  context.clip();
  drawRuler(context, view, wide, height, x, colours);
  drawFuture(context, x(picture.now), width, height, colours);
  const top = new Map(rows.map((row, i) => [row.channel, RULER_PX + i * tall]));
  for (const y of top.values()) {
    context.fillStyle = colours["--nvr-line"]!;
    context.globalAlpha = 0.45;
    context.fillRect(GUTTER_PX, y + 1, wide, tall - 2);
    context.globalAlpha = 1;
  }
  drawSpans(context, picture, top, tall, x, width, colours);
  drawLosses(context, picture.losses, top, tall, x, width, colours);
  drawEvents(context, picture.events, x, colours);
  drawTags(context, picture.tags, top, tall, x, colours);
  drawClip(context, picture.clip, x, height, colours);
  drawLines(context, picture, x, height, colours);
  context.restore();
  drawLabels(context, rows, tall, colours);
}

function drawRuler(context: CanvasRenderingContext2D, view: View, wide: number, height: number, x: (ms: number) => number, colours: Colours): void {
  let lastEnd = -Infinity;
  for (const tick of ticks(view, wide)) {
    const at = Math.round(x(tick.at)) + 0.5;
    context.strokeStyle = colours["--nvr-line"]!;
    context.beginPath();
    context.moveTo(at, tick.major ? 14 : RULER_PX - 4);
    context.lineTo(at, tick.major ? height : RULER_PX);
    context.stroke();
    if (tick.label === null) continue;
    const width = context.measureText(tick.label).width;
    if (at + 4 < lastEnd + 8) continue;
    context.fillStyle = colours["--mantine-color-dimmed"]!;
    context.fillText(tick.label, at + 5, 10);
    lastEnd = at + 5 + width;
  }
}

function drawFuture(context: CanvasRenderingContext2D, from: number, width: number, height: number, colours: Colours): void {
  if (from >= width) return;
  context.fillStyle = colours["--nvr-frame"]!;
  context.globalAlpha = 0.6;
  context.fillRect(Math.max(GUTTER_PX, from), RULER_PX, width, height);
  context.globalAlpha = 1;
}

function drawSpans(context: CanvasRenderingContext2D, picture: Picture, top: Map<number, number>, tall: number, x: (ms: number) => number, width: number, colours: Colours): void {
  for (const { name: kind, colour } of KINDS) {
    if (picture.hiddenKinds.has(kind)) continue;
    for (const span of picture.spans) {
      const y = top.get(span.channel);
      if (y === undefined || shownKind(span.kind) !== kind) continue;
      const from = Math.max(GUTTER_PX - 1, x(span.from));
      const to = Math.min(width + 1, x(span.to));
      if (to < GUTTER_PX || from > width) continue;
      const long = Math.max(1, to - from);
      context.fillStyle = colours[colour] ?? colours["--nvr-general"]!;
      context.fillRect(from, y + 1, long, tall - 2);
      if (span.locked) drawLock(context, from, long, y, tall, colours);
    }
  }
}

/** Over what was recorded beside it: the whole height where main was lost, else the lower half. */
function drawLosses(context: CanvasRenderingContext2D, losses: readonly Span[], top: Map<number, number>, tall: number, x: (ms: number) => number, width: number, colours: Colours): void {
  for (const span of losses) {
    const y = top.get(span.channel);
    const from = Math.max(GUTTER_PX - 1, x(span.from));
    const to = Math.min(width + 1, x(span.to));
    if (y === undefined || to < GUTTER_PX || from > width) continue;
    const high = span.stream === "main" ? tall - 2 : (tall - 2) / 2;
    hatch(context, from, y + tall - 1 - high, Math.max(LEAST_LOSS_PX, to - from), high, colours);
  }
}

function hatch(context: CanvasRenderingContext2D, x: number, y: number, width: number, height: number, colours: Colours): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.fillStyle = colours["--nvr-frame"]!;
  context.globalAlpha = 0.6;
  context.fillRect(x, y, width, height);
  context.globalAlpha = 1;
  context.strokeStyle = colours["--mantine-color-text"]!;
  for (let at = x - height; at < x + width; at += 5) {
    context.beginPath();
    context.moveTo(at, y + height);
    context.lineTo(at + height, y);
    context.stroke();
  }
  context.restore();
}

/** A locked stretch: a line along its top and, where there is room, a padlock. */
function drawLock(context: CanvasRenderingContext2D, x: number, width: number, y: number, tall: number, colours: Colours): void {
  context.fillStyle = colours["--mantine-color-text"]!;
  context.fillRect(x, y + 1, width, 2);
  if (width < 14 || tall < 12) return;
  const middle = x + Math.min(width / 2, 10);
  const base = y + tall / 2;
  context.fillRect(middle - 3.5, base - 0.5, 7, 5);
  context.strokeStyle = colours["--mantine-color-text"]!;
  context.lineWidth = 1.4;
  context.beginPath();
  context.arc(middle, base - 0.5, 2.3, Math.PI, 0);
  context.stroke();
  context.lineWidth = 1;
}

function drawEvents(context: CanvasRenderingContext2D, events: readonly NvrEvent[], x: (ms: number) => number, colours: Colours): void {
  context.fillStyle = colours["--nvr-accent"]!;
  for (const event of events) {
    const at = x(event.start);
    context.beginPath();
    context.moveTo(at - 3, RULER_PX - 6);
    context.lineTo(at + 3, RULER_PX - 6);
    context.lineTo(at, RULER_PX - 1);
    context.fill();
  }
}

/** A tag: a flag on the row of its channel, its pole at the instant. */
function drawTags(context: CanvasRenderingContext2D, tags: readonly Tag[], top: Map<number, number>, tall: number, x: (ms: number) => number, colours: Colours): void {
  const flag = Math.min(8, tall - 2);
  for (const tag of tags) {
    const y = top.get(tag.channel);
    if (y === undefined) continue;
    const at = Math.round(x(tag.at));
    // An edge of the other brightness, so that it shows on every colour of a recording.
    for (const [colour, wider] of [["--nvr-frame", 1], ["--mantine-color-text", 0]] as const) {
      context.fillStyle = colours[colour]!;
      context.fillRect(at - 1 - wider, y + 1 - wider, 2 + 2 * wider, tall - 2 + 2 * wider);
      context.beginPath();
      context.moveTo(at, y + 1 - wider);
      context.lineTo(at + flag + 2 * wider, y + 1 + flag / 2);
      context.lineTo(at, y + 1 + flag + wider);
      context.fill();
    }
  }
}

function drawClip(context: CanvasRenderingContext2D, clip: Picture["clip"], x: (ms: number) => number, height: number, colours: Colours): void {
  if (clip.from === null) return;
  const from = x(clip.from);
  context.fillStyle = colours["--nvr-accent"]!;
  if (clip.to !== null) {
    context.globalAlpha = 0.22;
    context.fillRect(from, RULER_PX, x(clip.to) - from, height);
    context.globalAlpha = 1;
    context.fillRect(x(clip.to) - 1, RULER_PX - 6, 2, height);
  }
  context.fillRect(from - 1, RULER_PX - 6, 2, height);
}

function drawLines(context: CanvasRenderingContext2D, picture: Picture, x: (ms: number) => number, height: number, colours: Colours): void {
  const now = x(picture.now);
  context.fillStyle = colours["--nvr-record"]!;
  context.fillRect(now - 0.5, RULER_PX - 8, 1, height);
  if (picture.hoverX !== null) {
    context.fillStyle = colours["--mantine-color-dimmed"]!;
    context.fillRect(picture.hoverX, RULER_PX - 4, 1, height);
  }
  const at = x(picture.live ? picture.now : picture.position);
  context.fillStyle = picture.live ? colours["--nvr-record"]! : colours["--mantine-color-text"]!;
  context.fillRect(at - 1, RULER_PX - 10, 2, height);
  const text = time(picture.live ? picture.now : picture.position);
  const half = context.measureText(text).width / 2 + 7;
  const middle = Math.max(GUTTER_PX + half, Math.min(context.canvas.clientWidth - half, at));
  context.beginPath();
  context.roundRect(middle - half, 1, half * 2, 18, 4);
  context.fill();
  context.fillStyle = picture.live ? "#fff" : colours["--nvr-frame"]!;
  context.textAlign = "center";
  context.fillText(text, middle, 10.5);
  context.textAlign = "start";
}

function drawLabels(context: CanvasRenderingContext2D, rows: readonly Row[], tall: number, colours: Colours): void {
  context.font = `${tall >= 10 ? Math.min(12, tall) : 9}px "Inter Variable", sans-serif`;
  rows.forEach((row, i) => {
    context.fillStyle = row.selected ? colours["--nvr-accent"]! : colours["--mantine-color-dimmed"]!;
    const y = RULER_PX + i * tall + tall / 2;
    // Sixteen thin rows: every other label, so that they stay legible.
    if (tall >= 10 || i % 2 === 0) context.fillText(row.label, 10, y + 0.5);
    if (row.selected) context.fillRect(2, y - tall / 2 + 1, 3, tall - 2);
  });
}

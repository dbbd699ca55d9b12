/** The time bar under the wall: transport above, the canvas with a row for each visible channel below. */
import { VisuallyHidden } from "@mantine/core";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { get } from "../api/http";
import type { Channel, NvrEvent } from "../api/types";
import { t } from "../i18n";
import { clip } from "../live/clip";
import { deck } from "../media/deck";
import { scheme } from "../state/appearance";
import { box, boxNow } from "../state/box";
import { useSelect, useStore } from "../state/store";
import { time } from "../time/format";
import { tagAt, useTagMarks } from "../tags/marks";
import { say } from "../ui/toast";
import { barHeight, coloursOf, draw, GUTTER_PX, RULER_PX, rowHeight, type Colours } from "./draw";
import { gestures } from "./gestures";
import { shownChannels } from "./JumpTools";
import { Preview, type Hover } from "./Preview";
import { around, follow, timeAt, widthOf, within, zoom, type View } from "./scale";
import { findNext, lossAt, nextAfter, recordedAt, visible, type Spans } from "./spans";
import { bar, zoomed } from "./state";
import styles from "./timebar.module.css";
import { Transport } from "./Transport";

/** What is being recorded now shows up in the list of recordings this late. */
const NOT_LISTED_YET_MS = 9000;
/** So near to it the pointer is on a loss, which may be very short. */
const LOSS_PX = 4;

/** Events of the view, as ticks; asked for when the view rests. */
function useEvents(channels: readonly number[]): NvrEvent[] {
  const [events, setEvents] = useState<NvrEvent[]>([]);
  const { view } = useStore(bar);
  const quantum = Math.max(60_000, widthOf(view) / 4);
  const from = Math.floor(view.start / quantum) * quantum;
  const to = Math.ceil(view.end / quantum) * quantum;
  const newest = useSelect(box, (state) => state.events[0]?.id);
  useEffect(() => {
    const abort = new AbortController();
    const timer = setTimeout(() => {
      get<{ events: NvrEvent[] }>("/events", { from: Math.round(from), to: Math.round(to), limit: 200 }, abort.signal).then((page) => setEvents(page.events), () => {});
    }, 300);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [from, to, newest]);
  return useMemo(() => events.filter((event) => event.channel !== null && channels.includes(event.channel)), [events, channels]);
}

/** The position for screen readers, once a second at most. */
function announce(element: HTMLElement, view: View, position: number): void {
  const text = time(position);
  if (element.getAttribute("aria-valuetext") === text) return;
  element.setAttribute("aria-valuetext", text);
  element.setAttribute("aria-valuemin", String(Math.round(view.start)));
  element.setAttribute("aria-valuemax", String(Math.round(view.end)));
  element.setAttribute("aria-valuenow", String(Math.round(position)));
}

export function TimeBar({ channels, selected, spans }: { channels: Channel[]; selected: number | null; spans: Spans }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [hover, setHover] = useState<Hover | null>(null);
  const [width, setWidth] = useState(0);
  const colours = useRef<Colours | null>(null);
  const look = useStore(scheme);
  const { fault } = useStore(spans.state);
  const zone = useSelect(box, (state) => state.status?.box.zone);
  const key = channels.map((channel) => channel.id).join(",");
  const ids = useMemo(() => (key === "" ? [] : key.split(",").map(Number)), [key]);
  const events = useEvents(ids);
  const tags = useTagMarks(ids);
  const height = barHeight(ids.length);
  const latest = useRef({ ids, events, tags, selected, hoverX: null as number | null });
  latest.current = { ids, events, tags, selected, hoverX: hover?.x ?? null };

  useEffect(() => {
    // The document takes the other colours on after this; the next painting reads them.
    const frame = requestAnimationFrame(() => (colours.current = null));
    return () => cancelAnimationFrame(frame);
  }, [look]);

  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // Draw when something has changed: at most once a frame, four times a second while time goes by.
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context || width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    element.width = Math.round(width * ratio);
    element.height = Math.round(height * ratio);
    let frame = 0;
    const paint = (): void => {
      frame = 0;
      const { ids: rows, events: marks, tags: named, selected: chosen, hoverX } = latest.current;
      const { mode, scrubbing } = deck.state.get();
      const now = boxNow();
      const position = deck.position();
      const state = bar.get();
      if (state.following && !scrubbing) {
        const moved = follow(state.view, position, mode === "live");
        // Less than half a pixel is not worth a render of everything that watches the view.
        if (Math.abs(moved.start - state.view.start) > widthOf(state.view) / width / 2) bar.update({ view: moved });
      }
      const { view, hiddenKinds } = bar.get();
      spans.need(view, rows, width - GUTTER_PX);
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      colours.current ??= coloursOf(element);
      announce(element, view, position);
      draw(context, width, height, {
        view, position, now, live: mode === "live", hoverX, clip: clip.get(), events: marks, tags: named, spans: spans.state.get().spans, losses: spans.state.get().losses, hiddenKinds: new Set(hiddenKinds),
        rows: rows.map((id) => ({ channel: id, label: t("channel.short", { id: String(id) }), selected: id === chosen })),
      }, colours.current);
    };
    const soon = (): void => {
      frame ||= requestAnimationFrame(paint);
    };
    const stops = [bar.subscribe(soon), deck.state.subscribe(soon), clip.subscribe(soon), spans.state.subscribe(soon)];
    const timer = setInterval(soon, 250);
    soon();
    return () => {
      clearInterval(timer);
      cancelAnimationFrame(frame);
      for (const stop of stops) stop();
    };
  }, [width, height, spans, look, zone, key, selected, events, tags, hover]);

  useEffect(() => () => spans.stop(), [spans]);
  useEffect(() => shownChannels.set(ids), [ids]);

  const rowAt = (y: number): number | null => (y < RULER_PX ? null : (ids[Math.floor((y - RULER_PX) / rowHeight(ids.length))] ?? null));

  const playFrom = async (at: number, channel: number | null): Promise<void> => {
    bar.update({ following: true });
    const { hiddenKinds } = bar.get();
    const known = visible(spans.state.get().spans, hiddenKinds);
    if (recordedAt(known, at, channel) || at >= boxNow() - NOT_LISTED_YET_MS) return deck.seek(at, true);
    const { to } = spans.state.get();
    let next = nextAfter(known, at, channel);
    try {
      if (next === null && to < boxNow() - 2000) next = await findNext(channel === null ? ids : [channel], Math.max(at, to), hiddenKinds);
    } catch {
      // The box did not tell: handled like "nothing later".
    }
    if (next !== null) deck.seek(next, true);
    else say(t("bar.nothingLater"));
  };

  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    return gestures(element, {
      view: () => bar.get().view,
      position: () => deck.position(),
      setView: (view) => zoomed(within(view, boxNow()), false),
      scrub: (at) => deck.scrub(at),
      endScrub: () => deck.endScrub(),
      click: (at, y) => void playFrom(at, rowAt(y)),
      width: () => element.clientWidth,
      hover: (x, y) => {
        if (x === null) return setHover(null);
        const at = timeAt(bar.get().view, element.clientWidth - GUTTER_PX, x - GUTTER_PX);
        const channel = rowAt(y) ?? latest.current.selected ?? ids[0] ?? null;
        setHover({ x, at, channel, recorded: recordedAt(spans.state.get().spans, at, channel), row: rowAt(y) });
      },
    });
    // playFrom and rowAt depend on the same things.
    // eslint-disable-next-line react/exhaustive-deps
  }, [key, spans]);

  const slack = (LOSS_PX * widthOf(bar.get().view)) / Math.max(1, width - GUTTER_PX);
  const loss = hover?.row == null ? null : lossAt(spans.state.get().losses, hover.at, hover.row, slack);
  const named = hover && tagAt(tags, bar.get().view, width - GUTTER_PX, hover.x - GUTTER_PX, hover.row);

  const press = (event: KeyboardEvent): void => {
    const factor = event.key === "+" || event.key === "=" ? 0.5 : event.key === "-" ? 2 : null;
    if (factor === null) return;
    const { view } = bar.get();
    const at = deck.position();
    const middle = at >= view.start && at <= view.end ? at : (view.start + view.end) / 2;
    zoomed(within(zoom(view, factor, middle), boxNow()), bar.get().following);
    event.preventDefault();
  };

  return (
    <div className={styles.timebar} dir="ltr">
      <Transport channels={channels} selected={selected} jump={(at) => {
        bar.update({ view: around(at, widthOf(bar.get().view), 0.3) });
        void playFrom(at, null);
      }} />
      <div className={styles.canvasBox}>
        {fault && <div className={styles.fault} role="status">{t("bar.loadFailed", { text: fault })}</div>}
        <canvas
          ref={canvas} className={styles.canvas} style={{ height }} tabIndex={0} onKeyDown={press}
          role="slider" aria-label={t("bar.label")} aria-describedby="bar-help" aria-valuenow={0}
        />
        <VisuallyHidden id="bar-help">{t("bar.help")}</VisuallyHidden>
        {hover && (
          <Preview
            hover={hover} width={width} spanMs={widthOf(bar.get().view)} tag={named?.name ?? null} lost={loss && (loss.text ?? t("kind.lost"))}
            recorded={(at) => recordedAt(spans.state.get().spans, at, hover.channel)}
          />
        )}
      </div>
    </div>
  );
}

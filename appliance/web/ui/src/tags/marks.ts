/** Tags as marks on the time bar: those of the view, and which one is under the pointer. */
import { useEffect, useMemo, useState } from "react";
import { box } from "../state/box";
import { useSelect, useStore } from "../state/store";
import { widthOf, xOf, type View } from "../timebar/scale";
import { bar } from "../timebar/state";
import { findTags, type Tag } from "./api";

const MOST = 200;
const REST_MS = 300;
/** How near the pointer has to be, in px. */
const NEAR_PX = 6;

/** Tags of the view of some channels; asked for when the view rests, and when any changed. */
export function useTagMarks(channels: readonly number[]): Tag[] {
  const [tags, setTags] = useState<Tag[]>([]);
  const { view } = useStore(bar);
  const news = useSelect(box, (state) => state.tagNews);
  const quantum = Math.max(60_000, widthOf(view) / 4);
  const from = Math.max(0, Math.floor(view.start / quantum) * quantum);
  const to = Math.ceil(view.end / quantum) * quantum;
  const key = channels.join(",");
  useEffect(() => {
    if (key === "") return setTags([]);
    const abort = new AbortController();
    const timer = setTimeout(() => {
      const filters = { channels: key, from: String(Math.round(from)), to: String(Math.round(to)) };
      findTags(filters, MOST, null, abort.signal).then((page) => setTags(page.tags), () => {});
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [from, to, key, news]);
  return useMemo(() => tags.filter((tag) => channels.includes(tag.channel)), [tags, channels]);
}

/** The tag under the pointer: the nearest one, of the pointer's row where it is in one. */
export function tagAt(tags: readonly Tag[], view: View, wide: number, x: number, channel: number | null): Tag | null {
  let best: Tag | null = null;
  let nearest = NEAR_PX + 1;
  for (const tag of tags) {
    const distance = Math.abs(xOf(view, wide, tag.at) - x);
    if (distance < nearest && (channel === null || tag.channel === channel)) [best, nearest] = [tag, distance];
  }
  return best;
}

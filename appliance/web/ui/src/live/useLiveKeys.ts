/** The keys of the wall (see the list behind "?"). */
import { useEffect, type RefObject } from "react";
import { isWriting } from "../frame/useGlobalKeys";
import { deck } from "../media/deck";
import { TRANSPORT_KEYS } from "../media/transport";
import { channelOf } from "../state/box";
import { tagInstant } from "../tags/TagDialog";
import { jump } from "../timebar/JumpTools";
import { clip, markNext } from "./clip";
import { toggleInstant } from "./instant";
import { savePictures } from "./pictures";
import { saveSnapshot } from "./save";
import { enlarge, shownPlaces, wall } from "./wall";
import { restore } from "./zoom";

function chosen(): number | null {
  const state = wall.get();
  return state.enlarged ?? state.selected ?? shownPlaces(state).find((id) => id !== null) ?? null;
}

/** The whole document, so that menus and dialogs are seen too; the wall covers what is around it (live.module.css). */
export async function toggleFullScreen(): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await document.documentElement.requestFullscreen?.();
}

export function useLiveKeys(page: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const actions: Record<string, (event: KeyboardEvent) => void> = {
      j: () => deck.skip(-10_000),
      k: () => deck.setPlaying(false),
      l: () => (deck.state.get().playing ? deck.skip(10_000) : deck.setPlaying(true)),
      ArrowLeft: (event) => deck.skip(event.shiftKey ? -60_000 : -5000),
      ArrowRight: (event) => deck.skip(event.shiftKey ? 60_000 : 5000),
      ...TRANSPORT_KEYS,
      n: () => void jump(1),
      p: () => void jump(-1),
      Home: () => deck.goLive(),
      f: () => void toggleFullScreen(),
      m: () => clip.set({ from: deck.position(), to: null }),
      c: () => markNext(deck.position()),
      t: () => {
        const id = chosen();
        if (id !== null) tagInstant(id);
      },
      s: (event) => {
        const channel = channelOf(chosen());
        if (channel) void (event.shiftKey ? savePictures(channel) : saveSnapshot(channel));
      },
      b: () => {
        const channel = channelOf(chosen());
        if (channel) toggleInstant(channel);
      },
      Escape: () => {
        const id = chosen();
        if (id === null || !restore(id)) enlarge(null);
      },
    };
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event)) return;
      const onButton = (event.target as HTMLElement | null)?.closest("button,a") !== null;
      if (onButton && (event.key === " " || event.key === "Enter")) return;
      if (/^[1-9]$/.test(event.key)) {
        const id = shownPlaces(wall.get())[Number(event.key) - 1];
        if (id !== null && id !== undefined) {
          wall.update({ selected: id });
          page.current?.querySelector<HTMLElement>(`[data-channel="${id}"]`)?.focus();
        }
      } else {
        const act = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
        if (!act) return;
        act(event);
      }
      event.preventDefault();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [page]);
}

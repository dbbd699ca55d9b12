/** Live and past are one page: the wall, the feed of events, the time bar below. */
import { Button, VisuallyHidden } from "@mantine/core";
import { IconCamera } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { t } from "../i18n";
import { deck } from "../media/deck";
import { navigate, place, useQuery } from "../router/router";
import { box, boxNow } from "../state/box";
import { recall, remember } from "../state/remember";
import { useSelect, useStore } from "../state/store";
import { TagDialog } from "../tags/TagDialog";
import { Spans } from "../timebar/spans";
import { bar } from "../timebar/state";
import { TimeBar } from "../timebar/TimeBar";
import { Empty, Waiting } from "../ui/parts";
import { EventFeed } from "./EventFeed";
import styles from "./live.module.css";
import { PicturesDialog } from "./PicturesDialog";
import { Toolbar } from "./Toolbar";
import { TileContextMenu } from "./TileMenu";
import { toggleFullScreen, useLiveKeys } from "./useLiveKeys";
import { enlarge, setChannels, shownPlaces, wall } from "./wall";
import { Wall } from "./Wall";

/** "Search" in the menu opens the same page a little way back. */
const SEARCH_BACK_MS = 60_000;

/** `?at=` (ms UTC) and `?channel=` of the address: where an event or another page sent us. */
function useAddress(past: boolean): void {
  const at = useQuery("at");
  const channel = useQuery("channel");
  // What is past is past by the clock of the box, which comes with the first status.
  const known = useSelect(box, (value) => value.status !== null);
  useEffect(() => {
    if (channel !== null) enlarge(Number(channel));
  }, [channel]);
  useEffect(() => {
    if (!known) return;
    if (at !== null && Number.isFinite(Number(at))) deck.seek(Number(at), true);
    else if (past && deck.state.get().mode === "live") deck.seek(boxNow() - SEARCH_BACK_MS, true);
    else if (!past && deck.state.get().mode === "past") deck.goLive();
  }, [at, past, known]);
  // Once the person moves on, the address no longer names the place.
  const { mode } = useStore(deck.state);
  useEffect(() => {
    const { path } = place.get();
    // Not `mode` of this render: the effect above may just have gone back.
    if (known && deck.state.get().mode === "live" && (path === "/search" || at !== null)) void navigate("/live", { replace: true, force: true });
    // eslint-disable-next-line react/exhaustive-deps
  }, [mode]);
}

export function LivePage({ past }: { past: boolean }) {
  const page = useRef<HTMLDivElement>(null);
  const state = useStore(wall);
  const channels = useSelect(box, (value) => value.channels);
  const [spans] = useState(() => new Spans());
  const [feed, setFeed] = useState(() => recall("feed", window.innerWidth >= 1600));
  useAddress(past);
  useLiveKeys(page);
  useEffect(() => {
    document.title = t(past ? "nav.search" : "live.title");
  }, [past]);
  useEffect(() => {
    if (channels) setChannels(channels.map((channel) => channel.id));
  }, [channels]);

  if (channels === null) return <Waiting />;
  if (channels.length === 0) {
    return (
      <Empty
        alone icon={<IconCamera size={40} stroke={1.2} aria-hidden />} title={t("live.noCameras.title")} text={t("live.noCameras.text")}
        action={<Button onClick={() => void navigate("/cameras/new")}>{t("live.addCamera")}</Button>}
      />
    );
  }
  const visible = state.enlarged !== null ? [state.enlarged] : shownPlaces(state);
  const rows = visible.map((id) => channels.find((channel) => channel.id === id)).filter((channel) => channel !== undefined);
  spans.begin(bar.get().view, rows.map((channel) => channel.id), window.innerWidth);
  const change = (open: boolean): void => {
    setFeed(open);
    remember("feed", open);
  };
  return (
    <div ref={page} className={styles.live}>
      <VisuallyHidden component="h1">{t(past ? "nav.search" : "live.title")}</VisuallyHidden>
      <Toolbar state={state} feed={feed} setFeed={change} fullScreen={() => void toggleFullScreen()} />
      <Wall state={state} channels={channels} />
      {feed && <EventFeed />}
      <div className={styles.bar}>
        <TimeBar channels={rows} selected={state.enlarged ?? state.selected} spans={spans} />
      </div>
      <TagDialog />
      <PicturesDialog />
      <TileContextMenu />
    </div>
  );
}

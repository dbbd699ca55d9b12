/** The last minutes of one tile while the others stay live: slider, play, pause, close (D1-LV-20). */
import { IconPlayerPauseFilled, IconPlayerPlayFilled, IconX } from "@tabler/icons-react";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import type { Channel } from "../api/types";
import { t } from "../i18n";
import { ago, span } from "../i18n/format";
import { boxNow } from "../state/box";
import { useStore } from "../state/store";
import { time } from "../time/format";
import { habits } from "../time/habits";
import { useNow } from "../ui/useNow";
import { chosenReach, closeReplay, reaches, reachOf, setReach } from "./replays";
import { makeReplay } from "./screens";
import { Stamp } from "./Stamp";
import styles from "./tile.module.css";
import { TileWords } from "./TileWords";
import { transformOf, type View } from "./zoom";

const MINUTE_MS = 60_000;

interface Props {
  channel: Channel;
  stream: "main" | "sub";
  zoom: View;
}

export function InstantPlayback({ channel, stream, zoom }: Props) {
  const [{ deck, screen }] = useState(makeReplay);
  const [opened] = useState(boxNow);
  const manner = useStore(habits);
  const minutes = reachOf(useStore(chosenReach), manner);
  const view = useStore(screen.state);
  const { playing } = useStore(deck.state);
  const picture = useRef<HTMLDivElement>(null);
  const play = useRef<HTMLButtonElement>(null);
  useNow(250);

  useEffect(() => {
    picture.current?.append(screen.element);
    screen.element.className = styles.videos!;
    deck.seek(opened - reachOf(chosenReach.get(), habits.get()) * MINUTE_MS, true);
    const stop = deck.state.subscribe(() => {
      // It has caught up with now: the live picture is underneath.
      if (deck.state.get().mode === "live") closeReplay(channel.id);
    });
    play.current?.focus({ preventScroll: true });
    return () => {
      stop();
      screen.destroy();
      deck.goLive();
    };
  }, [deck, screen, opened, channel.id]);

  useEffect(() => screen.show({ channel: channel.id, stream }), [screen, channel.id, stream]);

  const at = deck.position();
  const first = opened - minutes * MINUTE_MS;
  const choose = (next: number): void => {
    setReach(next);
    deck.seek(opened - next * MINUTE_MS, true);
  };
  const press = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    closeReplay(channel.id);
  };
  const playText = t(playing ? "bar.pause" : "bar.play");
  return (
    <div className={styles.replay} role="group" aria-label={t("replay.of", { name: channel.name })} data-replay={view.phase} onKeyDown={press}>
      <div ref={picture} className={styles.picture} style={{ transform: transformOf(zoom) }} />
      <TileWords channel={channel} screen={view} mode="past" offline={false} />
      <div className={styles.caption}>
        <span className={styles.replayMark}>{t("replay.title")}</span>
        <span className={styles.name} dir="auto">{t("channel.label", { id: String(channel.id), name: channel.name })}</span>
        <span className={styles.grow} />
        <Stamp instant={() => screen.utcNow() ?? deck.position()} dated />
      </div>
      <div className={styles.replayBar} onDoubleClick={(event) => event.stopPropagation()}>
        <button ref={play} type="button" aria-label={playText} title={playText} onClick={() => deck.setPlaying(!playing)}>
          {playing ? <IconPlayerPauseFilled size={18} aria-hidden /> : <IconPlayerPlayFilled size={18} aria-hidden />}
        </button>
        <input
          type="range" aria-label={t("replay.position")} aria-valuetext={t("time.since", { stamp: time(at), ago: ago(at, boxNow()) })}
          min={first} max={boxNow()} step={1000} value={at}
          onChange={(event) => deck.scrub(Number(event.currentTarget.value))} onPointerUp={() => deck.endScrub()} onPointerCancel={() => deck.endScrub()} onKeyUp={() => deck.endScrub()}
          onBlur={() => deck.endScrub()}
        />
        <select aria-label={t("replay.reach")} title={t("replay.reach")} value={minutes} onChange={(event) => choose(Number(event.currentTarget.value))}>
          {reaches(manner).map((value) => (
            <option key={value} value={value}>{span(value * 60)}</option>
          ))}
        </select>
        <button type="button" aria-label={t("replay.close")} title={t("replay.close")} onClick={() => closeReplay(channel.id)}>
          <IconX size={20} stroke={1.6} aria-hidden />
        </button>
      </div>
    </div>
  );
}

/** Plays a film of a stick: as it lies there, or turned into MP4 by the box while it plays. */
import { Button, Slider } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { words } from "../api/http";
import { t } from "../i18n";
import { clock } from "../i18n/format";
import { FaultNote, Waiting } from "../ui/parts";
import { useResource } from "../ui/useResource";
import { codecWord, decodes, factsOf, filmUrl, turnedUrl, type FilmFacts } from "./api";
import styles from "./files.module.css";

interface Props {
  place: string;
  /** What the place is called. */
  placeName: string;
  path: string;
  /** Whether the stick is still there. */
  here: boolean;
  close: () => void;
}

function why(facts: FilmFacts): string {
  const codec = codecWord(facts.video?.codec ?? "");
  if (!facts.native && facts.obstacle) return t(`files.obstacle.${facts.obstacle}`, { codec });
  return decodes(facts) ? "" : t("files.cannotDecode", { codec });
}

function factLine({ container, video, seconds }: FilmFacts): string {
  if (!video) return container;
  const line = t("files.facts", { container, codec: codecWord(video.codec), width: String(video.width), height: String(video.height) });
  return seconds === null ? line : `${line} · ${t("files.length", { length: clock(seconds) })}`;
}

function Video({ place, path, facts, broke }: { place: string; path: string; facts: FilmFacts; broke: () => void }) {
  const [from, setFrom] = useState(0);
  const [at, setAt] = useState(0);
  const moving = useRef(false);
  const film = useRef<HTMLVideoElement>(null);
  useEffect(() => film.current?.focus({ preventScroll: true }), []);
  /** Who paused for long was let go by the box: a film that is turned goes on where it was. */
  const failed = (): void => {
    if (!facts.native && facts.seconds !== null && at > from + 0.5 && at < facts.seconds - 1) setFrom(at);
    else broke();
  };
  const source = facts.native ? filmUrl(place, path) : turnedUrl(place, path, from);
  return (
    <>
      {/* Sticks hold no subtitles. */}
      {/* oxlint-disable-next-line jsx-a11y/media-has-caption */}
      <video
        key={source} ref={film} className={styles.video} src={source} controls autoPlay playsInline onError={failed}
        onTimeUpdate={(event) => !moving.current && setAt(from + event.currentTarget.currentTime)}
      />
      {!facts.native && facts.seconds !== null && (
        <Slider
          thumbLabel={t("files.from")} value={Math.min(at, facts.seconds)} min={0} max={facts.seconds} step={1} label={clock} className={styles.slider ?? ""}
          onChange={(value) => {
            moving.current = true;
            setAt(value);
          }}
          onChangeEnd={(value) => {
            moving.current = false;
            setFrom(value);
          }}
        />
      )}
    </>
  );
}

export function FilmPlayer({ place, placeName, path, here, close }: Props) {
  const { data: facts, fault, reload } = useResource((signal) => factsOf(place, path, signal), [place, path]);
  const [broken, setBroken] = useState<string | null>(null);
  useEffect(() => setBroken(null), [place, path]);
  /** Why it stopped is known to the box: the stick may be gone, the film cut off, or the browser at its end. */
  const broke = async (): Promise<void> => {
    try {
      await factsOf(place, path);
      setBroken(t("files.broke"));
    } catch (error) {
      setBroken(words(error));
    }
  };
  const obstacle = facts ? why(facts) : "";
  const trouble = !here ? t("files.pulled", { name: placeName }) : (fault ?? broken ?? (obstacle || null));
  return (
    <section className={styles.player} aria-label={path}>
      <header>
        <h2 dir="auto">{path.split("/").at(-1)}</h2>
        <Button variant="default" leftSection={<IconX size={16} aria-hidden />} onClick={close}>{t("files.close")}</Button>
      </header>
      {facts && <p className="dim small">{factLine(facts)}</p>}
      {trouble && <FaultNote text={trouble} {...(fault && here ? { retry: reload } : {})} />}
      {!facts && !trouble && <Waiting text={t("files.loading")} />}
      {facts && !trouble && <Video place={place} path={path} facts={facts} broke={() => void broke()} />}
    </section>
  );
}

/** What a tile says when there is no moving picture: what, since when, what to do. */
import { Button } from "@mantine/core";
import { useRef, useState } from "react";
import { post, url, words } from "../api/http";
import type { Channel } from "../api/types";
import { t } from "../i18n";
import type { ScreenState } from "../media/screen";
import { navigate } from "../router/router";
import { boxNow } from "../state/box";
import { since, time } from "../time/format";
import { say } from "../ui/toast";
import styles from "./tile.module.css";

/** What the camera sent last may not be stored, or not yet: the picture before it will do. */
const LAST_SEEN_S = 3600;

interface Props {
  channel: Channel;
  screen: ScreenState;
  mode: "live" | "past";
  offline: boolean;
}

export function isRefused(channel: Channel): boolean {
  return (channel.fault?.code ?? "").startsWith("password_");
}

/** The last picture there was, from the recordings, when this page has not seen one itself. */
function LastPicture({ channel }: { channel: Channel }) {
  const [broken, setBroken] = useState(false);
  // The one there was at first: a camera that comes back must not load a picture each second.
  const at = useRef<number | null>(null);
  at.current ??= channel.last_frame_utc ?? null;
  if (broken || !at.current) return null;
  const query = { channel: channel.id, at: at.current, stream: "sub", back_s: LAST_SEEN_S, preview: true };
  return <img className={styles.last} alt="" draggable={false} src={url("/snapshot", query)} onError={() => setBroken(true)} />;
}

function Fault({ channel }: { channel: Channel }) {
  const [busy, setBusy] = useState(false);
  const refused = isRefused(channel);
  const fault = channel.fault;
  const retry = async (): Promise<void> => {
    setBusy(true);
    try {
      await post(`/channels/${channel.id}/retry`);
    } catch (error) {
      say(words(error), { bad: true });
    } finally {
      setBusy(false);
    }
  };
  let text = channel.enabled ? (fault?.text ?? t("tile.connecting")) : t("tile.disabled");
  if (channel.enabled && fault?.since) text = t("tile.sinceFault", { text, since: since(fault.since, boxNow()) });
  return (
    <div className={styles.words}>
      <p role={fault ? "alert" : undefined}>{text}</p>
      <div className={styles.wordActions}>
        {channel.enabled && refused && (
          <Button size="sm" onClick={() => void navigate(`/cameras/${channel.id}?field=password`)}>
            {t("tile.enterPassword")}
          </Button>
        )}
        {channel.enabled && !refused && (
          <Button size="sm" loading={busy} onClick={() => void retry()}>
            {t("tile.retry")}
          </Button>
        )}
        <Button size="sm" variant="default" onClick={() => void navigate(`/cameras/${channel.id}`)}>
          {t("tile.details")}
        </Button>
      </div>
    </div>
  );
}

export function TileWords({ channel, screen, mode, offline }: Props) {
  if (offline) {
    return (
      <>
        {!screen.picture && <LastPicture channel={channel} />}
        <Fault channel={channel} />
      </>
    );
  }
  const text = quietWords(screen, mode, channel);
  if (!text) return null;
  return (
    <div className={styles.words} data-quiet>
      <p>{text}</p>
    </div>
  );
}

function quietWords(screen: ScreenState, mode: "live" | "past", channel: Channel): string | null {
  switch (screen.phase) {
    case "playing":
      return null;
    case "fault":
      return screen.fault?.text ?? null;
    case "gap":
      return mode === "past" ? t("tile.gap") : t("tile.opening");
    case "ended":
      return t("tile.ended");
    case "opening":
      // The old picture is still there: nothing needs saying.
      if (screen.picture) return null;
      return mode === "live" && channel.state !== "playing" && channel.last_frame_utc ? t("tile.lastSeen", { when: time(channel.last_frame_utc) }) : t("tile.opening");
    case "idle":
      return null;
  }
}

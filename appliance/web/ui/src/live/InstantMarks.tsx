/** That an instant backup is under way, with its time: on its tile, and in the top strip wherever the person is (D1-LV-23). */
import { IconPlayerRecordFilled, IconX } from "@tabler/icons-react";
import top from "../frame/frame.module.css";
import { t } from "../i18n";
import { channelOf } from "../state/box";
import { session } from "../state/session";
import { useStore } from "../state/store";
import { useNow } from "../ui/useNow";
import { discardInstant, lengthOf, marks, mine, stopInstant, type InstantMark } from "./instant";
import styles from "./tile.module.css";

function TileText({ mark }: { mark: InstantMark }) {
  const now = useNow(1000);
  return (
    <span className={styles.instant} data-instant>
      {mark.to === null ? t("instant.mark", { length: lengthOf(mark, now) }) : t("instant.unsaved")}
    </span>
  );
}

export function TileInstant({ channel }: { channel: number }) {
  const { user } = useStore(session);
  const mark = mine(useStore(marks), user).find((candidate) => candidate.channel === channel);
  return mark ? <TileText mark={mark} /> : null;
}

function TopMark({ mark }: { mark: InstantMark }) {
  const now = useNow(1000);
  const length = lengthOf(mark, now);
  const name = channelOf(mark.channel)?.name ?? "";
  const text = t(mark.to === null ? "instant.stopOf" : "instant.retryOf", { name, length });
  return (
    <>
      <button type="button" className={top.topButton} data-alert={mark.to !== null || undefined} aria-label={text} title={text} onClick={() => void stopInstant(mark.channel)}>
        <IconPlayerRecordFilled size={16} className={styles.rec} aria-hidden />
        <span className={`num ${styles.topLength}`}>{t("instant.topMark", { id: String(mark.channel), length })}</span>
      </button>
      {mark.to !== null && (
        <button type="button" className={top.topButton} aria-label={t("instant.discardOf", { name })} title={t("instant.discardOf", { name })} onClick={() => discardInstant(mark.channel)}>
          <IconX size={18} stroke={1.6} aria-hidden />
        </button>
      )}
    </>
  );
}

export function TopInstant() {
  const { user } = useStore(session);
  return mine(useStore(marks), user).map((mark) => <TopMark key={mark.channel} mark={mark} />);
}

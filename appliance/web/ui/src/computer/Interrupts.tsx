/** What a stop of the recorder would interrupt, in sentences. */
import { t } from "../i18n";
import type { Power } from "./api";
import styles from "./computer.module.css";

export function Interrupts({ interrupts }: { interrupts: Power["interrupts"] }) {
  return (
    <ul className={styles.facts}>
      <li>{interrupts.recording > 0 ? t("power.recording", { n: interrupts.recording }) : t("power.notRecording")}</li>
      {interrupts.jobs.map((title, index) => (
        <li key={`${index} ${title}`}>{t("power.job", { title })}</li>
      ))}
      {interrupts.viewers > 0 && <li>{t("power.viewers", { n: interrupts.viewers })}</li>}
      {interrupts.downloads > 0 && <li>{t("power.downloads", { n: interrupts.downloads })}</li>}
      {interrupts.unknown.length > 0 && <li>{t("power.unknown")}</li>}
    </ul>
  );
}

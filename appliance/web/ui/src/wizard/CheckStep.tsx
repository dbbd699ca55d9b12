/** What is recorded now, camera by camera: the last look before the recorder is left to itself. */
import type { Channel } from "../api/types";
import { t } from "../i18n";
import { Link } from "../router/Link";
import { box } from "../state/box";
import { useSelect } from "../state/store";
import { FaultNote, Mark } from "../ui/parts";
import styles from "./wizard.module.css";

const byChoice = (channel: Channel): boolean => channel.mode === "off";

export function CheckStep() {
  const used = (useSelect(box, (state) => state.channels) ?? []).filter((channel) => channel.enabled);
  const wanted = used.filter((channel) => !byChoice(channel));
  const count = wanted.filter((channel) => channel.recording).length;
  if (used.length === 0) return <FaultNote text={t("wizard.check.none")}><Link href="/cameras/new">{t("wizard.cameras.add")}</Link></FaultNote>;
  return (
    <>
      <p><strong>{count === wanted.length ? t("wizard.check.all", { n: wanted.length }) : t("wizard.check.some", { count, n: wanted.length })}</strong></p>
      <ul className={styles.list}>
        {used.map((channel) => {
          const why = channel.fault ?? channel.not_recording;
          return (
            <li key={channel.id}>
              <Link href={`/cameras/${channel.id}`}>{t("channel.label", { id: String(channel.id), name: channel.name })}</Link>
              <Mark level={channel.recording ? "good" : byChoice(channel) ? "off" : "bad"}>{t(channel.recording ? "wizard.check.recording" : byChoice(channel) ? "wizard.check.off" : "wizard.check.not")}</Mark>
              {!channel.recording && why && <span className="dim small">{why.text}</span>}
            </li>
          );
        })}
      </ul>
      <div className={styles.row}><Link href="/live">{t("wizard.check.look")}</Link></div>
    </>
  );
}

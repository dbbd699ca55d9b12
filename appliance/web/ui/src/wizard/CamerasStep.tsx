/** Which cameras there are, and the ways to add more (D1-WZ-11). */
import { t } from "../i18n";
import { stateLevel, stateWords } from "../cameras/facts";
import { Link } from "../router/Link";
import { box } from "../state/box";
import { useSelect } from "../state/store";
import { Mark } from "../ui/parts";
import styles from "./wizard.module.css";

export function CamerasStep() {
  const channels = useSelect(box, (state) => state.channels) ?? [];
  return (
    <>
      <p>{channels.length > 0 ? t("wizard.cameras.text") : t("cameras.none.text")}</p>
      <ul className={styles.list}>
        {channels.map((channel) => (
          <li key={channel.id}>
            <Link href={`/cameras/${channel.id}`}>{t("channel.label", { id: String(channel.id), name: channel.name })}</Link>
            <Mark level={stateLevel(channel)}>{stateWords(channel)}</Mark>
            {channel.fault && <span className="dim small">{channel.fault.text}</span>}
          </li>
        ))}
      </ul>
      <div className={styles.row}>
        <Link href="/cameras/new">{t("wizard.cameras.add")}</Link>
        <Link href="/cameras/poe">{t("wizard.cameras.poe")}</Link>
        <Link href="/cameras">{t("wizard.cameras.all")}</Link>
      </div>
    </>
  );
}

/** Under which address the recorder is reached (D1-WZ-08). */
import { t } from "../i18n";
import { Link } from "../router/Link";
import { FaultNote, Waiting } from "../ui/parts";
import { pages } from "../settings/api";
import { useResource } from "../ui/useResource";
import styles from "./wizard.module.css";

export function NetworkStep() {
  const { data, fault, reload } = useResource(() => pages(), []);
  if (!data) return fault ? <FaultNote text={fault} retry={reload} /> : <Waiting />;
  const own = data.find((form) => form.page === "network" || form.page === "tcpip");
  return (
    <>
      <p>{t("wizard.network.here", { address: location.host })}</p>
      <div className={styles.row}>
        {own && <Link href={`/system/${own.page}`}>{t("wizard.network.settings")}</Link>}
        <Link href="/system/web">{t("wizard.network.web")}</Link>
      </div>
    </>
  );
}

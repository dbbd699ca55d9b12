/** Where footage goes and how long it is kept (D1-WZ-12). */
import { t } from "../i18n";
import { Link } from "../router/Link";
import { box } from "../state/box";
import { useSelect } from "../state/store";
import { VolumeCard } from "../storage/StoragePage";
import storage from "../storage/storage.module.css";
import styles from "./wizard.module.css";

export function DisksStep() {
  const volumes = useSelect(box, (state) => state.status?.volumes ?? []);
  return (
    <>
      <p>{volumes.length > 0 ? t("wizard.disks.text") : t("storage.none.text")}</p>
      {volumes.length > 0 && (
        <div className={storage.volumes}>
          {volumes.map((volume) => <VolumeCard key={volume.path} volume={volume} />)}
        </div>
      )}
      <div className={styles.row}>
        <Link href="/system/storage?add=1">{t("wizard.disks.add")}</Link>
        <Link href="/system/storage?field=wanted_days">{t("wizard.disks.keep")}</Link>
      </div>
    </>
  );
}

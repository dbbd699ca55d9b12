/** The ways back in should the password be lost (D1-IZ-06, D2-AC-10). */
import { SaveRecovery } from "../account/SaveRecovery";
import { RecoveryPart } from "../accounts/RecoveryPart";
import { t } from "../i18n";
import { firstPassword, session } from "../state/session";
import { useStore } from "../state/store";
import styles from "./wizard.module.css";

export function RecoveryStep() {
  const { user } = useStore(session);
  const fresh = useStore(firstPassword);
  if (user !== "admin") return <p>{t("wizard.account.other")}</p>;
  return (
    <>
      {fresh && <div className={styles.row}><SaveRecovery /></div>}
      <RecoveryPart key={fresh ? "fresh" : "kept"} />
    </>
  );
}

/** The password of admin, its hint and the unlock pattern (D1-IZ-02, D1-IZ-03, D1-IZ-04). */
import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { askNewPassword } from "../account/ChangePassword";
import { changeUser, listUsers, ownSecurity } from "../accounts/api";
import { PatternPart } from "../accounts/PatternPart";
import { wrongFields } from "../api/http";
import { t } from "../i18n";
import { session } from "../state/session";
import { useStore } from "../state/store";
import { FaultNote, Waiting } from "../ui/parts";
import { say } from "../ui/toast";
import { useResource } from "../ui/useResource";
import styles from "./wizard.module.css";

const ADMIN = "admin";

function Hint() {
  const { data, fault, reload } = useResource(async () => (await listUsers()).users.find((user) => user.name === ADMIN) ?? null, []);
  const [hint, setHint] = useState<string | null>(null);
  const [faults, setFaults] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  if (!data) return fault ? <FaultNote text={fault} retry={reload} /> : null;
  const save = async (): Promise<void> => {
    setBusy(true);
    setFaults({});
    try {
      await changeUser(ADMIN, { revision: data.revision, hint: hint ?? "" });
      say(t("wizard.account.hintSaved"));
      setHint(null);
      reload();
    } catch (error) {
      setFaults(wrongFields(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      {faults[""] && <FaultNote text={faults[""]} />}
      <TextInput label={t("wizard.account.hint")} description={t("wizard.account.hintHelp")} value={hint ?? data.hint} error={faults["hint"]} onChange={(event) => setHint(event.currentTarget.value)} autoComplete="off" maxLength={100} />
      <div className={styles.row}>
        <Button variant="default" disabled={hint === null || hint === data.hint} loading={busy} onClick={() => void save()}>{t("wizard.account.saveHint")}</Button>
      </div>
    </>
  );
}

export function AccountStep() {
  const { user } = useStore(session);
  const { data, fault, reload } = useResource(ownSecurity, [user]);
  if (user !== ADMIN) return <p>{t("wizard.account.other")}</p>;
  if (!data) return fault ? <FaultNote text={fault} retry={reload} /> : <Waiting />;
  return (
    <>
      <div className={styles.row}>
        <span>{t("wizard.account.set")}</span>
        <Button variant="default" onClick={askNewPassword}>{t("own.change")}</Button>
      </div>
      <Hint />
      <PatternPart on={data.pattern} changed={reload} />
    </>
  );
}

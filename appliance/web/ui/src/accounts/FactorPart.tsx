/** The second factor: set up with an authenticator app, its spare codes, and done without. */
import { Button, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { wrongFields } from "../api/http";
import { t } from "../i18n";
import { recheck } from "../state/session";
import { FaultNote, Section } from "../ui/parts";
import { say } from "../ui/toast";
import { beginFactor, confirmFactor, dropFactor } from "./api";
import styles from "./accounts.module.css";
import { Proof } from "./Proof";

export function FactorPart({ on, changed }: { on: boolean; changed: () => void }) {
  const [asking, setAsking] = useState(false);
  const [begun, setBegun] = useState<{ secret: string; address: string } | null>(null);
  const [spare, setSpare] = useState<string[] | null>(null);
  const [code, setCode] = useState("");
  const [faults, setFaults] = useState<Record<string, string>>({});
  const confirm = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    try {
      setSpare(await confirmFactor(code));
      setBegun(null);
      setCode("");
      setFaults({});
      await recheck();
    } catch (error) {
      setFaults(wrongFields(error));
    }
  };
  return (
    <Section title={t("factor.title")}>
      <div className={styles.part}>
        <p className="dim">{t(on || spare ? "factor.on" : "factor.off")}</p>
        {spare && (
          <div className={styles.once}>
            <p>{t("factor.spare")}</p>
            <ul className={styles.codes}>
              {spare.map((entry) => <li key={entry}><code>{entry}</code></li>)}
            </ul>
            <Button onClick={() => {
              setSpare(null);
              changed();
            }}>
              {t("factor.done")}
            </Button>
          </div>
        )}
        {begun && (
          <form className={styles.once} noValidate onSubmit={(event) => void confirm(event)}>
            <p>{t("factor.secret")}</p>
            <code>{begun.secret.replace(/(.{4})/g, "$1 ").trim()}</code>
            <Button component="a" href={begun.address} className="buttonLink" variant="default">{t("factor.open")}</Button>
            {faults[""] && <FaultNote text={faults[""]} />}
            <TextInput label={t("factor.code")} value={code} onChange={(event) => setCode(event.currentTarget.value)} error={faults["code"]} inputMode="numeric" autoComplete="one-time-code" maxLength={10} />
            <Button type="submit">{t("factor.confirm")}</Button>
          </form>
        )}
        {!begun && !spare && <Button variant="default" onClick={() => setAsking(true)}>{t(on ? "factor.drop" : "factor.begin")}</Button>}
      </div>
      {asking && (
        <Proof
          title={t(on ? "factor.drop" : "factor.begin")} danger={on} close={() => setAsking(false)}
          act={async (password) => {
            if (!on) return setBegun(await beginFactor(password));
            await dropFactor(password);
            say(t("factor.dropped"));
            changed();
          }}
        />
      )}
    </Section>
  );
}

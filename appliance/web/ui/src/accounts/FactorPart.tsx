/** The second factor: set up with an authenticator app, its spare codes, and done without. */
import { Button, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { wrongFields } from "../api/http";
import { t } from "../i18n";
import { FaultNote, Section } from "../ui/parts";
import { Password } from "../ui/Password";
import { QrCode } from "../ui/QrCode";
import { say } from "../ui/toast";
import { beginFactor, confirmFactor, dropFactor } from "./api";
import styles from "./accounts.module.css";
import { Proof } from "./Proof";

export function FactorPart({ on, needed, changed }: { on: boolean; needed: boolean; changed: () => void }) {
  const [asking, setAsking] = useState(false);
  const [enrolling, setEnrolling] = useState(false);
  return (
    <Section title={t("factor.title")}>
      <div className={styles.part}>
        <p className="dim">{t(on ? "factor.on" : "factor.off")}{needed && ` ${t("factor.needed")}`}</p>
        {enrolling && <Enrolment done={() => {
          setEnrolling(false);
          changed();
        }} />}
        {!enrolling && !(on && needed) && <Button variant="default" onClick={() => (on ? setAsking(true) : setEnrolling(true))}>{t(on ? "factor.drop" : "factor.begin")}</Button>}
      </div>
      {asking && (
        <Proof
          title={t("factor.drop")} danger close={() => setAsking(false)}
          act={async (password) => {
            await dropFactor(password);
            say(t("factor.dropped"));
            changed();
          }}
        />
      )}
    </Section>
  );
}

/** Setting it up: the password, the secret for the app with its first code, the spare codes. */
export function Enrolment({ done }: { done: () => void }) {
  const [password, setPassword] = useState("");
  const [begun, setBegun] = useState<{ secret: string; address: string } | null>(null);
  const [spare, setSpare] = useState<string[] | null>(null);
  const [code, setCode] = useState("");
  const [faults, setFaults] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setFaults({});
    try {
      if (begun) setSpare(await confirmFactor(code));
      else setBegun(await beginFactor(password));
    } catch (error) {
      setFaults(wrongFields(error));
    } finally {
      setBusy(false);
    }
  };
  if (spare) {
    return (
      <div className={styles.once}>
        <p>{t("factor.spare")}</p>
        <ul className={styles.codes}>
          {spare.map((entry) => <li key={entry}><code>{entry}</code></li>)}
        </ul>
        <Button onClick={done}>{t("factor.done")}</Button>
      </div>
    );
  }
  return (
    <form className={styles.once} noValidate onSubmit={(event) => void submit(event)}>
      {faults[""] && <FaultNote text={faults[""]} />}
      {begun ? (
        <>
          <p>{t("factor.secret")}</p>
          <QrCode text={begun.address} label={t("factor.qr")} />
          <p className="dim small">{t("factor.byHand")}</p>
          <code>{begun.secret.replace(/(.{4})/g, "$1 ").trim()}</code>
          <Button component="a" href={begun.address} className="buttonLink" variant="default">{t("factor.open")}</Button>
          <TextInput label={t("factor.code")} value={code} onChange={(event) => setCode(event.currentTarget.value)} error={faults["code"]} inputMode="numeric" autoComplete="one-time-code" maxLength={10} />
        </>
      ) : (
        <Password label={t("proof.password")} value={password} onChange={(event) => setPassword(event.currentTarget.value)} error={faults["password"]} autoComplete="current-password" />
      )}
      <Button type="submit" loading={busy}>{t(begun ? "factor.confirm" : "factor.begin")}</Button>
    </form>
  );
}

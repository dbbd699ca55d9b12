/** Setting the clock by hand: what it means for recordings is said before it can be done (D2-SY-20). */
import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { wrongFields } from "../api/http";
import { t } from "../i18n";
import { inputOfInstant, instantOfInput } from "../time/input";
import { FaultNote } from "../ui/parts";
import { say } from "../ui/toast";
import { previewClock, setClock } from "./api";
import styles from "./computer.module.css";

/** A wanted time, and when it was entered: it goes on while a person reads. */
interface Wish {
  utc: number;
  from: number;
}

export function SetClock({ now, done }: { now: number; done: () => void }) {
  const [text, setText] = useState(() => inputOfInstant(now, true));
  const [wish, setWish] = useState<Wish | null>(null);
  const [meaning, setMeaning] = useState<string[] | null>(null);
  const [faults, setFaults] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  const forget = (): void => {
    setMeaning(null);
    setFaults({});
  };
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setFaults({});
    try {
      await work();
    } catch (error) {
      setMeaning(null);
      setFaults(wrongFields(error));
    }
    setBusy(false);
  };
  const look = (here: boolean): Promise<void> => attempt(async () => {
    const utc = here ? Date.now() : (instantOfInput(text) ?? 0);
    if (here) setText(inputOfInstant(utc, true));
    setWish({ utc, from: Date.now() });
    setMeaning((await previewClock(utc)).meaning);
  });
  const apply = (): Promise<void> => attempt(async () => {
    if (!wish) return;
    await setClock(wish.utc + (Date.now() - wish.from));
    setMeaning(null);
    say(t("clock.wasSet"));
    done();
  });
  return (
    <div className={styles.form}>
      {faults[""] && <FaultNote text={faults[""]} />}
      <TextInput
        className={styles.narrow} type="datetime-local" step={1} label={t("clock.new")} value={text} error={faults["utc"]}
        onChange={(event) => { setText(event.currentTarget.value); forget(); }}
      />
      <div className={styles.row}>
        <Button variant="default" loading={busy} onClick={() => void look(false)}>{t("clock.look")}</Button>
        <Button variant="default" disabled={busy} onClick={() => void look(true)}>{t("clock.here")}</Button>
      </div>
      {meaning && (
        <div role="status">
          <ul className={styles.facts}>
            {meaning.map((sentence) => <li key={sentence}>{sentence}</li>)}
          </ul>
          <div className={styles.buttons}>
            <Button color="red" loading={busy} onClick={() => void apply()}>{t("clock.doIt")}</Button>
            <Button variant="default" onClick={forget}>{t("action.cancel")}</Button>
          </div>
        </div>
      )}
    </div>
  );
}

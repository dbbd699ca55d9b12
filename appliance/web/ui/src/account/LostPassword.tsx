/** A lost password of admin is set anew: with the recovery file, or by questions (D2-AC-10..15). */
import { Button, FileInput, SegmentedControl, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { recoveryWays, resetPassword, type Ways } from "../accounts/api";
import { keyIn } from "../accounts/recoveryFile";
import { wrongFields } from "../api/http";
import { t } from "../i18n";
import { standing } from "../state/session";
import { useStore } from "../state/store";
import { FaultNote, Waiting } from "../ui/parts";
import { useResource } from "../ui/useResource";
import styles from "./account.module.css";
import { Card } from "./Card";
import { NewPassword } from "./NewPassword";
import { meetsRules } from "./rules";

export function LostPassword({ back }: { back: (done: boolean) => void }) {
  const { data, fault, reload } = useResource(recoveryWays, []);
  return (
    <Card title={t("recovery.lostTitle")} intro={t("recovery.lostIntro")}>
      {data ? <Routes ways={data} back={back} /> : fault ? <FaultNote text={fault} retry={reload} /> : <Waiting />}
      <Button variant="subtle" onClick={() => back(false)}>{t("recovery.back")}</Button>
    </Card>
  );
}

function Routes({ ways, back }: { ways: Ways; back: (done: boolean) => void }) {
  const { leastKinds } = useStore(standing);
  const byQuestions = ways.enabled && ways.questions.length > 0;
  const byFile = ways.enabled && ways.file;
  const [route, setRoute] = useState(byFile ? "file" : "questions");
  const [file, setFile] = useState<File | null>(null);
  const [answers, setAnswers] = useState<string[]>(ways.questions.map(() => ""));
  const [password, setPassword] = useState("");
  const [repeat, setRepeat] = useState("");
  const [faults, setFaults] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  if (!byFile && !byQuestions) return <p>{t(ways.enabled && !ways.near ? "recovery.notNear" : "recovery.nothing")}</p>;

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const found: Record<string, string> = {};
    const key = route === "file" && file ? keyIn(await file.text()) : null;
    if (route === "file" && !key) found["key"] = t("recovery.badFile");
    if (!meetsRules(password, leastKinds)) found["password"] = t("rule.unmet");
    if (password !== repeat) found["repeat"] = t("setup.mismatch");
    setFaults(found);
    if (Object.keys(found).length > 0) return;
    setBusy(true);
    try {
      await resetPassword(route === "file" ? { route, key, password } : { route, answers, password });
      back(true);
    } catch (error) {
      setFaults(wrongFields(error));
      setBusy(false);
    }
  };
  return (
    <form noValidate style={{ display: "contents" }} onSubmit={(event) => void submit(event)}>
      {faults[""] && <div className={styles.error} role="alert">{faults[""]}</div>}
      {byFile && byQuestions && <SegmentedControl aria-label={t("recovery.lostTitle")} value={route} onChange={setRoute} data={[{ value: "file", label: t("recovery.byFile") }, { value: "questions", label: t("recovery.byQuestions") }]} />}
      {route === "file" ? (
        <FileInput label={t("recovery.byFile")} placeholder={t("recovery.choose")} accept="application/json,.json" value={file} onChange={setFile} error={faults["key"]} />
      ) : (
        <>
          {faults["answers"] && <div className={styles.error} role="alert">{faults["answers"]}</div>}
          {ways.questions.map((question, number) => (
            <TextInput key={question} label={question} value={answers[number] ?? ""} autoComplete="off" onChange={(event) => setAnswers(answers.map((old, index) => (index === number ? event.currentTarget.value : old)))} />
          ))}
        </>
      )}
      <input type="text" name="username" value="admin" autoComplete="username" readOnly hidden />
      <NewPassword label={t("password.new")} password={password} repeat={repeat} setPassword={setPassword} setRepeat={setRepeat} faults={{ password: faults["password"], repeat: faults["repeat"] }} />
      <Button type="submit" loading={busy} fullWidth>{t("recovery.submit")}</Button>
    </form>
  );
}

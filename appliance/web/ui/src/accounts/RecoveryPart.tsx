/** How a lost password of admin can be set anew, arranged while it is known (D2-AC-10). */
import { Button, Switch, TextInput } from "@mantine/core";
import { useState } from "react";
import { t } from "../i18n";
import { FaultNote, Section, Waiting } from "../ui/parts";
import { say } from "../ui/toast";
import { useResource } from "../ui/useResource";
import { allowRecovery, makeRecoveryFile, recoveryWays, setQuestions } from "./api";
import styles from "./accounts.module.css";
import { Proof } from "./Proof";
import { saveFile } from "./recoveryFile";

const LEAST = 2;
const MOST = 5;
const EMPTY = { question: "", answer: "" };

export function RecoveryPart() {
  const { data, fault, reload } = useResource(recoveryWays, []);
  const [asking, setAsking] = useState<"file" | "questions" | "drop" | "allow" | null>(null);
  const [list, setList] = useState<{ question: string; answer: string }[] | null>(null);
  if (!data) return fault ? <FaultNote text={fault} retry={reload} /> : <Waiting />;
  const edit = (number: number, part: Partial<typeof EMPTY>): void => setList((old) => (old ?? []).map((entry, index) => (index === number ? { ...entry, ...part } : entry)));
  const acts = {
    file: { title: t(data.file ? "recovery.fileAgain" : "recovery.file"), work: async (password: string) => {
      saveFile((await makeRecoveryFile(password)).key);
      say(t("recovery.fileMade"));
    } },
    questions: { title: t("recovery.set"), work: async (password: string) => {
      await setQuestions(password, list ?? []);
      setList(null);
      say(t("recovery.questionsSet"));
    } },
    drop: { title: t("recovery.drop"), work: async (password: string) => {
      await setQuestions(password, []);
      say(t("recovery.questionsDropped"));
    } },
    allow: { title: t("recovery.allowed"), work: (password: string) => allowRecovery(password, !data.enabled) },
  };
  return (
    <Section title={t("recovery.title")}>
      <div className={styles.part}>
        <p className="dim">{t("recovery.text")}</p>
        <Switch label={t("recovery.allowed")} checked={data.enabled} onChange={() => setAsking("allow")} />
        <p>{t(data.file ? "recovery.fileIs" : "recovery.fileNone")}</p>
        <Button variant="default" disabled={!data.enabled} onClick={() => setAsking("file")}>{t(data.file ? "recovery.fileAgain" : "recovery.file")}</Button>
        <p>{data.questions.length > 0 ? t("recovery.questionsAre", { n: data.questions.length }) : t("recovery.questionsNone")}</p>
        {list ? (
          <>
            <p className="dim small">{t("recovery.answersHelp")}</p>
            {list.map((entry, number) => (
              <div key={number} className={styles.question}>
                <TextInput label={t("recovery.question", { n: number + 1 })} value={entry.question} onChange={(event) => edit(number, { question: event.currentTarget.value })} />
                <TextInput label={t("recovery.answer", { n: number + 1 })} value={entry.answer} autoComplete="off" onChange={(event) => edit(number, { answer: event.currentTarget.value })} />
              </div>
            ))}
            <div>
              {list.length < MOST && <Button variant="default" onClick={() => setList([...list, EMPTY])}>{t("recovery.add")}</Button>}{" "}
              <Button variant="default" onClick={() => setList(null)}>{t("action.cancel")}</Button>{" "}
              <Button onClick={() => setAsking("questions")}>{t("recovery.set")}</Button>
            </div>
          </>
        ) : (
          <div>
            <Button variant="default" disabled={!data.enabled} onClick={() => setList(Array.from({ length: LEAST }, () => EMPTY))}>{t(data.questions.length > 0 ? "recovery.change" : "recovery.set")}</Button>{" "}
            {data.questions.length > 0 && <Button variant="default" onClick={() => setAsking("drop")}>{t("recovery.drop")}</Button>}
          </div>
        )}
      </div>
      {asking && (
        <Proof title={acts[asking].title} close={() => setAsking(null)} act={async (password) => {
          await acts[asking].work(password);
          reload();
        }} />
      )}
    </Section>
  );
}

/** The settings as a whole: saved as a file, taken over from one, reset; each change is shown before it is made. */
import { Button, FileInput, PasswordInput, SegmentedControl } from "@mantine/core";
import { useState } from "react";
import { post, words, wrongFields } from "../api/http";
import { t } from "../i18n";
import { box } from "../state/box";
import { useSelect } from "../state/store";
import { confirm } from "../ui/confirm";
import { FaultNote } from "../ui/parts";
import { say } from "../ui/toast";
import type { Scope, Whole } from "./api";
import styles from "./settings.module.css";

function Preview({ whole }: { whole: Whole }) {
  const count = whole.pages.reduce((sum, page) => sum + page.changes.length, 0);
  return (
    <section className={styles.preview} aria-label={t("whole.changes", { n: count })} tabIndex={0}>
      <strong>{count === 0 ? t("whole.nothing") : t("whole.changes", { n: count })}</strong>
      {whole.pages.map((page) => (
        <div key={page.page}>
          {page.title}
          <ul className="small">
            {page.changes.map((edit, i) => (
              // eslint-disable-next-line react/no-array-index-key
              <li key={i}>{edit.item === null ? edit.text : t("whole.ofItem", { item: String(edit.item), text: edit.text })}</li>
            ))}
          </ul>
        </div>
      ))}
      {(whole.beyond ?? []).map((what) => <div key={what}>{t("whole.beyond", { what })}</div>)}
    </section>
  );
}

function Save() {
  const [password, setPassword] = useState("");
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const save = async (): Promise<void> => {
    setWrong({});
    try {
      const settingsFile = await post<Record<string, unknown>>("/settings-file/export", { password: password || null });
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([JSON.stringify(settingsFile, null, 1)], { type: "application/json" }));
      link.download = `settings-${String(settingsFile["device"]).replace(/[^\w-]+/g, "-")}.json`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    } catch (error) {
      setWrong(wrongFields(error));
    }
  };
  return (
    <section className={styles.wholePart}>
      <h2>{t("whole.export")}</h2>
      <p className="dim">{t("whole.exportText")}</p>
      {wrong[""] && <FaultNote text={wrong[""]} />}
      <div>
        <PasswordInput label={t("whole.exportPassword")} description={t("whole.exportPasswordHelp")} value={password} onChange={(event) => setPassword(event.currentTarget.value)} autoComplete="new-password" error={wrong["password"] && t("settings.fieldError", { title: t("whole.exportPassword"), text: wrong["password"] })} />
      </div>
      <Button onClick={() => void save()}>{t("whole.exportDo")}</Button>
    </section>
  );
}

function TakeOver() {
  const [file, setFile] = useState<File | null>(null);
  const [password, setPassword] = useState("");
  const [looked, setLooked] = useState<Whole | null>(null);
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  const ask = async (path: string): Promise<Whole | null> => {
    setWrong({});
    setBusy(true);
    try {
      let settingsFile: unknown;
      try {
        settingsFile = JSON.parse((await file?.text()) ?? "");
      } catch {
        setWrong({ "": t("whole.notJson") });
        return null;
      }
      return await post<Whole>(path, { document: settingsFile, password: password || null });
    } catch (error) {
      setWrong(wrongFields(error));
      return null;
    } finally {
      setBusy(false);
    }
  };
  const take = async (): Promise<void> => {
    if ((await ask("/settings-file/import")) === null) return;
    say(t("whole.imported"));
    setLooked(null);
    setFile(null);
  };
  const others = Object.entries(wrong).filter(([path]) => path !== "password");
  return (
    <section className={styles.wholePart}>
      <h2>{t("whole.import")}</h2>
      <p className="dim">{t("whole.importText")}</p>
      <div>
        <FileInput label={t("whole.importFile")} placeholder={t("whole.importChoose")} value={file} accept="application/json,.json" clearable onChange={(next) => {
          setFile(next);
          setLooked(null);
          setWrong({});
        }} />
      </div>
      <div>
        <PasswordInput label={t("whole.importPassword")} value={password} onChange={(event) => setPassword(event.currentTarget.value)} autoComplete="off" error={wrong["password"] && t("settings.fieldError", { title: t("whole.importPassword"), text: wrong["password"] })} />
      </div>
      {others.map(([path, text]) => <FaultNote key={path} text={path ? t("whole.ofItem", { item: path, text }) : text} />)}
      {looked && <Preview whole={looked} />}
      {looked?.secrets === false && <p className="dim small">{t("whole.importNoSecrets")}</p>}
      {looked
        ? <Button loading={busy} onClick={() => void take()}>{t("whole.importDo")}</Button>
        : <Button variant="default" disabled={file === null} loading={busy} onClick={() => void ask("/settings-file/preview").then(setLooked)}>{t("whole.importLook")}</Button>}
    </section>
  );
}

function Reset() {
  const name = useSelect(box, (state) => state.status?.box.name ?? "");
  const [scope, setScope] = useState<Scope>("but_network_and_users");
  const [looked, setLooked] = useState<Whole | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const look = async (): Promise<void> => {
    setFault(null);
    try {
      setLooked(await post<Whole>("/settings-reset/preview", { scope }));
    } catch (error) {
      setFault(words(error));
    }
  };
  const reset = async (): Promise<void> => {
    if (!(await confirm({ title: t("whole.reset"), text: t("whole.resetConfirm"), yes: t("whole.resetDo"), danger: true, typed: name, typedLabel: t("whole.resetName", { name }) }))) return;
    try {
      await post("/settings-reset", { scope });
      say(t("whole.resetDone"));
      setLooked(null);
    } catch (error) {
      setFault(words(error));
    }
  };
  return (
    <section className={styles.wholePart}>
      <h2>{t("whole.reset")}</h2>
      <p className="dim">{t("whole.resetText")}</p>
      <SegmentedControl
        aria-label={t("whole.scope")} value={scope} data={(["but_network_and_users", "all"] as const).map((value) => ({ value, label: t(`whole.scope.${value}`) }))}
        onChange={(value) => {
          setScope(value as Scope);
          setLooked(null);
        }}
      />
      {fault && <FaultNote text={fault} />}
      {looked && <Preview whole={looked} />}
      {looked
        ? <Button color="red" className="danger" onClick={() => void reset()}>{t("whole.resetDo")}</Button>
        : <Button variant="default" onClick={() => void look()}>{t("whole.resetLook")}</Button>}
    </section>
  );
}

export function WholePage() {
  return (
    <>
      <h1>{t("whole.title")}</h1>
      <div className={styles.whole}>
        <Save />
        <TakeOver />
        <Reset />
      </div>
    </>
  );
}

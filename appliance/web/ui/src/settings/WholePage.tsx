/** The settings as a whole: saved as a file, taken over from one, reset; each change is shown before it is made. */
import { Button, FileInput, PasswordInput, SegmentedControl, Switch } from "@mantine/core";
import { useState } from "react";
import { post, words, wrongFields } from "../api/http";
import { t } from "../i18n";
import { box } from "../state/box";
import { useSelect } from "../state/store";
import { dateTime } from "../time/format";
import { confirm } from "../ui/confirm";
import { FaultNote } from "../ui/parts";
import { say } from "../ui/toast";
import type { Scope, Whole } from "./api";
import styles from "./settings.module.css";

function Preview({ whole }: { whole: Whole }) {
  const parts = whole.parts ?? [];
  const count = [...whole.pages, ...parts].reduce((sum, part) => sum + part.changes.length, 0);
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
      {parts.map((part) => (
        <div key={part.part}>
          {part.title}
          <ul className="small">{part.changes.map((text) => <li key={text}>{text}</li>)}</ul>
        </div>
      ))}
      {(whole.misfits ?? []).length > 0 && (
        <div data-misfits>
          <strong>{t("whole.misfits")}</strong>
          <ul className="small">
            {(whole.misfits ?? []).map((misfit) => (
              <li key={`${misfit.page}.${misfit.item}`}>{t("whole.misfit", { page: misfit.title, item: misfit.item === null ? "" : String(misfit.item), text: misfit.text })}</li>
            ))}
          </ul>
        </div>
      )}
      {(whole.beyond ?? []).map((what) => <div key={what}>{t("whole.beyond", { what })}</div>)}
    </section>
  );
}

function Save() {
  const name = useSelect(box, (state) => state.status?.box.name ?? "");
  const [passphrase, setPassphrase] = useState("");
  const [again, setAgain] = useState("");
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  const save = async (): Promise<void> => {
    setWrong({});
    if (passphrase !== again) {
      setWrong({ again: t("whole.againWrong") });
      return;
    }
    setBusy(true);
    try {
      const { file } = await post<{ file: string }>("/configuration/export", { passphrase });
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([file], { type: "application/json" }));
      const day = new Date().toISOString().slice(0, 10);
      link.download = `${name.replace(/[^\w-]+/g, "-")}-${day}.nvrconf`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
      setPassphrase("");
      setAgain("");
    } catch (error) {
      setWrong(wrongFields(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <section className={styles.wholePart}>
      <h2>{t("whole.export")}</h2>
      <p className="dim">{t("whole.exportText")}</p>
      {wrong[""] && <FaultNote text={wrong[""]} />}
      <div>
        <PasswordInput label={t("whole.passphrase")} description={t("whole.passphraseHelp")} value={passphrase} onChange={(event) => setPassphrase(event.currentTarget.value)} autoComplete="new-password" error={wrong["passphrase"] && t("settings.fieldError", { title: t("whole.passphrase"), text: wrong["passphrase"] })} />
      </div>
      <div>
        <PasswordInput label={t("whole.again")} value={again} onChange={(event) => setAgain(event.currentTarget.value)} autoComplete="new-password" error={wrong["again"]} />
      </div>
      <Button loading={busy} disabled={!passphrase} onClick={() => void save()}>{t("whole.exportDo")}</Button>
    </section>
  );
}

function Origin({ whole }: { whole: Whole }) {
  const about = whole.about;
  if (!about) return null;
  const when = Date.parse(String(about["exported"]));
  return (
    <p className="dim small">
      {t("whole.about", {
        device: String(about["device"] ?? ""), board: String(about["board"] || t("whole.noBoard")), software: String(about["software"] ?? ""),
        when: Number.isFinite(when) ? dateTime(when) : "",
      })}
    </p>
  );
}

function TakeOver() {
  const [file, setFile] = useState<File | null>(null);
  const [passphrase, setPassphrase] = useState("");
  const [network, setNetwork] = useState(true);
  const [accounts, setAccounts] = useState(true);
  const [looked, setLooked] = useState<Whole | null>(null);
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  const ask = async (path: string): Promise<Whole | null> => {
    setWrong({});
    setBusy(true);
    try {
      return await post<Whole>(path, { file: (await file?.text()) ?? "", passphrase, network, accounts });
    } catch (error) {
      setWrong(wrongFields(error));
      return null;
    } finally {
      setBusy(false);
    }
  };
  const take = async (): Promise<void> => {
    if (!(await confirm({ title: t("whole.import"), text: t(accounts ? "whole.importConfirmUsers" : "whole.importConfirm"), yes: t("whole.importDo"), danger: true }))) return;
    if ((await ask("/configuration/import")) === null) return;
    say(t("whole.imported"));
    setLooked(null);
    setFile(null);
    setPassphrase("");
  };
  const again = (): void => {
    setLooked(null);
    setWrong({});
  };
  const others = Object.entries(wrong).filter(([path]) => path !== "passphrase" && path !== "file");
  return (
    <section className={styles.wholePart}>
      <h2>{t("whole.import")}</h2>
      <p className="dim">{t("whole.importText")}</p>
      <div>
        <FileInput label={t("whole.importFile")} placeholder={t("whole.importChoose")} value={file} accept=".nvrconf,application/json" clearable error={wrong["file"] && t("settings.fieldError", { title: t("whole.importFile"), text: wrong["file"] })} onChange={(next) => {
          setFile(next);
          again();
        }} />
      </div>
      <div>
        <PasswordInput label={t("whole.importPassword")} value={passphrase} autoComplete="off" error={wrong["passphrase"] && t("settings.fieldError", { title: t("whole.importPassword"), text: wrong["passphrase"] })} onChange={(event) => {
          setPassphrase(event.currentTarget.value);
          again();
        }} />
      </div>
      <Switch label={t("whole.withNetwork")} description={t("whole.withNetworkHelp")} checked={network} onChange={(event) => {
        setNetwork(event.currentTarget.checked);
        again();
      }} />
      <Switch label={t("whole.withAccounts")} description={t("whole.withAccountsHelp")} checked={accounts} onChange={(event) => {
        setAccounts(event.currentTarget.checked);
        again();
      }} />
      {others.map(([path, text]) => <FaultNote key={path} text={path ? t("whole.ofItem", { item: path, text }) : text} />)}
      {looked && <Origin whole={looked} />}
      {looked && <Preview whole={looked} />}
      {looked
        ? <Button loading={busy} onClick={() => void take()}>{t("whole.importDo")}</Button>
        : <Button variant="default" disabled={file === null || !passphrase} loading={busy} onClick={() => void ask("/configuration/preview").then(setLooked)}>{t("whole.importLook")}</Button>}
    </section>
  );
}

function Reset() {
  const name = useSelect(box, (state) => state.status?.box.name ?? "");
  const [scope, setScope] = useState<Scope>("but_network_and_users");
  const [erase, setErase] = useState(false);
  const wish = { scope, footage: erase ? "erased" : "kept" };
  const [looked, setLooked] = useState<Whole | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const look = async (): Promise<void> => {
    setFault(null);
    try {
      setLooked(await post<Whole>("/settings-reset/preview", wish));
    } catch (error) {
      setFault(words(error));
    }
  };
  const reset = async (): Promise<void> => {
    if (!(await confirm({ title: t("whole.reset"), text: t(erase ? "whole.resetConfirmErase" : "whole.resetConfirm"), yes: t("whole.resetDo"), danger: true, typed: name, typedLabel: t("whole.resetName", { name }) }))) return;
    try {
      await post("/settings-reset", wish);
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
      <Switch label={t("whole.erase")} description={t("whole.eraseHelp")} checked={erase} onChange={(event) => {
        setErase(event.currentTarget.checked);
        setLooked(null);
      }} />
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

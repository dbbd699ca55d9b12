/** Log in; the address stays, so that a deep link opens what it names afterwards. */
import { Button, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { ApiError, words } from "../api/http";
import { t } from "../i18n";
import { recall, remember } from "../state/remember";
import { logIn, session } from "../state/session";
import { useStore } from "../state/store";
import { Password } from "../ui/Password";
import styles from "./account.module.css";
import { Card } from "./Card";
import { LostPassword } from "./LostPassword";

/** The words of a refusal; at the recorder itself with the account's hint. */
function faultWords(error: unknown): string {
  const hint = error instanceof ApiError ? error.details["hint"] : undefined;
  return typeof hint === "string" ? `${words(error)} ${t("login.hint", { hint })}` : words(error);
}

export function LogIn() {
  const { expired } = useStore(session);
  const [user, setUser] = useState(() => recall("user", "admin"));
  const [password, setPassword] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [code, setCode] = useState("");
  const [askCode, setAskCode] = useState(false);
  const [lost, setLost] = useState<"asking" | "done" | null>(null);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setFault(null);
    try {
      await logIn(user.trim(), password, askCode ? code : "");
      remember("user", user.trim());
    } catch (error) {
      const refused = error instanceof ApiError ? error.code : "";
      setAskCode(refused === "code_needed" || refused.startsWith("accounts.factor_"));
      setFault(refused === "code_needed" ? null : faultWords(error));
      setCode("");
      // A right password stays while only the code is missing or wrong.
      if (refused !== "code_needed" && !refused.startsWith("accounts.factor_")) setPassword("");
    } finally {
      setBusy(false);
    }
  };

  const leaveLost = (done: boolean): void => {
    setLost(done ? "done" : null);
    if (!done) return;
    setPassword("");
    setAskCode(false); // The file took the second factor off; where questions did not, the box asks again.
    setFault(null);
  };
  if (lost === "asking") return <LostPassword back={leaveLost} />;
  return (
    <Card title={t("login.title")} intro={t("login.intro")}>
      <form onSubmit={(event) => void submit(event)} style={{ display: "contents" }}>
        {expired && !fault && <div className={styles.note}>{t("login.expired")}</div>}
        {lost === "done" && !fault && <div className={styles.note}>{t("recovery.done")}</div>}
        {fault && <div className={styles.error} role="alert">{fault}</div>}
        <TextInput label={t("login.user")} value={user} onChange={(event) => setUser(event.currentTarget.value)} autoComplete="username" spellCheck={false} required withAsterisk={false} />
        <Password label={t("login.password")} value={password} onChange={(event) => setPassword(event.currentTarget.value)} autoComplete="current-password" autoFocus required withAsterisk={false} />
        {askCode && <TextInput label={t("login.code")} description={t("login.codeHelp")} value={code} onChange={(event) => setCode(event.currentTarget.value)} inputMode="numeric" autoComplete="one-time-code" autoFocus required withAsterisk={false} />}
        <Button type="submit" loading={busy} fullWidth>
          {t("login.submit")}
        </Button>
        <Button variant="subtle" onClick={() => setLost("asking")}>{t("recovery.lost")}</Button>
      </form>
    </Card>
  );
}

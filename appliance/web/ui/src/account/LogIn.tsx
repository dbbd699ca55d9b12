/** Log in; the address stays, so that a deep link opens what it names afterwards. */
import { Button, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { words } from "../api/http";
import { t } from "../i18n";
import { recall, remember } from "../state/remember";
import { logIn, session } from "../state/session";
import { useStore } from "../state/store";
import { Password } from "../ui/Password";
import styles from "./account.module.css";
import { Card } from "./Card";

export function LogIn() {
  const { expired } = useStore(session);
  const [user, setUser] = useState(() => recall("user", "admin"));
  const [password, setPassword] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setFault(null);
    try {
      await logIn(user.trim(), password);
      remember("user", user.trim());
    } catch (error) {
      setFault(words(error));
      setPassword("");
    } finally {
      setBusy(false);
    }
  };

  return (
    <Card title={t("login.title")} intro={t("login.intro")}>
      <form onSubmit={(event) => void submit(event)} style={{ display: "contents" }}>
        {expired && !fault && <div className={styles.note}>{t("login.expired")}</div>}
        {fault && <div className={styles.error} role="alert">{fault}</div>}
        <TextInput label={t("login.user")} value={user} onChange={(event) => setUser(event.currentTarget.value)} autoComplete="username" spellCheck={false} required withAsterisk={false} />
        <Password label={t("login.password")} value={password} onChange={(event) => setPassword(event.currentTarget.value)} autoComplete="current-password" autoFocus required withAsterisk={false} />
        <Button type="submit" loading={busy} fullWidth>
          {t("login.submit")}
        </Button>
      </form>
    </Card>
  );
}

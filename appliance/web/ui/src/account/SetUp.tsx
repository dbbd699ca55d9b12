/** First-person set-up: one-time code, password and its confirmation (D1-IZ-02). */
import { Button, PasswordInput, TextInput } from "@mantine/core";
import { IconCheck, IconPointFilled } from "@tabler/icons-react";
import { useState, type FormEvent } from "react";
import { ApiError, words } from "../api/http";
import { t } from "../i18n";
import { setUp } from "../state/session";
import styles from "./account.module.css";
import { Card } from "./Card";
import { meetsRules, RULES } from "./rules";

interface Faults {
  code?: string | undefined;
  password?: string | undefined;
  repeat?: string | undefined;
  all?: string | undefined;
}

export function SetUp() {
  const [code, setCode] = useState("");
  const [password, setPassword] = useState("");
  const [repeat, setRepeat] = useState("");
  const [faults, setFaults] = useState<Faults>({});
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const found: Faults = {
      code: code.trim() ? undefined : t("setup.codeMissing"),
      password: meetsRules(password) ? undefined : t("rule.unmet"),
      repeat: password === repeat ? undefined : t("setup.mismatch"),
    };
    setFaults(found);
    if (found.code || found.password || found.repeat) return;
    setBusy(true);
    try {
      await setUp(code.trim(), password);
    } catch (error) {
      const fields = error instanceof ApiError ? error.fields : [];
      const of = (name: string): string | undefined => fields.find((field) => field.path.replace(/^\//, "") === name)?.text;
      setFaults({ code: of("code"), password: of("password"), all: fields.length ? undefined : words(error) });
    } finally {
      setBusy(false);
    }
  };

  return (
    <Card title={t("setup.title")} intro={t("setup.intro")}>
      <form onSubmit={(event) => void submit(event)} noValidate style={{ display: "contents" }}>
        {faults.all && <div className={styles.error} role="alert">{faults.all}</div>}
        <TextInput label={t("setup.code")} description={t("setup.codeHelp")} value={code} onChange={(event) => setCode(event.currentTarget.value)} error={faults.code} autoComplete="one-time-code" autoCapitalize="characters" spellCheck={false} autoFocus required withAsterisk={false} />
        <input type="text" name="username" value="admin" autoComplete="username" readOnly hidden />
        <PasswordInput label={t("setup.password")} value={password} onChange={(event) => setPassword(event.currentTarget.value)} error={faults.password} autoComplete="new-password" required withAsterisk={false} />
        <ul className={styles.rules}>
          {RULES.map((rule) => {
            const met = rule.met(password);
            return (
              <li key={rule.key} data-met={met || undefined} aria-label={t(met ? "rule.met" : "rule.notMet", { rule: t(rule.key) })}>
                {met ? <IconCheck size={14} aria-hidden /> : <IconPointFilled size={14} aria-hidden />}
                {t(rule.key)}
              </li>
            );
          })}
        </ul>
        <PasswordInput label={t("setup.repeat")} value={repeat} onChange={(event) => setRepeat(event.currentTarget.value)} error={faults.repeat} autoComplete="new-password" required withAsterisk={false} />
        <Button type="submit" loading={busy} fullWidth>
          {t("setup.submit")}
        </Button>
      </form>
    </Card>
  );
}

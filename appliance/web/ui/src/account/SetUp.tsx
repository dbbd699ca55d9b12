/** First-person set-up: one-time code, password and its confirmation (D1-IZ-02). */
import { Button, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { wrongFields } from "../api/http";
import { t } from "../i18n";
import { navigate } from "../router/router";
import { setUp, standing } from "../state/session";
import { useStore } from "../state/store";
import styles from "./account.module.css";
import { Card } from "./Card";
import { NewPassword } from "./NewPassword";
import { meetsRules } from "./rules";

interface Faults {
  code?: string | undefined;
  password?: string | undefined;
  repeat?: string | undefined;
  all?: string | undefined;
}

export function SetUp() {
  const { leastKinds } = useStore(standing);
  const [code, setCode] = useState("");
  const [password, setPassword] = useState("");
  const [repeat, setRepeat] = useState("");
  const [faults, setFaults] = useState<Faults>({});
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const found: Faults = {
      code: code.trim() ? undefined : t("setup.codeMissing"),
      password: meetsRules(password, leastKinds) ? undefined : t("rule.unmet"),
      repeat: password === repeat ? undefined : t("setup.mismatch"),
    };
    setFaults(found);
    if (found.code || found.password || found.repeat) return;
    setBusy(true);
    try {
      await setUp(code.trim(), password);
      if (location.pathname === "/") void navigate("/wizard", { replace: true });
    } catch (error) {
      const wrong = wrongFields(error);
      setFaults({ code: wrong["code"], password: wrong["password"], all: wrong[""] });
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
        <NewPassword label={t("setup.password")} password={password} repeat={repeat} setPassword={setPassword} setRepeat={setRepeat} faults={faults} />
        <Button type="submit" loading={busy} fullWidth>
          {t("setup.submit")}
        </Button>
      </form>
    </Card>
  );
}

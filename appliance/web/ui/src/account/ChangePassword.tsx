/** Change the own password (D2-AC-06): the one in use, the new one twice, and what happens to other browsers. */
import { Button, Checkbox, Modal } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { listTokens } from "../accounts/api";
import { wrongFields } from "../api/http";
import { t } from "../i18n";
import { changePassword, session, standing } from "../state/session";
import { Store, useStore } from "../state/store";
import { Password } from "../ui/Password";
import { say } from "../ui/toast";
import { useResource } from "../ui/useResource";
import ui from "../ui/ui.module.css";
import styles from "./account.module.css";
import { NewPassword } from "./NewPassword";
import { meetsRules } from "./rules";

const opened = new Store(false);
export const askNewPassword = (): void => opened.set(true);

interface Faults {
  old?: string | undefined;
  password?: string | undefined;
  repeat?: string | undefined;
  all?: string | undefined;
}

export function ChangePassword() {
  const open = useStore(opened);
  const close = (): void => opened.set(false);
  return (
    <Modal opened={open} onClose={close} title={t("password.title")} closeButtonProps={{ "aria-label": t("action.close") }}>
      <PasswordForm close={close} />
    </Modal>
  );
}

export function PasswordForm({ close }: { close: () => void }) {
  const { user } = useStore(session);
  const { leastKinds } = useStore(standing);
  const [old, setOld] = useState("");
  const [password, setPassword] = useState("");
  const [repeat, setRepeat] = useState("");
  const [faults, setFaults] = useState<Faults>({});
  const [busy, setBusy] = useState(false);
  const [keep, setKeep] = useState(false);
  const { data: tokens } = useResource(listTokens, []);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const found: Faults = {
      old: old ? undefined : t("password.oldMissing"),
      password: meetsRules(password, leastKinds) ? undefined : t("rule.unmet"),
      repeat: password === repeat ? undefined : t("setup.mismatch"),
    };
    setFaults(found);
    if (found.old || found.password || found.repeat) return;
    setBusy(true);
    try {
      const ended = await changePassword(old, password, keep);
      say([
        ended.signed_out > 0 ? t("password.changedOthers", { n: ended.signed_out }) : t("password.changed"),
        ended.tokens_ended > 0 && t("password.tokensEnded", { n: ended.tokens_ended }),
      ].filter(Boolean).join(" "));
      close();
    } catch (error) {
      const wrong = wrongFields(error);
      setFaults({ old: wrong["old"], password: wrong["new"], all: wrong[""] });
      setBusy(false);
    }
  };

  return (
    <form className={styles.dialog} onSubmit={(event) => void submit(event)} noValidate>
      <p className="dim">{t("password.intro", { user })}</p>
      {faults.all && <div className={styles.error} role="alert">{faults.all}</div>}
      <input type="text" name="username" value={user} autoComplete="username" readOnly hidden />
      <Password label={t("password.old")} value={old} onChange={(event) => setOld(event.currentTarget.value)} error={faults.old} autoComplete="current-password" required withAsterisk={false} data-autofocus />
      <NewPassword label={t("password.new")} password={password} repeat={repeat} setPassword={setPassword} setRepeat={setRepeat} faults={faults} />
      {tokens && tokens.length > 0 && (
        <Checkbox label={t("password.keepTokens", { n: tokens.length })} description={t("password.keepTokensHelp")} checked={keep} onChange={(event) => setKeep(event.currentTarget.checked)} />
      )}
      <div className={ui.actions}>
        <Button variant="default" onClick={close}>
          {t("action.cancel")}
        </Button>
        <Button type="submit" loading={busy}>
          {t("password.submit")}
        </Button>
      </div>
    </form>
  );
}

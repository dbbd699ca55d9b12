/** A new password for somebody else, and keeping somebody out for a while. */
import { Button, Modal, NumberInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { wrongFields } from "../api/http";
import { NewPassword } from "../account/NewPassword";
import { meetsRules } from "../account/rules";
import { t } from "../i18n";
import { standing } from "../state/session";
import { useStore } from "../state/store";
import { FaultNote } from "../ui/parts";
import { say } from "../ui/toast";
import ui from "../ui/ui.module.css";
import { blockUser, givePassword } from "./api";
import styles from "./accounts.module.css";

interface Props {
  name: string;
  close: () => void;
  done: () => void;
}

export function PasswordDialog({ name, close, done }: Props) {
  const { leastKinds } = useStore(standing);
  const [password, setPassword] = useState("");
  const [repeat, setRepeat] = useState("");
  const [faults, setFaults] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    event.stopPropagation(); // The dialog lies within the form of the user.
    const found: Record<string, string> = {};
    if (!meetsRules(password, leastKinds)) found["password"] = t("rule.unmet");
    if (password !== repeat) found["repeat"] = t("setup.mismatch");
    setFaults(found);
    if (Object.keys(found).length > 0) return;
    setBusy(true);
    try {
      await givePassword(name, password);
      say(t("accounts.given"));
      close();
      done();
    } catch (error) {
      setFaults(wrongFields(error));
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={close} title={t("accounts.password", { name })} closeButtonProps={{ "aria-label": t("action.close") }}>
      <form className={styles.narrow} noValidate onSubmit={(event) => void submit(event)}>
        <p className="dim">{t("accounts.givePasswordText", { name })}</p>
        {faults[""] && <FaultNote text={faults[""]} />}
        <NewPassword label={t("password.new")} password={password} repeat={repeat} setPassword={setPassword} setRepeat={setRepeat} faults={faults} />
        <div className={ui.actions}>
          <Button variant="default" onClick={close}>{t("action.cancel")}</Button>
          <Button type="submit" loading={busy}>{t("accounts.givePassword")}</Button>
        </div>
      </form>
    </Modal>
  );
}

export function BlockDialog({ name, close, done }: Props) {
  const [minutes, setMinutes] = useState<string | number>(60);
  const [fault, setFault] = useState<string | undefined>();
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    event.stopPropagation();
    try {
      await blockUser(name, Number(minutes));
      say(t("accounts.blocked", { name }));
      close();
      done();
    } catch (error) {
      const wrong = wrongFields(error);
      setFault(wrong["minutes"] ?? wrong[""]);
    }
  };
  return (
    <Modal opened onClose={close} title={t("accounts.blockFor", { name })} closeButtonProps={{ "aria-label": t("action.close") }}>
      <form className={styles.narrow} noValidate onSubmit={(event) => void submit(event)}>
        <p className="dim">{t("accounts.blockText")}</p>
        <NumberInput label={t("accounts.blockFor", { name })} suffix={` ${t("accounts.minutes")}`} value={minutes} onChange={setMinutes} min={1} max={65_535} allowDecimal={false} clampBehavior="none" error={fault} hideControls data-autofocus />
        <div className={ui.actions}>
          <Button variant="default" onClick={close}>{t("action.cancel")}</Button>
          <Button type="submit">{t("accounts.block")}</Button>
        </div>
      </form>
    </Modal>
  );
}

/** Asks for the password now in use before something that guards the account is changed. */
import { Button, Modal } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { wrongFields } from "../api/http";
import { t } from "../i18n";
import { FaultNote } from "../ui/parts";
import { Password } from "../ui/Password";
import ui from "../ui/ui.module.css";
import styles from "./accounts.module.css";

interface Props {
  title: string;
  text?: string;
  /** Does it; what it throws is shown here. */
  act: (password: string) => Promise<void>;
  close: () => void;
  danger?: boolean;
}

export function Proof({ title, text, act, close, danger }: Props) {
  const [password, setPassword] = useState("");
  const [faults, setFaults] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setFaults({});
    try {
      await act(password);
      close();
    } catch (error) {
      setFaults(wrongFields(error));
      setBusy(false);
    }
  };
  const others = Object.entries(faults).filter(([path]) => path !== "password").map(([, fault]) => fault).join(" ");
  return (
    <Modal opened onClose={close} title={title} closeButtonProps={{ "aria-label": t("action.close") }}>
      <form className={styles.narrow} noValidate onSubmit={(event) => void submit(event)}>
        {text && <p className="dim">{text}</p>}
        {others && <FaultNote text={others} />}
        <Password label={t("proof.password")} value={password} onChange={(event) => setPassword(event.currentTarget.value)} error={faults["password"]} autoComplete="current-password" data-autofocus />
        <div className={ui.actions}>
          <Button variant="default" onClick={close}>{t("action.cancel")}</Button>
          <Button type="submit" color={danger ? "red" : undefined} loading={busy}>{title}</Button>
        </div>
      </form>
    </Modal>
  );
}

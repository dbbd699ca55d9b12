/** The last question before the recorder stops: what it interrupts, why, and the own password. */
import { Button, Modal, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { wrongFields } from "../api/http";
import { t } from "../i18n";
import { FaultNote } from "../ui/parts";
import { Password } from "../ui/Password";
import ui from "../ui/ui.module.css";
import { leave, type How, type Power } from "./api";
import styles from "./computer.module.css";
import { Interrupts } from "./Interrupts";

interface Props {
  how: How;
  power: Power;
  close: () => void;
  done: () => void;
}

export function LeaveDialog({ how, power, close, done }: Props) {
  const [reason, setReason] = useState("");
  const [password, setPassword] = useState("");
  const [faults, setFaults] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  const title = t(how === "off" ? "power.off" : "power.restart");
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setFaults({});
    try {
      await leave(how, reason, password);
      done();
    } catch (error) {
      setFaults(wrongFields(error));
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={close} title={title} closeButtonProps={{ "aria-label": t("action.close") }}>
      <form className={styles.form} noValidate onSubmit={(event) => void submit(event)}>
        <Interrupts interrupts={power.interrupts} />
        {how === "off" && <p className="dim">{t("power.offHelp")}</p>}
        {faults[""] && <FaultNote text={faults[""]} />}
        <TextInput label={t("power.reason")} value={reason} onChange={(event) => setReason(event.currentTarget.value)} maxLength={200} error={faults["reason"]} autoComplete="off" data-autofocus />
        <Password label={t("proof.password")} value={password} onChange={(event) => setPassword(event.currentTarget.value)} error={faults["password"]} autoComplete="current-password" />
        <div className={ui.actions}>
          <Button variant="default" onClick={close}>{t("action.cancel")}</Button>
          <Button type="submit" color="red" loading={busy}>{title}</Button>
        </div>
      </form>
    </Modal>
  );
}

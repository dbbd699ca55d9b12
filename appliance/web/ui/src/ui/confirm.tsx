/** Questions that must be answered: `await confirm({...})` gives true or false. */
import { Button, Modal, TextInput } from "@mantine/core";
import { useState } from "react";
import { t } from "../i18n";
import { Store, useStore } from "../state/store";
import styles from "./ui.module.css";

interface Question {
  title: string;
  text: string;
  yes: string;
  no?: string;
  danger?: boolean;
  /** What has to be typed before "yes" works: the name of what is destroyed. */
  typed?: string;
  typedLabel?: string;
}

const open = new Store<(Question & { answer: (yes: boolean) => void }) | null>(null);

export function confirm(question: Question): Promise<boolean> {
  open.get()?.answer(false);
  return new Promise((resolve) => {
    open.set({ ...question, answer: (yes) => {
      open.set(null);
      resolve(yes);
    } });
  });
}

export function ConfirmHost() {
  const question = useStore(open);
  if (!question) return null;
  return <Dialog key={question.title} {...question} />;
}

function Dialog({ title, text, yes, no, danger, typed, typedLabel, answer }: Question & { answer: (yes: boolean) => void }) {
  const [entered, setEntered] = useState("");
  return (
    <Modal opened onClose={() => answer(false)} title={title} closeButtonProps={{ "aria-label": t("action.close") }}>
      <p>{text}</p>
      {typed !== undefined && <TextInput mt="md" label={typedLabel} value={entered} onChange={(event) => setEntered(event.currentTarget.value)} autoComplete="off" />}
      <div className={styles.actions}>
        <Button variant="default" onClick={() => answer(false)} data-autofocus>
          {no ?? t("action.cancel")}
        </Button>
        <Button color={danger ? "red" : undefined} disabled={typed !== undefined && entered !== typed} onClick={() => answer(true)}>
          {yes}
        </Button>
      </div>
    </Modal>
  );
}

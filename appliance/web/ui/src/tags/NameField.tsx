/** The field for a tag's name: how many characters are left, and what the box says of it. */
import { TextInput } from "@mantine/core";
import { useState } from "react";
import { wrongFields } from "../api/http";
import { t } from "../i18n";
import { lengthOf, MAX_NAME } from "./api";

export interface NameState {
  text: string;
  /** Why it cannot be saved as it is, null if it can; empty while there is nothing to say yet. */
  wrong: string | null;
  busy: boolean;
  told: string | null;
  set: (text: string) => void;
  /** Send it to the box; whether it took it. */
  send: (work: () => Promise<unknown>) => Promise<boolean>;
}

export function useName(first: string): NameState {
  const [text, setText] = useState(first);
  const [told, setTold] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const over = lengthOf(text) - MAX_NAME;
  const wrong = over > 0 ? t("tags.nameTooLong", { n: over }) : text.trim() === "" ? "" : null;
  return {
    text, told, busy, wrong,
    set: (next) => {
      setText(next);
      setTold(null);
    },
    send: async (work) => {
      setBusy(true);
      try {
        await work();
        return true;
      } catch (error) {
        const fields = wrongFields(error);
        setTold(fields["name"] ?? Object.values(fields).join(" "));
        return false;
      } finally {
        setBusy(false);
      }
    },
  };
}

export function NameField({ name, label }: { name: NameState; label: string }) {
  const left = MAX_NAME - lengthOf(name.text);
  return (
    <TextInput
      label={label} value={name.text} onChange={(event) => name.set(event.currentTarget.value)} dir="auto" autoComplete="off" data-autofocus autoFocus
      error={name.told ?? (name.wrong || null)} description={left <= 10 && left >= 0 ? t("tags.nameHelp", { n: left }) : undefined}
      inputWrapperOrder={["label", "input", "description", "error"]}
    />
  );
}

/** One form being edited: draft, changed fields, errors in place, apply, discard, and the leaving guard. */
import { useCallback, useEffect, useMemo, useState } from "react";
import { ApiError, words } from "../api/http";
import { t } from "../i18n";
import { guardLeaving } from "../router/router";
import { confirm } from "../ui/confirm";
import { say } from "../ui/toast";
import { errorsByPath, isStale, type FieldForm, type Values } from "./api";
import { changesOf } from "./draft";

export interface FormState {
  values: Values;
  changes: Values;
  changed: boolean;
  errors: Record<string, string>;
  fault: string | null;
  stale: boolean;
  busy: boolean;
  set: (name: string, value: unknown) => void;
  /** A field cannot be applied as typed (not a number); null takes the note away. */
  block: (name: string, text: string | null) => void;
  apply: (overwrite?: boolean) => Promise<boolean>;
  discard: () => void;
}

interface Options {
  base: Values;
  fields: readonly FieldForm[];
  /** Sends the changes; `overwrite` without looking whether somebody else changed the page. */
  send: (changes: Values, overwrite: boolean) => Promise<void>;
  /** A new entry counts as changed from the start. */
  fresh?: boolean;
}

export const askToLeave = (): Promise<boolean> =>
  confirm({ title: t("guard.title"), text: t("guard.text"), yes: t("guard.leave"), no: t("guard.stay"), danger: true });

export function useForm({ base, fields, send, fresh = false }: Options): FormState {
  const [edits, setEdits] = useState<Values>({});
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [blocks, setBlocks] = useState<Record<string, string>>({});
  const [fault, setFault] = useState<string | null>(null);
  const [stale, setStale] = useState(false);
  const [busy, setBusy] = useState(false);

  const values = useMemo(() => ({ ...base, ...edits }), [base, edits]);
  const changes = useMemo(() => (fresh ? values : changesOf(base, values, fields)), [base, values, fields, fresh]);
  const changed = fresh ? Object.keys(edits).length > 0 : Object.keys(changes).length > 0;

  useEffect(() => (changed ? guardLeaving(askToLeave) : undefined), [changed]);

  const set = useCallback((name: string, value: unknown) => {
    setEdits((old) => ({ ...old, [name]: value }));
    setErrors((old) => Object.fromEntries(Object.entries(old).filter(([path]) => path !== name && !path.startsWith(`${name}.`))));
  }, []);

  const block = useCallback((name: string, text: string | null) => {
    setBlocks((old) => {
      if ((old[name] ?? null) === text) return old;
      const { [name]: _gone, ...rest } = old;
      return text === null ? rest : { ...rest, [name]: text };
    });
  }, []);

  const apply = async (overwrite = false): Promise<boolean> => {
    if (Object.keys(blocks).length > 0) return false;
    setBusy(true);
    setFault(null);
    setErrors({});
    try {
      await send(changes, overwrite);
      setEdits({});
      setStale(false);
      return true;
    } catch (error) {
      if (isStale(error)) setStale(true);
      else if (error instanceof ApiError && error.fields.length > 0) {
        const byPath = errorsByPath(error.fields, new Set(fields.map((field) => field.name)));
        setErrors(byPath);
        setFault(byPath[""] ?? t("settings.problems", { n: Object.keys(byPath).length }));
      } else {
        setFault(words(error));
        say(words(error), { bad: true });
      }
      return false;
    } finally {
      setBusy(false);
    }
  };

  const discard = (): void => {
    setEdits({});
    setErrors({});
    setBlocks({});
    setFault(null);
    setStale(false);
  };

  return { values, changes, changed, errors: { ...errors, ...blocks }, fault, stale, busy, set, block, apply, discard };
}

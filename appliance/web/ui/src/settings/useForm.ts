/** One form being edited: draft, changed fields, errors in place, apply, discard, and the leaving guard. */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { ApiError, words } from "../api/http";
import { t } from "../i18n";
import { guardLeaving } from "../router/router";
import { confirm } from "../ui/confirm";
import { say } from "../ui/toast";
import { errorsByPath, isStale, type FieldForm, type Values } from "./api";
import { changesOf, clashes, equal, towardsDefaults } from "./draft";

export interface FormState {
  values: Values;
  changes: Values;
  changed: boolean;
  errors: Record<string, string>;
  fault: string | null;
  /** Somebody else changed the page meanwhile: the fields that both changed, both values side by side. */
  conflict: Clash | null;
  busy: boolean;
  set: (name: string, value: unknown) => void;
  /** A field cannot be applied as typed (not a number); null takes the note away. */
  block: (name: string, text: string | null) => void;
  apply: () => Promise<boolean>;
  discard: () => void;
  /** Put every field that has one to its default; applied like any other change. */
  toDefaults: () => void;
}

export interface Clash {
  fields: FieldForm[];
  mine: Values;
  taken: ReadonlySet<string>;
  choose: (name: string, mine: boolean) => void;
}

interface Options {
  base: Values;
  fields: readonly FieldForm[];
  /** Sends the changes; fails as stale where somebody else changed the page meanwhile. */
  send: (changes: Values) => Promise<void>;
  /** Asks for the page anew: then `base` is what the other one made of it. */
  reload?: () => void;
  /** A new entry counts as changed from the start. */
  fresh?: boolean;
}

export const askToLeave = (): Promise<boolean> =>
  confirm({ title: t("guard.title"), text: t("guard.text"), yes: t("guard.leave"), no: t("guard.stay"), danger: true });

export function useForm({ base, fields, send, reload, fresh = false }: Options): FormState {
  const [edits, setEdits] = useState<Values>({});
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [blocks, setBlocks] = useState<Record<string, string>>({});
  const [fault, setFault] = useState<string | null>(null);
  /** The page as it was when somebody else changed it, while something was typed here. */
  const [before, setBefore] = useState<Values | null>(null);
  const [aside, setAside] = useState<Values>({});
  const [busy, setBusy] = useState(false);

  const values = useMemo(() => ({ ...base, ...edits }), [base, edits]);
  const changes = useMemo(() => (fresh ? values : changesOf(base, values, fields)), [base, values, fields, fresh]);
  const changed = fresh ? Object.keys(edits).length > 0 : Object.keys(changes).length > 0;

  const known = useRef(base);
  useEffect(() => {
    const old = known.current;
    known.current = base;
    if (old !== base && !fresh && Object.keys(edits).length > 0 && fields.some(({ name }) => !equal(old[name], base[name]))) setBefore((earlier) => earlier ?? old);
  }, [base, edits, fields, fresh]);

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

  const settle = (): void => {
    setEdits({});
    setBefore(null);
    setAside({});
  };

  const apply = async (): Promise<boolean> => {
    if (Object.keys(blocks).length > 0) return false;
    setBusy(true);
    setFault(null);
    setErrors({});
    try {
      await send(changes);
      settle();
      return true;
    } catch (error) {
      if (isStale(error) && reload) {
        setBefore((earlier) => earlier ?? base);
        reload();
      } else if (error instanceof ApiError && error.fields.length > 0) {
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
    settle();
    setErrors({});
    setBlocks({});
    setFault(null);
  };

  const toDefaults = (): void => {
    setBlocks({});
    setErrors({});
    setEdits((old) => ({ ...old, ...towardsDefaults(fields, { ...base, ...old }) }));
  };

  const choose = (name: string, mine: boolean): void => {
    const [from, to] = mine ? [aside, setEdits] as const : [edits, setAside] as const;
    const drop = (old: Values): Values => Object.fromEntries(Object.entries(old).filter(([other]) => other !== name));
    to((old) => ({ ...old, [name]: from[name] }));
    (mine ? setAside : setEdits)(drop);
    block(name, null);
  };

  const mine = { ...aside, ...edits };
  const conflict = before === null ? null : { fields: clashes(before, base, mine, fields), mine, taken: new Set(Object.keys(aside)), choose };

  return { values, changes, changed, errors: { ...errors, ...blocks }, fault, conflict, busy, set, block, apply, discard, toDefaults };
}

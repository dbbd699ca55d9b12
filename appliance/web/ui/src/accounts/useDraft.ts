/** A form of accounts: what differs from what is stored, faults by field, a guard before leaving. */
import { useEffect, useState } from "react";
import { ApiError, wrongFields } from "../api/http";
import { t } from "../i18n";
import { guardLeaving } from "../router/router";
import { confirm } from "../ui/confirm";

export interface Draft<T> {
  values: T;
  set: (changes: Partial<T>) => void;
  changes: Partial<T>;
  changed: boolean;
  faults: Record<string, string>;
  /** Somebody else has changed it meanwhile. */
  stale: boolean;
  busy: boolean;
  discard: () => void;
  /** Sends; returns whether it was taken. */
  send: (work: () => Promise<unknown>, refuse?: Record<string, string>) => Promise<boolean>;
}

export function useDraft<T extends object>(base: T): Draft<T> {
  const [edits, setEdits] = useState<Partial<T>>({});
  const [faults, setFaults] = useState<Record<string, string>>({});
  const [stale, setStale] = useState(false);
  const [busy, setBusy] = useState(false);
  const values = { ...base, ...edits };
  const changes = Object.fromEntries(Object.entries(edits).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(base[name as keyof T]))) as Partial<T>;
  const changed = Object.keys(changes).length > 0;
  useEffect(() => {
    if (!changed) return;
    return guardLeaving(() => confirm({ title: t("accounts.leaveTitle"), text: t("accounts.leaveText"), yes: t("accounts.leave"), no: t("accounts.stay") }));
  }, [changed]);
  return {
    values, changes, changed, faults, stale, busy,
    set: (more) => setEdits((old) => ({ ...old, ...more })),
    discard: () => {
      setEdits({});
      setFaults({});
      setStale(false);
    },
    send: async (work, refuse = {}) => {
      if (Object.keys(refuse).length > 0) {
        setFaults(refuse);
        return false;
      }
      setBusy(true);
      setFaults({});
      try {
        await work();
        setEdits({});
        setStale(false);
        return true;
      } catch (error) {
        setStale(error instanceof ApiError && error.status === 412);
        setFaults(wrongFields(error));
        return false;
      } finally {
        setBusy(false);
      }
    },
  };
}

/** Faults of rights by permission, from "rights.live". */
export const ofRights = (faults: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(faults).filter(([path]) => path.startsWith("rights.")).map(([path, text]) => [path.slice(7), text]));

/** What is wrong with a field or anything below it, "mac" or "period.monday.0". */
export const below = (faults: Record<string, string>, name: string): string | undefined =>
  Object.entries(faults).filter(([path]) => path === name || path.startsWith(`${name}.`)).map(([, text]) => text).join(" ") || undefined;

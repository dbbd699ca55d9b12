/** A list that comes page by page: the first at once, further ones when asked for; all of it again after a change. */
import { useState } from "react";
import { words } from "../api/http";
import { useResource } from "./useResource";

export interface PageOf<T> {
  rows: T[];
  next: string | null;
}

export interface Pages<T> {
  rows: T[];
  /** Whether the first page is there. */
  known: boolean;
  fault: string | null;
  moreFault: string | null;
  /** Whether there is another page. */
  next: boolean;
  more: () => Promise<void>;
  /** Load what is shown once more. */
  again: () => Promise<void>;
}

export function usePages<T>(load: (after: string | null, signal?: AbortSignal) => Promise<PageOf<T>>, idOf: (row: T) => string, key: string): Pages<T> {
  const [older, setOlder] = useState<({ key: string } & PageOf<T>) | null>(null);
  const [moreFault, setMoreFault] = useState<string | null>(null);
  const { data, fault, reload } = useResource((signal) => load(null, signal), [key]);
  const extra = older?.key === key ? older : null;
  const next = extra ? extra.next : (data?.next ?? null);
  const seen = new Set<string>();
  const rows = [...(data?.rows ?? []), ...(extra?.rows ?? [])].filter((row) => !seen.has(idOf(row)) && seen.add(idOf(row)));
  const more = async (): Promise<void> => {
    setMoreFault(null);
    try {
      const page = await load(next);
      setOlder({ key, rows: [...(extra?.rows ?? []), ...page.rows], next: page.next });
    } catch (error) {
      setMoreFault(words(error));
    }
  };
  const again = async (): Promise<void> => {
    const wanted = extra?.rows.length ?? 0;
    reload();
    if (wanted === 0) return;
    try {
      let { next: place } = await load(null);
      const fresh: T[] = [];
      while (place !== null && fresh.length < wanted) {
        const page = await load(place);
        fresh.push(...page.rows);
        place = page.next;
      }
      setOlder({ key, rows: fresh, next: place });
    } catch {
      setOlder(null); // what was there may be gone: the first page says what is wrong
    }
  };
  return { rows, known: data !== null, fault, moreFault, next: next !== null, more, again };
}

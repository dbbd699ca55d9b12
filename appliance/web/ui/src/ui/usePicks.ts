/** Which rows of a list are chosen; what left the list is chosen no more. */
import { useState } from "react";

export interface Picks {
  has: (id: string) => boolean;
  ids: string[];
  all: boolean;
  some: boolean;
  toggle: (id: string) => void;
  toggleAll: () => void;
  clear: () => void;
}

export function usePicks(listed: readonly string[]): Picks {
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const ids = listed.filter((id) => picked.has(id));
  const all = ids.length > 0 && ids.length === listed.length;
  return {
    ids, all,
    has: (id) => picked.has(id),
    some: ids.length > 0 && !all,
    toggle: (id) => {
      const next = new Set(ids);
      if (!next.delete(id)) next.add(id);
      setPicked(next);
    },
    toggleAll: () => setPicked(new Set(all ? [] : listed)),
    clear: () => setPicked(new Set()),
  };
}

/** The address bar as state: paths, queries, and a guard that asks before unsaved changes are left. */
import { Store, useSelect, useStore } from "../state/store";

export interface Place {
  path: string;
  query: URLSearchParams;
}

type Guard = () => Promise<boolean>;

const read = (): Place => ({ path: location.pathname, query: new URLSearchParams(location.search) });

export const place = new Store<Place>(read());
/** One for each form with changes not applied; the first asks for all. */
let guards: { ask: Guard }[] = [];
let index = Number((history.state as { index?: number } | null)?.index ?? 0);

/** While set, leaving asks `ask` first; it answers whether to go. Returns how to take it off. */
export function guardLeaving(ask: Guard): () => void {
  const mine = { ask };
  guards.push(mine);
  return () => {
    guards = guards.filter((guard) => guard !== mine);
  };
}

async function allowed(): Promise<boolean> {
  return guards[0] === undefined || (await guards[0].ask());
}

/** Go to a path of this page; `replace` leaves no step back. */
export async function navigate(to: string, options: { replace?: boolean; force?: boolean } = {}): Promise<void> {
  const target = new URL(to, location.origin);
  const leaves = target.pathname !== location.pathname;
  if (leaves && !options.force && !(await allowed())) return;
  // The page being left may stay a while, hidden, until the next one is loaded: it asks no more.
  if (leaves) guards = [];
  if (options.replace) history.replaceState({ index }, "", target);
  else history.pushState({ index: (index += 1) }, "", target);
  place.set(read());
  if (leaves) window.scrollTo(0, 0);
}

window.addEventListener("popstate", (event) => {
  const next = Number((event.state as { index?: number } | null)?.index ?? 0);
  if (guards[0] === undefined || location.pathname === place.get().path) {
    index = next;
    place.set(read());
    return;
  }
  // The browser has moved already: go back to where we were, ask, and repeat the step if allowed.
  const step = next - index || -1;
  const { ask } = guards[0];
  const whenBack = (inner: PopStateEvent): void => {
    inner.stopImmediatePropagation();
    void ask().then((go) => {
      if (!go) return;
      guards = [];
      history.go(step);
    });
  };
  window.addEventListener("popstate", whenBack, { capture: true, once: true });
  history.go(-step);
});

window.addEventListener("beforeunload", (event) => {
  if (guards.length > 0) event.preventDefault();
});

export const usePlace = (): Place => useStore(place);
export const useQuery = (name: string): string | null => useSelect(place, (p) => p.query.get(name));

/** Filters of a list, kept in the address so that a list can be sent on and survives logging in. */
import { navigate, place } from "../router/router";

export const setFilter = (name: string, value: string | null): void => setFilters({ [name]: value });

/** Several at once; with `push` the browser's way back leads to what was before. */
export function setFilters(changes: Readonly<Record<string, string | null>>, { push = false } = {}): void {
  const { path, query: old } = place.get();
  const query = new URLSearchParams(old);
  for (const [name, value] of Object.entries(changes)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString();
  void navigate(`${path}${text ? `?${text}` : ""}`, { replace: !push });
}

export const clearFilters = (): void => void navigate(place.get().path, { replace: true });

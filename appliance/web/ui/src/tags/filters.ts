/** Filters of a list, kept in the address so that a list can be sent on and survives logging in. */
import { navigate, place } from "../router/router";

export function setFilter(name: string, value: string | null): void {
  const { path, query: old } = place.get();
  const query = new URLSearchParams(old);
  if (value) query.set(name, value);
  else query.delete(name);
  const text = query.toString();
  void navigate(`${path}${text ? `?${text}` : ""}`, { replace: true });
}

export const clearFilters = (): void => void navigate(place.get().path, { replace: true });

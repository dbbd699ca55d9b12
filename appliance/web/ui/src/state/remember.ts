/** What this browser remembers between visits: layout, colours; never anything secret. */

export function recall<T>(key: string, fallback: T): T {
  try {
    const text = localStorage.getItem(`nvr.${key}`);
    return text === null ? fallback : (JSON.parse(text) as T);
  } catch {
    return fallback;
  }
}

export function remember(key: string, value: unknown): void {
  try {
    localStorage.setItem(`nvr.${key}`, JSON.stringify(value));
  } catch {
    // Storage is full or forbidden: the page works without it.
  }
}

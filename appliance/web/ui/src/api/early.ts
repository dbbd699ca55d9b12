/** What `start.js` has asked the box for already; each answer serves once, while the page starts. */

declare global {
  interface Window {
    nvrEarly?: Record<string, Promise<Response>>;
  }
}

/** What is older than this may be out of date: a page that starts so late asks anew. */
const FRESH_MS = 10_000;

/** The answer that is on its way to a GET of that path (without query), or null. */
export function earlyAnswer(path: string): Promise<Response> | null {
  const early = window.nvrEarly;
  const answer = early?.[path];
  if (!early || !answer) return null;
  delete early[path];
  return performance.now() < FRESH_MS ? answer : null;
}

/** Somebody else may be signed in from now on: what was asked before does not count. */
export function forgetEarly(): void {
  delete window.nvrEarly;
}

/** Whether what was opened stands and the browser has had a moment of rest: what can wait is drawn then. */
import { startTransition, useEffect, useState } from "react";

/** A browser that never rests does not keep anything back longer. */
const LONGEST_MS = 500;

export function useRest(): boolean {
  const [rested, setRested] = useState(false);
  useEffect(() => {
    const rest = (): void => startTransition(() => setRested(true));
    // Safari knows no idle callbacks.
    if (!("requestIdleCallback" in window)) {
      const timer = setTimeout(rest, LONGEST_MS / 4);
      return () => clearTimeout(timer);
    }
    const asked = window.requestIdleCallback(rest, { timeout: LONGEST_MS });
    return () => window.cancelIdleCallback(asked);
  }, []);
  return rested;
}

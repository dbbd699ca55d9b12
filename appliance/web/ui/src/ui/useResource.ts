/** Loads something from the box and loads it again when asked or every so often; keeps the old meanwhile. */
import { useCallback, useEffect, useRef, useState } from "react";
import { words } from "../api/http";

export interface Resource<T> {
  data: T | null;
  fault: string | null;
  reload: () => void;
}

export function useResource<T>(load: (signal: AbortSignal) => Promise<T>, keys: readonly unknown[], everyMs = 0): Resource<T> {
  const [state, setState] = useState<{ data: T | null; fault: string | null; key: string }>({ data: null, fault: null, key: "" });
  const [turn, setTurn] = useState(0);
  const loader = useRef(load);
  loader.current = load;
  const key = JSON.stringify(keys);
  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | null = null;
    const run = async (): Promise<void> => {
      try {
        const data = await loader.current(abort.signal);
        if (!abort.signal.aborted) setState({ data, fault: null, key });
      } catch (error) {
        if (!abort.signal.aborted) setState((old) => ({ data: old.key === key ? old.data : null, fault: words(error), key }));
      }
      if (everyMs > 0 && !abort.signal.aborted) timer = setTimeout(run, everyMs);
    };
    void run();
    return () => {
      abort.abort();
      if (timer) clearTimeout(timer);
    };
  }, [key, turn, everyMs]);
  const reload = useCallback(() => setTurn((value) => value + 1), []);
  return { data: state.key === key || state.data ? state.data : null, fault: state.fault, reload };
}

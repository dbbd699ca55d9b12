/** A value that components can watch: the whole of our state management. */
import { useRef, useSyncExternalStore } from "react";

export class Store<T> {
  private listeners = new Set<() => void>();
  private value: T;
  constructor(initial: T) {
    this.value = initial;
  }
  get = (): T => this.value;
  set(value: T): void {
    if (Object.is(value, this.value)) return;
    this.value = value;
    for (const listener of [...this.listeners]) listener();
  }
  update(change: Partial<T>): void {
    this.set({ ...this.value, ...change });
  }
  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
}

export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.get);
}

/** Watch one part; the component renders again only when that part changes (shallowly). */
export function useSelect<T, U>(store: Store<T>, select: (value: T) => U): U {
  const last = useRef<{ value: U } | null>(null);
  return useSyncExternalStore(store.subscribe, () => {
    const next = select(store.get());
    if (last.current && same(last.current.value, next)) return last.current.value;
    last.current = { value: next };
    return next;
  });
}

function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
  return a.every((item, i) => Object.is(item, b[i]));
}

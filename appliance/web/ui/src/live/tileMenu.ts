/** Where a tile's menu is open, and what opens it: right click, the menu key, Shift+F10, a long press. */
import { Store } from "../state/store";
import { restore } from "./zoom";

export interface OpenMenu {
  channel: number;
  /** Pixels of the window. */
  x: number;
  y: number;
  /** The button that opened it, where one did. */
  from?: HTMLElement;
}

export const tileMenu = new Store<OpenMenu | null>(null);

/** From a button: the menu stands at it, and gives the focus back to it. */
export function openAbove(button: HTMLElement, channel: number): void {
  const box = button.getBoundingClientRect();
  tileMenu.set({ channel, x: box.left, y: box.top, from: button });
}

const PRESS_MS = 500;
const SLIP_PX = 10;

export function openAtMiddle(element: HTMLElement, channel: number): void {
  const box = element.getBoundingClientRect();
  tileMenu.set({ channel, x: box.left + box.width / 2, y: box.top + Math.min(box.height / 2, 80) });
}

/** Open the menu at the pointer; a right click on an enlarged part brings the whole picture back instead (D1-LV-21). */
export function menuGestures(element: HTMLElement, channel: number): () => void {
  let timer: ReturnType<typeof setTimeout> | null = null;
  let start: { x: number; y: number } | null = null;
  let opened = false;

  const stop = (): void => {
    if (timer) clearTimeout(timer);
    timer = null;
  };
  const context = (event: MouseEvent): void => {
    event.preventDefault();
    stop();
    const byTouch = (event as PointerEvent).pointerType === "touch";
    const byMouse = event.button === 2 || event.ctrlKey;
    if (byMouse && !byTouch && restore(channel)) return;
    // Asked for by a key, it stands at the tile, not at a pointer that may be anywhere.
    if (byMouse || byTouch) tileMenu.set({ channel, x: event.clientX, y: event.clientY });
    else openAtMiddle(element, channel);
  };
  const down = (event: PointerEvent): void => {
    stop();
    if (event.pointerType !== "touch" || !event.isPrimary || (event.target as HTMLElement).closest("button,input,a")) return;
    start = { x: event.clientX, y: event.clientY };
    const at = start;
    timer = setTimeout(() => {
      opened = true;
      tileMenu.set({ channel, ...at });
    }, PRESS_MS);
  };
  const move = (event: PointerEvent): void => {
    if (start && (!event.isPrimary || Math.hypot(event.clientX - start.x, event.clientY - start.y) > SLIP_PX)) stop();
  };

  /** Lifting the finger after a long press is no click: it would close what the press has opened. */
  const lifted = (event: TouchEvent): void => {
    if (opened && event.cancelable) event.preventDefault();
    opened = false;
  };

  element.addEventListener("touchend", lifted, { passive: false });
  element.addEventListener("contextmenu", context);
  element.addEventListener("pointerdown", down);
  element.addEventListener("pointermove", move);
  for (const end of ["pointerup", "pointercancel", "pointerleave"] as const) element.addEventListener(end, stop);
  return () => {
    stop();
    element.removeEventListener("touchend", lifted);
    element.removeEventListener("contextmenu", context);
    element.removeEventListener("pointerdown", down);
    element.removeEventListener("pointermove", move);
    for (const end of ["pointerup", "pointercancel", "pointerleave"] as const) element.removeEventListener(end, stop);
  };
}

/** Whether a key opens the menu of what has the focus. */
export const isMenuKey = (event: { key: string; shiftKey: boolean }): boolean => event.key === "ContextMenu" || (event.shiftKey && event.key === "F10");

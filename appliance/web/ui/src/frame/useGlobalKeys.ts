/** Keys that work on every page: "/" searches the settings, "?" lists the keys. */
import { useEffect } from "react";
import { navigate } from "../router/router";
import { showKeys } from "./KeyList";

/** Whether a key press belongs to a field the person is writing in, or to an open dialog. */
export function isWriting(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  if (!target) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.closest("[role=dialog],[role=menu],[role=listbox]") !== null;
}

export function useGlobalKeys(): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event)) return;
      if (event.key === "?") showKeys();
      else if (event.key === "/") void navigate("/system?find=");
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}

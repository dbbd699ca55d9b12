/** Short messages below the top strip, where they hide neither the time bar nor Apply, read out by screen readers; they leave after some seconds. */
import { CloseButton } from "@mantine/core";
import { t } from "../i18n";
import { Store, useStore } from "../state/store";
import styles from "./toast.module.css";

interface Toast {
  id: number;
  text: string;
  bad: boolean;
}

const toasts = new Store<Toast[]>([]);
let nextId = 1;

export function say(text: string, options: { bad?: boolean } = {}): void {
  const toast = { id: nextId++, text, bad: options.bad ?? false };
  toasts.set([...toasts.get().slice(-3), toast]);
  setTimeout(() => dismiss(toast.id), toast.bad ? 12_000 : 5000);
}

const dismiss = (id: number): void => toasts.set(toasts.get().filter((toast) => toast.id !== id));

export function Toasts() {
  const all = useStore(toasts);
  return (
    <div className={styles.stack} role="status" aria-live="polite">
      {all.map((toast) => (
        <div key={toast.id} className={styles.toast} data-bad={toast.bad || undefined}>
          <span>{toast.text}</span>
          <CloseButton aria-label={t("action.close")} onClick={() => dismiss(toast.id)} size={32} />
        </div>
      ))}
    </div>
  );
}

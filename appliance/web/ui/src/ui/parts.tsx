/** Small parts used by many pages: page frame, empty and fault notes, marks of state. */
import { Button, Loader } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useEffect, useState, type ReactNode } from "react";
import { t } from "../i18n";
import styles from "./ui.module.css";

export function Page({ title, actions, wide, children }: { title: string; actions?: ReactNode; wide?: boolean; children: ReactNode }) {
  useEffect(() => {
    document.title = title;
  }, [title]);
  return (
    <div className={styles.page} data-wide={wide || undefined}>
      <header className={styles.header}>
        <h1>{title}</h1>
        {actions && <div className={styles.headerActions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

export function Section({ title, actions, children }: { title?: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <section className={styles.section}>
      {(title || actions) && (
        <header className={styles.sectionHeader}>
          {title && <h2>{title}</h2>}
          {actions}
        </header>
      )}
      {children}
    </section>
  );
}

/** What would be here, and how to get it; `alone` where there is nothing else on the page. */
export function Empty({ icon, title, text, action, alone }: { icon?: ReactNode; title: string; text: string; action?: ReactNode; alone?: boolean }) {
  const Heading = alone ? "h1" : "h2";
  return (
    <div className={styles.empty}>
      {icon}
      <Heading>{title}</Heading>
      <p className="dim">{text}</p>
      {action}
    </div>
  );
}

/** A fault in words, with the button that mends it. */
export function FaultNote({ text, retry, children }: { text: string; retry?: () => void; children?: ReactNode }) {
  return (
    <div className={styles.fault} role="alert">
      <IconAlertTriangle size={20} aria-hidden />
      <div className={styles.faultText}>{text}</div>
      {children}
      {retry && (
        <Button variant="default" size="sm" onClick={retry}>
          {t("action.retry")}
        </Button>
      )}
    </div>
  );
}

/** A loader that only shows up when waiting takes longer than a blink. */
export function Waiting({ text }: { text?: string }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 250);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className={styles.waiting} role="status">
      {late && <Loader size="sm" />}
      {late && <span className="dim">{text ?? t("loading.page")}</span>}
    </div>
  );
}

export type Level = "good" | "attention" | "bad" | "off";

export function Mark({ level, children }: { level: Level; children?: ReactNode }) {
  return (
    <span className={styles.mark} data-level={level}>
      {children}
    </span>
  );
}

/** Levels of the box's words: unknown ones count as attention. */
export function levelOf(word: string | null | undefined): Level {
  switch ((word ?? "").toLowerCase()) {
    case "ok": case "info": case "running": case "playing":
      return "good";
    case "error": case "refused": case "read_only": case "missing": case "full":
      return "bad";
    case "off": case "stopped": case "":
      return "off";
    default:
      return "attention";
  }
}

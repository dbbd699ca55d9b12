/** The card in the middle of the screen for set-up and log-in. */
import type { ReactNode } from "react";
import { t } from "../i18n";
import styles from "./account.module.css";

export function Card({ title, intro, children }: { title: string; intro: string; children: ReactNode }) {
  return (
    <main className={styles.screen}>
      <div className={styles.card}>
        <div className={styles.brand}>
          <img src="/favicon.svg" alt="" />
          {t("app.name")}
        </div>
        <div>
          <h1>{title}</h1>
          <p className="dim">{intro}</p>
        </div>
        {children}
      </div>
    </main>
  );
}

/** What the forms of users and groups share: the faults above, the bar with Apply below. */
import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { t } from "../i18n";
import { FaultNote } from "../ui/parts";
import styles from "./accounts.module.css";

export function Faults({ draft, reload }: { draft: { faults: Record<string, string>; stale: boolean; discard: () => void }; reload: () => void }) {
  if (draft.stale) {
    return (
      <FaultNote text={t("accounts.changedMeanwhile")}>
        <Button variant="default" onClick={() => {
          draft.discard();
          reload();
        }}>
          {t("accounts.load")}
        </Button>
      </FaultNote>
    );
  }
  return draft.faults[""] ? <FaultNote text={draft.faults[""]} /> : null;
}

export function Bar({ changed, busy, fresh, onApply, onDiscard, children }: { changed: boolean; busy: boolean; fresh?: string | undefined; onApply: () => void; onDiscard: () => void; children?: ReactNode }) {
  return (
    <>
      {children && <div className={styles.acts}>{children}</div>}
      <div className={styles.bar} data-changed={changed || undefined}>
        <span className={styles.grow} />
        <Button variant="default" disabled={!changed && !fresh} onClick={onDiscard}>
          {t(fresh ? "action.cancel" : "accounts.discard")}
        </Button>
        <Button loading={busy} disabled={!changed && !fresh} onClick={onApply}>
          {fresh ?? t("accounts.save")}
        </Button>
      </div>
    </>
  );
}

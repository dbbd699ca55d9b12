/** In the top strip until the set-up is finished: the way back to it. */
import { Button } from "@mantine/core";
import { IconListCheck } from "@tabler/icons-react";
import { useEffect } from "react";
import { t } from "../i18n";
import { navigate, usePlace } from "../router/router";
import { may, session } from "../state/session";
import { useStore } from "../state/store";
import { loadWizard, wizard } from "./api";
import styles from "./wizard.module.css";

/** So long after the page has come: the wall goes first. */
const WAIT_MS = 1500;

export function ContinueSetUp() {
  const who = useStore(session);
  const state = useStore(wizard);
  const { path } = usePlace();
  const allowed = may(who, "system");
  useEffect(() => {
    if (!allowed || wizard.get()) return;
    const abort = new AbortController();
    const timer = setTimeout(() => void loadWizard(abort.signal).catch(() => {}), WAIT_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [allowed]);
  if (!allowed || !state || state.finished || path.startsWith("/wizard")) return null;
  return (
    <Button size="sm" variant="light" className={styles.continue} leftSection={<IconListCheck size={18} aria-hidden />} aria-label={t("wizard.continue")} onClick={() => void navigate("/wizard")}>
      <span>{t("wizard.continue")}</span>
    </Button>
  );
}

/** The button that starts the check of a volume. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { words } from "../api/http";
import { t } from "../i18n";
import { navigate } from "../router/router";
import { may, session } from "../state/session";
import { useStore } from "../state/store";
import { say } from "../ui/toast";
import { startJob } from "./api";
import { takeJob } from "./state";

export function CheckVolume({ path, name }: { path: string; name: string }) {
  const me = useStore(session);
  const [busy, setBusy] = useState(false);
  if (!may(me, "storage")) return null;
  const start = async (): Promise<void> => {
    setBusy(true);
    try {
      takeJob(await startJob({ kind: "check_volume", volume: path }));
      void navigate("/jobs");
    } catch (error) {
      say(words(error), { bad: true });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button variant="default" loading={busy} onClick={() => void start()} aria-label={t("jobs.checkOf", { name })}>
      {t("jobs.check")}
    </Button>
  );
}

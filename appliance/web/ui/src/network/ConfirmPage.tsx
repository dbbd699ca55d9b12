/** What opens at the recorder's new address: confirms the change by the token in the address, signed in or not. */
import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { Card } from "../account/Card";
import { ApiError, words } from "../api/http";
import { t } from "../i18n";
import { navigate } from "../router/router";
import { Waiting } from "../ui/parts";
import { confirmTrial } from "./api";

const AGAIN_MS = 500;

export function ConfirmPage() {
  const [token] = useState(() => location.hash.slice(1));
  const [fault, setFault] = useState<string | null>(token ? null : t("network.confirm.noToken"));
  const [kept, setKept] = useState(false);
  useEffect(() => {
    if (!token) return;
    // It is used up; nobody should find it in the history.
    history.replaceState(history.state, "", location.pathname);
    let ended = false;
    const run = async (): Promise<void> => {
      try {
        await confirmTrial(token);
        if (!ended) setKept(true);
      } catch (error) {
        if (ended) return;
        const wait = error instanceof ApiError && (error.code === "network.not_yet" || error.status === 0 || error.status === 503);
        if (wait) setTimeout(() => void run(), AGAIN_MS);
        else setFault(words(error));
      }
    };
    void run();
    return () => {
      ended = true;
    };
  }, [token]);
  return (
    <Card title={t("network.confirm.title")} intro={t("network.confirm.intro", { address: location.hostname })}>
      {kept && <p role="status">{t("network.trial.kept")}</p>}
      {fault && <p role="alert">{fault}</p>}
      {!kept && !fault && <Waiting />}
      {(kept || fault) && <Button onClick={() => void navigate("/network", { replace: true })}>{t("network.confirm.on")}</Button>}
    </Card>
  );
}

/** Warns a minute before the session ends, for want of use or after its longest time, and lets the person stay. */
import { Button, Modal } from "@mantine/core";
import { useEffect, useState, type FormEvent } from "react";
import { words } from "../api/http";
import { t } from "../i18n";
import { clock } from "../i18n/format";
import { asking, lastActivity, noteActivity, watchActivity } from "../state/activity";
import { logIn, logOut, recheck, session, type SessionState } from "../state/session";
import { useStore } from "../state/store";
import { Password } from "../ui/Password";
import ui from "../ui/ui.module.css";
import styles from "./account.module.css";

const WARN_MS = 60_000;
const LOOK_MS = 500;

interface Ending {
  why: "idle" | "longest";
  left: number;
}

/** What ends the session next and in how many seconds; null while there is more than the warning's time. */
export function endingOf(state: Pick<SessionState, "endsAt" | "idleMs">, active: number, now: number): Ending | null {
  const idle = state.idleMs === null ? Infinity : active + state.idleMs - now;
  const longest = state.endsAt - now;
  if (idle < longest) return idle <= Math.min(WARN_MS, state.idleMs! / 2) ? { why: "idle", left: Math.ceil(idle / 1000) } : null;
  return longest <= WARN_MS ? { why: "longest", left: Math.ceil(longest / 1000) } : null;
}

export function SessionEnd() {
  const state = useStore(session);
  const [ending, setEnding] = useState<Ending | null>(null);
  const [dismissed, setDismissed] = useState(false);

  useEffect(watchActivity, []);
  useEffect(() => {
    let over = false;
    const look = (): void => {
      const next = endingOf(session.get(), lastActivity(), Date.now());
      asking(next?.why === "idle");
      setEnding((known) => (known?.why === next?.why && known?.left === next?.left ? known : next));
      if (next === null) setDismissed(false);
      if (next === null || next.left > 0 || over) return;
      over = true;
      void (next.why === "idle" ? logOut({ expired: true }).catch(() => {}) : recheck());
    };
    look();
    const timer = setInterval(look, LOOK_MS);
    return () => {
      clearInterval(timer);
      asking(false);
    };
  }, [state.endsAt, state.idleMs]);

  if (ending === null || (dismissed && ending.why === "longest")) return null;
  const left = clock(Math.max(0, ending.left));
  const close = (): void => (ending.why === "idle" ? noteActivity() : setDismissed(true));
  return (
    <Modal opened onClose={close} title={t("ending.title", { left })} closeOnClickOutside={false} closeButtonProps={{ "aria-label": t(ending.why === "idle" ? "ending.stay" : "action.close") }}>
      {ending.why === "idle" ? <Idle stay={noteActivity} /> : <Longest user={state.user} />}
    </Modal>
  );
}

function Idle({ stay }: { stay: () => void }) {
  return (
    <>
      <p>{t("ending.idle")}</p>
      <div className={ui.actions}>
        <Button variant="default" onClick={() => void logOut()}>
          {t("ending.leave")}
        </Button>
        <Button onClick={stay} data-autofocus>
          {t("ending.stay")}
        </Button>
      </div>
    </>
  );
}

function Longest({ user }: { user: string }) {
  const [password, setPassword] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setFault(null);
    try {
      await logIn(user, password);
    } catch (error) {
      setFault(words(error));
      setPassword("");
      setBusy(false);
    }
  };
  return (
    <form className={styles.dialog} onSubmit={(event) => void submit(event)}>
      <p>{t("ending.longest", { user })}</p>
      <input type="text" name="username" value={user} autoComplete="username" readOnly hidden />
      <Password label={t("login.password")} value={password} onChange={(event) => setPassword(event.currentTarget.value)} error={fault} autoComplete="current-password" required withAsterisk={false} data-autofocus />
      <div className={ui.actions}>
        <Button variant="default" onClick={() => void logOut()}>
          {t("ending.leave")}
        </Button>
        <Button type="submit" loading={busy}>
          {t("ending.stay")}
        </Button>
      </div>
    </form>
  );
}

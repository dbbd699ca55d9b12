/** The change on trial: counts down, goes to the new address, keeps or takes back. */
import { Button, Modal } from "@mantine/core";
import { useEffect, useState } from "react";
import { words } from "../api/http";
import { t } from "../i18n";
import { useStore } from "../state/store";
import { say } from "../ui/toast";
import ui from "../ui/ui.module.css";
import { revertTrial } from "./api";
import styles from "./network.module.css";
import { confirm, follow, isOver, standing, type Standing } from "./trial";
import { placeAt } from "./words";

const WHOLE_S = 60;
/** So long after nothing answers here any more the page goes to the new address by itself. */
const GO_S = 2;

/** Seconds left, counted down. */
export function useLeft(until: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  return Math.max(0, Math.ceil((until - now) / 1000));
}

const TEXTS = {
  waiting: "network.trial.waiting", gone: "network.trial.gone", here: "network.trial.here",
  kept: "network.trial.kept", taken_back: "network.trial.takenBack", failed: "network.trial.failed",
} as const;

function Body({ now, go }: { now: Standing; go: (address: string) => void }) {
  const left = useLeft(now.until);
  const gone = now.state === "gone";
  const [first] = now.trial.addresses;
  const [stay, setStay] = useState(false);
  useEffect(() => {
    if (!gone || !first || stay) return;
    const timer = setTimeout(() => go(first), GO_S * 1000);
    return () => clearTimeout(timer);
  }, [gone, first, stay, go]);
  return (
    <>
      <p>{t(TEXTS[now.state])}{now.reason && ` ${now.reason}`}</p>
      {!isOver(now) && (
        <>
          <p role="timer" className={styles.left}>{t("network.trial.left", { n: left })}</p>
          <progress className={styles.bar} max={WHOLE_S} value={left} aria-hidden />
        </>
      )}
      {gone && now.trial.addresses.map((address) => (
        <p key={address}>
          <a href={placeAt(address, location, now.token)} onClick={(event) => {
            event.preventDefault();
            go(address);
          }}>{t("network.trial.open", { address })}</a>
        </p>
      ))}
      {gone && first && !stay && (
        <p className="dim">
          {t("network.trial.goes", { n: GO_S })} <Button variant="subtle" size="compact-sm" onClick={() => setStay(true)}>{t("network.trial.stay")}</Button>
        </p>
      )}
      {gone && !first && <p className="dim">{t("network.trial.leased")}</p>}
    </>
  );
}

const goTo = (address: string): void => {
  const now = standing.get();
  if (now) location.assign(placeAt(address, location, now.token));
};

export function TrialDialog({ done }: { done: () => void }) {
  const now = useStore(standing);
  const token = now?.token;
  useEffect(() => (token ? follow() : undefined), [token]);
  const over = now !== null && isOver(now);
  useEffect(() => {
    if (over) done();
  }, [over, done]);
  if (!now) return null;
  const close = (): void => standing.set(null);
  const act = async (work: Promise<unknown>): Promise<void> => {
    try {
      await work;
    } catch (error) {
      say(words(error), { bad: true });
    }
  };
  return (
    <Modal opened onClose={close} title={t("network.trial.title")} closeOnClickOutside={false} closeOnEscape={over} withCloseButton={over} closeButtonProps={{ "aria-label": t("action.close") }}>
      <Body now={now} go={goTo} />
      <div className={ui.actions}>
        {over ? (
          <Button onClick={close}>{t("action.close")}</Button>
        ) : (
          <>
            <Button variant="default" disabled={now.state === "gone"} onClick={() => void act(revertTrial())}>{t("network.trial.back")}</Button>
            <Button disabled={now.state !== "here"} onClick={() => void act(confirm(now.token))}>{t("network.trial.keep")}</Button>
          </>
        )}
      </div>
    </Modal>
  );
}

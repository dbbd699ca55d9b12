/** Power: what a stop interrupts, restart and switch off, the planned restart, why it started (D2-PW-03). */
import { Button, Loader } from "@mantine/core";
import { IconPower } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { words } from "../api/http";
import { t } from "../i18n";
import { Link } from "../router/Link";
import { dateTime } from "../time/format";
import { Empty, FaultNote, Page, Section, Waiting } from "../ui/parts";
import { useResource } from "../ui/useResource";
import { getPower, postpone, type How, type Power } from "./api";
import styles from "./computer.module.css";
import { Interrupts } from "./Interrupts";
import { LeaveDialog } from "./LeaveDialog";

const EVERY_MS = 5000;
const ASK_AGAIN_MS = 2000;

/** Shown until the recorder is back (then the page loads anew), or for good when it is off. */
export function Gone({ how, ask = getPower, reload = () => location.reload() }: { how: How; ask?: () => Promise<Power>; reload?: () => void }) {
  useEffect(() => {
    if (how === "off") return;
    let away = false;
    let timer: ReturnType<typeof setTimeout>;
    const look = async (): Promise<void> => {
      try {
        const power = await ask();
        if (away || power.leaving === "stay") return reload();
      } catch {
        away = true;
      }
      timer = setTimeout(() => void look(), ASK_AGAIN_MS);
    };
    timer = setTimeout(() => void look(), ASK_AGAIN_MS);
    return () => clearTimeout(timer);
  }, [how, ask, reload]);
  const icon = how === "off" ? <IconPower size={40} stroke={1.2} aria-hidden /> : <Loader />;
  return (
    <div role="status">
      <Empty icon={icon} title={t(how === "off" ? "power.switchingOff" : "power.restarting")} text={t(how === "off" ? "power.switchingOffText" : "power.restartingText")} />
    </div>
  );
}

function lastWords(order: NonNullable<Power["last_order"]>): string {
  const { by, reason } = order;
  const at = dateTime(order.at);
  if (order.how === "off") return reason ? t("power.lastOffFor", { at, by, reason }) : t("power.lastOff", { at, by });
  return reason ? t("power.lastRestartFor", { at, by, reason }) : t("power.lastRestart", { at, by });
}

function Plan({ power, changed }: { power: Power; changed: () => void }) {
  const [fault, setFault] = useState("");
  const leaveOut = async (): Promise<void> => {
    setFault("");
    try {
      await postpone();
      changed();
    } catch (error) {
      setFault(words(error));
    }
  };
  return (
    <Section title={t("power.plan")} actions={<Link href="/system/restart">{t("power.planSettings")}</Link>}>
      {fault && <FaultNote text={fault} />}
      {power.planned === null ? (
        <p className="dim">{t("power.noPlan")}</p>
      ) : (
        <div className={styles.row}>
          <span>{t("power.planned", { at: dateTime(power.planned) })}</span>
          <Button variant="default" onClick={() => void leaveOut()}>{t("power.postpone")}</Button>
        </div>
      )}
    </Section>
  );
}

export function PowerPage() {
  const [asked, setAsked] = useState<How | null>(null);
  const [gone, setGone] = useState<How | null>(null);
  const { data: power, fault, reload } = useResource((signal) => getPower(signal), [gone], gone ? 0 : EVERY_MS);
  const how = gone ?? (power && power.leaving !== "stay" ? power.leaving : null);
  if (how) return <Page title={t("power.title")}><Gone how={how} /></Page>;
  if (!power) return <Page title={t("power.title")}>{fault ? <FaultNote text={fault} retry={reload} /> : <Waiting />}</Page>;
  return (
    <Page title={t("power.title")}>
      {fault && <FaultNote text={fault} retry={reload} />}
      <Section title={t("power.now")}>
        <Interrupts interrupts={power.interrupts} />
        <p className="dim">{t("power.stored")}</p>
        <div className={styles.buttons}>
          <Button onClick={() => setAsked("restart")}>{t("power.restart")}</Button>
          <Button variant="default" leftSection={<IconPower size={18} aria-hidden />} onClick={() => setAsked("off")}>{t("power.off")}</Button>
        </div>
      </Section>
      <Plan power={power} changed={reload} />
      <Section title={t("power.history")}>
        <ul className={styles.facts}>
          {power.last_order && <li>{lastWords(power.last_order)}</li>}
          {power.starts.map((start) => (
            <li key={start.at}>{t("power.started", { at: dateTime(start.at), text: start.text })}</li>
          ))}
        </ul>
        {!power.last_order && power.starts.length === 0 && <p className="dim">{t("device.noStarts")}</p>}
      </Section>
      {asked && <LeaveDialog how={asked} power={power} close={() => setAsked(null)} done={() => { setGone(asked); setAsked(null); }} />}
    </Page>
  );
}

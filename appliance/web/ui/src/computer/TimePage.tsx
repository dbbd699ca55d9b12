/** Date and time: the clock, who vouches for it, the time servers, setting it by hand. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { words } from "../api/http";
import { t } from "../i18n";
import { decimal, span } from "../i18n/format";
import { Link } from "../router/Link";
import { dateTime, offsetName } from "../time/format";
import { FaultNote, Mark, Page, Section, Waiting, type Level } from "../ui/parts";
import { Table, type Column } from "../ui/Table";
import { say } from "../ui/toast";
import { useNow } from "../ui/useNow";
import { useResource } from "../ui/useResource";
import { getClock, syncClock, type Clock, type SourceState, type TimeSource } from "./api";
import styles from "./computer.module.css";
import { SetClock } from "./SetClock";

const EVERY_MS = 5000;
const LEVELS: Record<SourceState, Level> = {
  used: "good", combined: "good", spare: "off", wrong: "bad", too_far: "bad", unsteady: "attention", silent: "attention", unknown: "attention",
};

/** "3 ms", "2.5 s" or the two largest units. */
export function away(seconds: number): string {
  const positive = Math.abs(seconds);
  if (positive < 1) return t("unit.ms", { value: decimal(positive * 1000, positive < 0.01 ? 1 : 0) });
  return positive < 60 ? t("unit.s", { value: decimal(positive, 1) }) : span(positive);
}

const awayWords = (ahead: number): string => t(ahead >= 0 ? "clock.ahead" : "clock.behind", { away: away(ahead) });

const columns = (): Column<TimeSource>[] => [
  { title: t("clock.server"), name: true, cell: (source) => source.name },
  { title: t("clock.state"), cell: (source) => <Mark level={LEVELS[source.state]}>{t(`clock.source.${source.state}`)}</Mark> },
  { title: t("clock.away"), nowrap: true, cell: (source) => (source.ahead_s === null ? "" : awayWords(source.ahead_s)) },
  { title: t("clock.heard"), nowrap: true, cell: (source) => (source.heard_s === null ? t("clock.never") : t("clock.heardAgo", { span: span(source.heard_s) })) },
  { title: t("clock.stratum"), end: true, cell: (source) => (source.heard_s === null ? "" : source.stratum) },
];

function trustWords(clock: Clock): string {
  if (clock.trust !== "server") return t(`clock.trust.${clock.trust}`);
  return t("clock.trust.server", { server: clock.reference, away: away(clock.ahead_s), error: away(clock.error_s) });
}

function Servers({ clock, changed }: { clock: Clock; changed: () => void }) {
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const ask = async (): Promise<void> => {
    setBusy(true);
    setFault("");
    try {
      await syncClock();
      say(t("clock.asked"));
      changed();
    } catch (error) {
      setFault(words(error));
    }
    setBusy(false);
  };
  const actions = (
    <div className={styles.row}>
      {clock.ntp && <Button variant="default" loading={busy} onClick={() => void ask()}>{t("clock.sync")}</Button>}
      <Link href="/system/time">{t("clock.serverSettings")}</Link>
    </div>
  );
  return (
    <Section title={t("clock.sources")} actions={actions}>
      {fault && <FaultNote text={fault} />}
      {clock.ntp ? <Table rows={clock.sources} idOf={(source) => source.name} columns={columns()} /> : <p className="dim">{t("clock.off")}</p>}
      {clock.serving && <p className="dim">{t("clock.cameras")}</p>}
    </Section>
  );
}

export function TimePage() {
  const { data: clock, fault, reload } = useResource((signal) => getClock(signal), [], EVERY_MS);
  const tick = useNow();
  if (!clock) return <Page title={t("clock.title")}>{fault ? <FaultNote text={fault} retry={reload} /> : <Waiting />}</Page>;
  const now = clock.utc + (tick - clock.at);
  return (
    <Page title={t("clock.title")} actions={<Link href="/system/general?field=zone">{t("clock.zoneSettings")}</Link>}>
      {fault && <FaultNote text={fault} retry={reload} />}
      {clock.fault && <FaultNote text={clock.fault} />}
      <Section>
        <p className={styles.big}>{dateTime(now)}</p>
        <p className={styles.note}>
          <Mark level={clock.trust === "server" ? "good" : "attention"}><span style={{ whiteSpace: "normal" }}>{trustWords(clock)}</span></Mark>
        </p>
        <ul className={styles.facts}>
          <li>{t("clock.zone", { zone: clock.zone })}</li>
          {clock.changes.length === 0 && <li>{t("clock.noChange")}</li>}
          {clock.changes.map((at) => (
            <li key={at}>{t("clock.change", { at: dateTime(at), offset: offsetName(at) })}</li>
          ))}
          {clock.simulated && <li>{t("clock.simulated")}</li>}
        </ul>
      </Section>
      <Servers clock={clock} changed={reload} />
      <Section title={t("clock.set")}>
        {clock.synchronised ? <p className="dim">{t("clock.setNot")}</p> : <SetClock now={now} done={reload} />}
      </Section>
    </Page>
  );
}

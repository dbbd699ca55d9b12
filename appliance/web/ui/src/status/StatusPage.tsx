/** Status: the box, its processes, every stream (D1-RC-25), the volumes; with the last minutes as charts. */
import type { Channel, Process, StreamFacts, StreamName } from "../api/types";
import { formatParts } from "../cameras/facts";
import { has, t } from "../i18n";
import { decimal, percent, rate, size, span } from "../i18n/format";
import { Link } from "../router/Link";
import { box, boxNow } from "../state/box";
import { may, session } from "../state/session";
import { useSelect, useStore } from "../state/store";
import { VolumeCard } from "../storage/StoragePage";
import storage from "../storage/storage.module.css";
import { since } from "../time/format";
import { levelOf, Mark, Page, Section, Waiting } from "../ui/parts";
import { Table, type Column } from "../ui/Table";
import { Chart } from "./Chart";
import { clockWords } from "./clock";
import { FindingHistory } from "./FindingHistory";
import { Findings } from "./Findings";
import { history } from "./history";
import styles from "./status.module.css";

function Fact({ title, value }: { title: string; value: string }) {
  return (
    <div className={styles.fact}>
      <span className="dim small">{title}</span>
      <strong>{value}</strong>
    </div>
  );
}

function BoxFacts() {
  const status = useSelect(box, (state) => state.status)!;
  const { host } = status;
  const unknown = t("status.unknown");
  return (
    <div className={styles.facts}>
      <Fact title={t("status.version")} value={status.box.version} />
      <Fact title={t("status.uptime")} value={span(status.box.uptime_s)} />
      <Fact title={t("status.cpu")} value={percent(host.cpu_percent / 100)} />
      <Fact title={t("status.memory")} value={t("status.memoryOf", { used: size(host.memory_total - host.memory_available), total: size(host.memory_total) })} />
      <Fact title={t("status.temperature")} value={host.temperature_c === null ? unknown : t("unit.celsius", { value: decimal(host.temperature_c, 0) })} />
      <Fact title={t("status.load")} value={t("status.loadOf", { load: decimal(host.load, 2), cores: host.cores })} />
    </div>
  );
}

function Charts() {
  const points = useStore(history);
  if (points.length < 3) return null;
  const times = points.map((point) => point.at / 1000);
  return (
    <div className={styles.charts}>
      <Chart title={t("status.cpu")} label={t("status.chart.cpu")} times={times} values={points.map((point) => point.cpu)} format={(value) => percent(value / 100)} top={100} />
      <Chart title={t("status.incoming")} label={t("status.chart.rate")} times={times} values={points.map((point) => point.mbits)} format={(value) => rate(value * 1e6)} />
    </div>
  );
}

function stateWord(process: Process): string {
  const key = `status.process.${process.state}`;
  return has(key) ? t(key) : process.state;
}

const processColumns = (): Column<Process>[] => [
  { title: t("status.process"), name: true, cell: (process) => process.name },
  { title: t("status.state"), plain: true, cell: (process) => <Mark level={levelOf(process.state)}>{stateWord(process)}</Mark> },
  { title: t("status.since"), nowrap: true, cell: (process) => (process.since ? since(process.since, boxNow()) : "") },
  { title: t("status.restarts"), end: true, cell: (process) => decimal(process.restarts) },
  { title: t("status.reason"), cell: (process) => process.last_reason || <span className="dim">{t("status.neverRestarted")}</span> },
  { title: t("status.cpuUsed"), end: true, nowrap: true, cell: (process) => (process.cpu === null ? "" : percent(process.cpu, 1)) },
  { title: t("status.memoryUsed"), end: true, nowrap: true, cell: (process) => (process.rss ? size(process.rss) : "") },
  { title: t("status.pid"), end: true, cell: (process) => process.pid ?? "" },
];

function Processes() {
  const processes = useSelect(box, (state) => state.status?.processes ?? []);
  return (
    <Section title={t("status.processes")}>
      <Table rows={processes} idOf={(process) => process.name} columns={processColumns()} />
    </Section>
  );
}

interface StreamRow {
  channel: Channel;
  name: StreamName;
  facts: StreamFacts;
}

const streamColumns = (): Column<StreamRow>[] => [
  { title: t("events.channel"), name: true, cell: ({ channel }) => <Link href={`/cameras/${channel.id}`}>{t("channel.label", { id: String(channel.id), name: channel.name })}</Link> },
  { title: t("status.stream"), cell: ({ name }) => (name === "sub" ? t("cameras.stream.sub") : t("cameras.stream.main")) },
  { title: t("status.format"), nowrap: true, cell: ({ facts }) => formatParts({ ...facts, fps: 0 }).join(" · ") },
  { title: t("status.bitrate"), end: true, nowrap: true, cell: ({ facts }) => (facts.bitrate_bps ? rate(facts.bitrate_bps) : "") },
  { title: t("status.fps"), end: true, nowrap: true, cell: ({ facts }) => (facts.fps ? t("unit.fps", { value: decimal(facts.fps) }) : "") },
  { title: t("status.gop"), end: true, nowrap: true, cell: ({ facts }) => (facts.gop_s ? t("unit.s", { value: decimal(facts.gop_s) }) : "") },
  { title: t("status.clock"), cell: ({ facts }) => clockWords(facts) },
  { title: t("status.loss"), end: true, cell: ({ facts }) => (facts.lost_packets === undefined ? "" : decimal(facts.lost_packets)) },
  { title: t("status.reconnects"), end: true, cell: ({ facts }) => facts.reconnects ?? "" },
  {
    title: t("status.lastError"), className: styles.error, cell: ({ facts }) => (
      <div>
        {facts.last_error || <span className="dim">{t("status.noError")}</span>}
        {facts.advice && <div className="dim small">{facts.advice.text}</div>}
      </div>
    ),
  },
];

function Streams() {
  const channels = useSelect(box, (state) => state.channels) ?? [];
  const rows = channels.flatMap((channel) =>
    (Object.entries(channel.streams) as [StreamName, StreamFacts | null][]).flatMap(([name, facts]): StreamRow[] => (facts ? [{ channel, name, facts }] : [])),
  );
  return (
    <Section title={t("status.streams")}>
      {rows.length === 0 ? <p className="dim">{t("status.noStreams")}</p> : <Table rows={rows} idOf={(row) => `${row.channel.id}/${row.name}`} columns={streamColumns()} />}
    </Section>
  );
}

export function StatusPage() {
  const status = useSelect(box, (state) => state.status);
  const who = useStore(session);
  const mayLog = may(who, "maintain");
  if (!status) return <Waiting text={t("top.waiting")} />;
  const actions = (
    <>
      <Link href="/maintain/device">{t("device.open")}</Link>
      <Link href="/maintain/io">{t("io.open")}</Link>
      <Link href="/maintain/information">{t("information.title")}</Link>
      {(may(who, "network") || may(who, "capture")) && <Link href="/maintain/nettest">{t("nettest.title")}</Link>}
      {mayLog && <Link href="/maintain/log">{t("log.title")}</Link>}
      {may(who, "system") && <Link href="/maintain/time">{t("clock.open")}</Link>}
      {may(who, "shutdown") && <Link href="/maintain/power">{t("power.open")}</Link>}
    </>
  );
  return (
    <Page title={t("status.title")} wide actions={actions}>
      <p className={styles.sentence}>
        <Mark level={levelOf(status.health.level)}>
          <span style={{ whiteSpace: "normal" }}>{status.health.sentence}</span>
        </Mark>
      </p>
      <Findings health={status.health} />
      <Section title={t("status.box")}>
        <BoxFacts />
        <Charts />
      </Section>
      <FindingHistory />
      <Processes />
      <Streams />
      <Section title={t("status.volumes")}>
        {status.volumes.length === 0 ? (
          <p className="dim">
            {t("storage.none.text")} <Link href="/system/storage?add=1">{t("storage.add")}</Link>
          </p>
        ) : (
          <div className={storage.volumes}>
            {status.volumes.map((volume) => (
              <VolumeCard key={volume.path} volume={volume} />
            ))}
          </div>
        )}
      </Section>
    </Page>
  );
}

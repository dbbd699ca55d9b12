/** Status: the box, its processes, every stream (D1-RC-25), the volumes; with the last minutes as charts. */
import type { Channel, Process, StreamFacts, StreamName } from "../api/types";
import { formatParts } from "../cameras/facts";
import { has, t } from "../i18n";
import { decimal, percent, rate, size, span } from "../i18n/format";
import { Link } from "../router/Link";
import { box, boxNow } from "../state/box";
import { useSelect, useStore } from "../state/store";
import { VolumeCard } from "../storage/StoragePage";
import storage from "../storage/storage.module.css";
import { since } from "../time/format";
import { levelOf, Mark, Page, Section, Waiting } from "../ui/parts";
import table from "../ui/table.module.css";
import { Chart } from "./Chart";
import { clockWords } from "./clock";
import { MendLink } from "./MendLink";
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

function ProcessRow({ process }: { process: Process }) {
  const key = `status.process.${process.state}`;
  return (
    <tr>
      <td className={table.name}>{process.name}</td>
      <td>
        <Mark level={levelOf(process.state)}>{has(key) ? t(key) : process.state}</Mark>
      </td>
      <td className={table.nowrap}>{process.since ? since(process.since, boxNow()) : ""}</td>
      <td className={table.end}>{decimal(process.restarts)}</td>
      <td>{process.last_reason || <span className="dim">{t("status.neverRestarted")}</span>}</td>
      <td className={`${table.end} ${table.nowrap}`}>{process.cpu === null ? "" : percent(process.cpu, 1)}</td>
      <td className={`${table.end} ${table.nowrap}`}>{process.rss ? size(process.rss) : ""}</td>
      <td className={table.end}>{process.pid ?? ""}</td>
    </tr>
  );
}

function Processes() {
  const processes = useSelect(box, (state) => state.status?.processes ?? []);
  return (
    <Section title={t("status.processes")}>
      <div className={table.scroll}>
        <table className={table.table}>
          <thead>
            <tr>
              <th scope="col">{t("status.process")}</th>
              <th scope="col">{t("status.state")}</th>
              <th scope="col">{t("status.since")}</th>
              <th scope="col" className={table.end}>{t("status.restarts")}</th>
              <th scope="col">{t("status.reason")}</th>
              <th scope="col" className={table.end}>{t("status.cpuUsed")}</th>
              <th scope="col" className={table.end}>{t("status.memoryUsed")}</th>
              <th scope="col" className={table.end}>{t("status.pid")}</th>
            </tr>
          </thead>
          <tbody>
            {processes.map((process) => (
              <ProcessRow key={process.name} process={process} />
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}

function StreamRow({ channel, name, facts, first }: { channel: Channel; name: StreamName; facts: StreamFacts; first: boolean }) {
  return (
    <tr>
      <td className={table.name}>{first && <Link href={`/cameras/${channel.id}`}>{t("channel.label", { id: String(channel.id), name: channel.name })}</Link>}</td>
      <td>{name === "sub" ? t("cameras.stream.sub") : t("cameras.stream.main")}</td>
      <td className={table.nowrap}>{formatParts({ ...facts, fps: 0 }).join(" · ")}</td>
      <td className={`${table.end} ${table.nowrap}`}>{facts.bitrate_bps ? rate(facts.bitrate_bps) : ""}</td>
      <td className={`${table.end} ${table.nowrap}`}>{facts.fps ? t("unit.fps", { value: decimal(facts.fps) }) : ""}</td>
      <td className={`${table.end} ${table.nowrap}`}>{facts.gop_s ? t("unit.s", { value: decimal(facts.gop_s) }) : ""}</td>
      <td>{clockWords(facts)}</td>
      <td className={table.end}>{facts.lost_packets === undefined ? "" : decimal(facts.lost_packets)}</td>
      <td className={table.end}>{facts.reconnects ?? ""}</td>
      <td className={styles.error}>
        {facts.last_error || <span className="dim">{t("status.noError")}</span>}
        {facts.advice && <div className="dim small">{facts.advice.text}</div>}
      </td>
    </tr>
  );
}

function Streams() {
  const channels = useSelect(box, (state) => state.channels) ?? [];
  const rows = channels.flatMap((channel) =>
    (Object.entries(channel.streams) as [StreamName, StreamFacts | null][]).filter(([, facts]) => facts).map(([name, facts], i) => ({ channel, name, facts: facts!, first: i === 0 })),
  );
  return (
    <Section title={t("status.streams")}>
      {rows.length === 0 ? (
        <p className="dim">{t("status.noStreams")}</p>
      ) : (
        <div className={table.scroll}>
          <table className={table.table}>
            <thead>
              <tr>
                <th scope="col">{t("events.channel")}</th>
                <th scope="col">{t("status.stream")}</th>
                <th scope="col">{t("status.format")}</th>
                <th scope="col" className={table.end}>{t("status.bitrate")}</th>
                <th scope="col" className={table.end}>{t("status.fps")}</th>
                <th scope="col" className={table.end}>{t("status.gop")}</th>
                <th scope="col">{t("status.clock")}</th>
                <th scope="col" className={table.end}>{t("status.loss")}</th>
                <th scope="col" className={table.end}>{t("status.reconnects")}</th>
                <th scope="col">{t("status.lastError")}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <StreamRow key={`${row.channel.id}/${row.name}`} {...row} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  );
}

export function StatusPage() {
  const status = useSelect(box, (state) => state.status);
  if (!status) return <Waiting text={t("top.waiting")} />;
  return (
    <Page title={t("status.title")} wide>
      <p className={styles.sentence}>
        <Mark level={levelOf(status.health.level)}>
          <span style={{ whiteSpace: "normal" }}>{status.health.sentence}</span>
        </Mark>
      </p>
      {status.health.items.length > 0 && (
        <ul className={styles.items}>
          {status.health.items.map((item) => (
            <li key={item.text}>
              <Mark level={levelOf(item.level)}>
                <span style={{ whiteSpace: "normal" }}>{item.text}</span>
              </Mark>
              {item.since ? <span className="dim small">{since(item.since, boxNow())}</span> : null}
              <MendLink item={item} />
            </li>
          ))}
        </ul>
      )}
      <Section title={t("status.box")}>
        <BoxFacts />
        <Charts />
      </Section>
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

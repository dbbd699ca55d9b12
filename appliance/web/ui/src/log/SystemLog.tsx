/** What the processes write for technicians, newest first, filtered. */
import { Select } from "@mantine/core";
import { t } from "../i18n";
import { size } from "../i18n/format";
import { dateTime } from "../time/format";
import { FaultNote, levelOf, Mark, Waiting } from "../ui/parts";
import { Table, type Column } from "../ui/Table";
import { useResource } from "../ui/useResource";
import { LEVELS, lines, type Line } from "./api";
import { setFilter, When, Words } from "./LogPage";
import { Senders } from "./Senders";
import styles from "./log.module.css";

const EVERY_MS = 5000;

const columns = (): Column<Line>[] => [
  { title: t("log.when"), nowrap: true, plain: true, cell: (line) => <time>{dateTime(line.time)}</time> },
  { title: t("log.process"), nowrap: true, cell: (line) => line.process },
  { title: t("log.level"), nowrap: true, plain: true, cell: (line) => <Mark level={line.level === "info" || line.level === "debug" ? "off" : levelOf(line.level === "critical" ? "error" : line.level)}>{t(`log.level.${line.level}`)}</Mark> },
  {
    title: t("log.text"), plain: true, cell: (line) => (
      <>
        <div className={styles.line} dir="auto">{line.text}</div>
        {typeof line.more["exception"] === "string" && <pre className={styles.trace}>{line.more["exception"]}</pre>}
      </>
    ),
  },
];

export function SystemLog({ query }: { query: URLSearchParams }) {
  const asked = Object.fromEntries(["process", "level", "from", "to", "text"].map((name) => [name, query.get(name)]));
  const { data, fault, reload } = useResource((signal) => lines(asked, signal), [JSON.stringify(asked)], EVERY_MS);
  return (
    <>
      <Senders show={(process) => setFilter("process", process)} />
      <div className={styles.filters}>
        <Select label={t("log.process")} placeholder={t("log.all")} value={query.get("process")} data={data?.processes ?? []} onChange={(value) => setFilter("process", value)} clearable />
        <Select label={t("log.level")} value={query.get("level") ?? "info"} data={LEVELS.map((value) => ({ value, label: t(`log.level.${value}`) }))} onChange={(value) => setFilter("level", value)} allowDeselect={false} />
        <When query={query} />
        <Words query={query} />
      </div>
      {data && <p className="dim small">{t("log.systemText", { size: size(data.kept_bytes) })}</p>}
      {fault && <FaultNote text={fault} retry={reload} />}
      {!data && !fault && <Waiting />}
      {data?.lines.length === 0 && <p className="dim">{t("log.systemNone")}</p>}
      {data && data.lines.length > 0 && <Table rows={data.lines} idOf={(line) => `${line.time}.${line.process}.${line.text}`} columns={columns()} />}
    </>
  );
}

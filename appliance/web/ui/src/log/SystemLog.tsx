/** What the processes write for technicians, newest first, filtered. */
import { Select } from "@mantine/core";
import { t } from "../i18n";
import { size } from "../i18n/format";
import { dateTime } from "../time/format";
import { FaultNote, levelOf, Mark, Waiting } from "../ui/parts";
import table from "../ui/table.module.css";
import { useResource } from "../ui/useResource";
import { LEVELS, lines } from "./api";
import { setFilter, When, Words } from "./LogPage";
import styles from "./log.module.css";

const EVERY_MS = 5000;

export function SystemLog({ query }: { query: URLSearchParams }) {
  const asked = Object.fromEntries(["process", "level", "from", "to", "text"].map((name) => [name, query.get(name)]));
  const { data, fault, reload } = useResource((signal) => lines(asked, signal), [JSON.stringify(asked)], EVERY_MS);
  return (
    <>
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
      {data && data.lines.length > 0 && (
        <div className={table.scroll}>
          <table className={`${table.table} ${table.cards}`}>
            <thead>
              <tr>
                <th scope="col">{t("log.when")}</th>
                <th scope="col">{t("log.process")}</th>
                <th scope="col">{t("log.level")}</th>
                <th scope="col">{t("log.text")}</th>
              </tr>
            </thead>
            <tbody>
              {data.lines.map((line, i) => (
                // eslint-disable-next-line react/no-array-index-key
                <tr key={`${line.time}.${line.process}.${i}`}>
                  <td className={table.nowrap}><time>{dateTime(line.time)}</time></td>
                  <td className={table.nowrap}>{line.process}</td>
                  <td className={table.nowrap}><Mark level={line.level === "info" || line.level === "debug" ? "off" : levelOf(line.level === "critical" ? "error" : line.level)}>{t(`log.level.${line.level as "info"}`)}</Mark></td>
                  <td>
                    <div className={styles.line} dir="auto">{line.text}</div>
                    {typeof line.more["exception"] === "string" && <pre className={styles.trace}>{line.more["exception"]}</pre>}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

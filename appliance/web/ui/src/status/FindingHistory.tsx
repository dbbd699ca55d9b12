/** What was wrong in the last days, and who outside is told while all is well. */
import { get } from "../api/http";
import type { HealthItem, NvrEvent } from "../api/types";
import { t } from "../i18n";
import { span } from "../i18n/format";
import { Link } from "../router/Link";
import { box, boxNow } from "../state/box";
import { may, session } from "../state/session";
import { useSelect, useStore } from "../state/store";
import { dateTime, since } from "../time/format";
import { FaultNote, levelOf, Mark, Section, Waiting } from "../ui/parts";
import { Table, type Column } from "../ui/Table";
import { useResource } from "../ui/useResource";

const DAYS = 7;
const MOST = 20;

interface Ping {
  called: boolean;
  last: number | null;
  failure: string;
}

const columns = (): Column<NvrEvent>[] => [
  { title: t("finding.what"), name: true, cell: (event) => <Mark level={levelOf(event.severity)}><span style={{ whiteSpace: "normal" }}>{event.text || event.title}</span></Mark> },
  { title: t("finding.when"), nowrap: true, cell: (event) => dateTime(event.start) },
  { title: t("finding.lasted"), nowrap: true, cell: (event) => (event.end === null ? t("finding.lasts") : event.end > event.start ? span((event.end - event.start) / 1000) : "") },
];

function Outside() {
  const who = useStore(session);
  const { data } = useResource((signal) => get<{ ping: Ping; items: HealthItem[] }>("/health", {}, signal), [], 30_000);
  if (!data) return null;
  const { called, last, failure } = data.ping;
  const text = !called ? t("ping.off") : failure ? t("ping.failing", { reason: failure }) : last ? t("ping.on", { when: since(last, boxNow()) }) : t("ping.never");
  return (
    <p className={failure ? undefined : "dim"}>
      {text} {may(who, "system") && <Link href="/system/health">{t("ping.set")}</Link>}
    </p>
  );
}

export function FindingHistory() {
  const who = useStore(session);
  const news = useSelect(box, (state) => Math.floor(state.eventNews / 5));
  const allowed = may(who, "events");
  const { data, fault, reload } = useResource(
    async (signal) => (allowed ? (await get<{ events: NvrEvent[] }>("/events", { severities: "error,warning", from: Math.floor(boxNow() - DAYS * 86_400_000), limit: MOST }, signal)).events : []),
    [news, allowed],
  );
  return (
    <Section title={t("finding.history")} actions={allowed ? <Link href="/events?severities=warning">{t("finding.all")}</Link> : undefined}>
      <Outside />
      {!data ? (fault ? <FaultNote text={fault} retry={reload} /> : <Waiting />)
        : data.length === 0 ? <p className="dim">{t("finding.historyNone")}</p>
        : <Table rows={data} idOf={(event) => String(event.id)} columns={columns()} />}
    </Section>
  );
}

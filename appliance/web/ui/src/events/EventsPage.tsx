/** The record of events: filters in the address, newest first, a way to the footage. */
import { Button, MultiSelect, Select, Switch, TextInput } from "@mantine/core";
import { IconBell, IconDownload, IconPlayerPlay } from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import { get } from "../api/http";
import type { NvrEvent } from "../api/types";
import { has, t } from "../i18n";
import { ago, span } from "../i18n/format";
import { navigate, usePlace } from "../router/router";
import { box, channelOf } from "../state/box";
import { may, session } from "../state/session";
import { useSelect, useStore } from "../state/store";
import { dateTime } from "../time/format";
import { inputOfInstant, instantOfInput } from "../time/input";
import { clearFilters, setFilter } from "../tags/filters";
import { ResultActs, type Result } from "../tags/ResultActs";
import { PagedList } from "../ui/PagedList";
import { Empty, levelOf, Mark, Page } from "../ui/parts";
import { PickBar, Table, type Column } from "../ui/Table";
import table from "../ui/table.module.css";
import { useNow } from "../ui/useNow";
import { usePages } from "../ui/usePages";
import { usePicks } from "../ui/usePicks";
import { useResource } from "../ui/useResource";
import { toCsv } from "./csv";
import styles from "./events.module.css";

const SEVERITIES = ["info", "warning", "error"] as const;
const PAGE = 100;

interface Answer {
  events: NvrEvent[];
  next: string | null;
}

interface KindEntry {
  kind?: string;
  name?: string;
  slug?: string;
  title?: string;
}

const severityWord = (name: string): string => (has(`severity.${name}`) ? t(`severity.${name}` as "severity.info") : name);

function Filters({ query }: { query: URLSearchParams }) {
  const channels = useSelect(box, (state) => state.channels) ?? [];
  const { data } = useResource((signal) => get<{ kinds: KindEntry[] }>("/events/kinds", {}, signal), []);
  const kinds = (data?.kinds ?? []).map((entry) => ({ value: entry.kind ?? entry.slug ?? entry.name ?? "", label: entry.title ?? entry.kind ?? entry.name ?? "" })).filter((entry) => entry.value);
  const many = (name: string): string[] => query.get(name)?.split(",").filter(Boolean) ?? [];
  const instant = (name: string): string => (query.get(name) ? inputOfInstant(Number(query.get(name))) : "");
  return (
    <div className={styles.filters}>
      <MultiSelect label={t("events.channel")} placeholder={many("channels").length ? undefined : t("events.all")} value={many("channels")} onChange={(value) => setFilter("channels", value.join(","))} data={channels.map((channel) => ({ value: String(channel.id), label: t("channel.label", { id: String(channel.id), name: channel.name }) }))} searchable clearable />
      <MultiSelect label={t("events.kind")} placeholder={many("kinds").length ? undefined : t("events.all")} value={many("kinds")} onChange={(value) => setFilter("kinds", value.join(","))} data={kinds} searchable clearable />
      <Select label={t("events.severity")} placeholder={t("events.all")} value={query.get("severities")} onChange={(value) => setFilter("severities", value)} data={SEVERITIES.map((name) => ({ value: name, label: severityWord(name) }))} clearable allowDeselect />
      <TextInput className={styles.when} type="datetime-local" label={t("events.from")} value={instant("from")} onChange={(event) => setFilter("from", String(instantOfInput(event.currentTarget.value) ?? ""))} />
      <TextInput className={styles.when} type="datetime-local" label={t("events.to")} value={instant("to")} onChange={(event) => setFilter("to", String(instantOfInput(event.currentTarget.value) ?? ""))} />
      <Switch className={styles.openOnly} label={t("events.onlyOpen")} checked={query.has("open")} onChange={(event) => setFilter("open", event.currentTarget.checked ? "1" : null)} />
    </div>
  );
}

const sayWhat = (event: NvrEvent): string => `${event.title}, ${dateTime(event.start)}`;
const idOf = (event: NvrEvent): string => String(event.id);

function whereOf(event: NvrEvent): string {
  const channel = channelOf(event.channel);
  if (channel) return t("channel.label", { id: String(channel.id), name: channel.name });
  return event.channel === null ? t("events.box") : t("channel.short", { id: String(event.channel) });
}

function lasted(event: NvrEvent): string {
  if (event.end === null) return t("events.goOn");
  return event.end === event.start ? "" : span((event.end - event.start) / 1000);
}

const columnsOf = (now: number): Column<NvrEvent>[] => [
  {
    title: t("events.when"), nowrap: true, plain: true, cell: (event) => (
      <div>
        <time>{dateTime(event.start)}</time>
        <div className="dim small">{ago(event.start, now)}</div>
      </div>
    ),
  },
  {
    title: t("events.what"), plain: true, cell: (event) => (
      <>
        <div className={table.name} dir="auto">{event.title}</div>
        {event.text && event.text !== event.title && <div className={styles.text} dir="auto">{event.text}</div>}
      </>
    ),
  },
  { title: t("events.channel"), plain: true, cell: whereOf },
  { title: t("events.severity"), plain: true, cell: (event) => <Mark level={levelOf(event.severity)}>{severityWord(event.severity)}</Mark> },
  { title: t("events.lasted"), nowrap: true, cell: lasted },
  {
    title: "", end: true, cell: (event) => event.channel !== null && (
      <Button variant="default" leftSection={<IconPlayerPlay size={16} aria-hidden />} onClick={() => void navigate(`/live?channel=${event.channel}&at=${Math.round(event.start - 3000)}`)}>
        {t("events.footage")}
      </Button>
    ),
  },
];

export function EventsPage() {
  const { query } = usePlace();
  const key = query.toString();
  const filters = { channels: query.get("channels"), kinds: query.get("kinds"), severities: query.get("severities"), from: query.get("from"), to: query.get("to"), open: query.has("open") ? "true" : null };
  const news = useSelect(box, (state) => state.eventNews);
  const now = useNow(5000);
  const pages = usePages(
    async (after, signal) => {
      const found = await get<Answer>("/events", { ...filters, limit: PAGE, after }, signal);
      return { rows: found.events, next: found.next };
    },
    idOf, key,
  );
  const { again } = pages;
  const listed = useRef(news);
  useEffect(() => {
    if (news === listed.current) return;
    listed.current = news;
    void again();
  }, [news, again]);

  const events = pages.rows;
  const save = (): void => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([toCsv(events)], { type: "text/csv" }));
    link.download = "events.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };

  // Only what happened at a camera has footage.
  const results = events.filter((event): event is NvrEvent & Result => event.channel !== null);
  const me = useStore(session);
  const pickable = results.length > 0 && (may(me, "tag") || may(me, "lock"));
  const picks = usePicks(results.map(idOf));

  const filtered = key !== "";
  return (
    <Page
      title={t("events.title")} wide
      actions={events.length > 0 && (
        <Button variant="default" leftSection={<IconDownload size={16} aria-hidden />} onClick={save}>
          {t("events.export")}
        </Button>
      )}
    >
      <Filters query={query} />
      <PagedList
        pages={pages} more={t("events.more")}
        empty={
          <Empty
            icon={<IconBell size={40} stroke={1.2} aria-hidden />} title={t("events.none.title")} text={t(filtered ? "events.noneFiltered" : "events.none.text")}
            action={filtered && <Button variant="default" onClick={clearFilters}>{t("events.clearFilters")}</Button>}
          />
        }
      >
        {pickable && (
          <PickBar picks={picks}>
            <ResultActs results={results.filter((event) => picks.has(idOf(event)))} done={picks.clear} />
          </PickBar>
        )}
        <Table rows={events} idOf={idOf} nameOf={sayWhat} picks={pickable ? picks : undefined} fixed={(event) => event.channel === null} columns={columnsOf(now)} />
      </PagedList>
    </Page>
  );
}

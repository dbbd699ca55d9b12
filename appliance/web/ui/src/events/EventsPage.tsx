/** The record of events: filters in the address, newest first, a way to the footage. */
import { Button, Checkbox, MultiSelect, Select, Switch, TextInput } from "@mantine/core";
import { IconBell, IconDownload, IconPlayerPlay } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { get, words } from "../api/http";
import type { NvrEvent } from "../api/types";
import { has, t } from "../i18n";
import { ago, span } from "../i18n/format";
import { navigate, place, usePlace } from "../router/router";
import { box, channelOf } from "../state/box";
import { may, session } from "../state/session";
import { useSelect, useStore } from "../state/store";
import { dateTime } from "../time/format";
import { inputOfInstant, instantOfInput } from "../time/input";
import { usePicks } from "../tags/picks";
import { ResultActs, type Result } from "../tags/ResultActs";
import tagStyles from "../tags/tags.module.css";
import { Empty, FaultNote, levelOf, Mark, Page, Waiting } from "../ui/parts";
import table from "../ui/table.module.css";
import { useNow } from "../ui/useNow";
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

function setFilter(name: string, value: string | null): void {
  const query = new URLSearchParams(place.get().query);
  if (value) query.set(name, value);
  else query.delete(name);
  const text = query.toString();
  void navigate(`/events${text ? `?${text}` : ""}`, { replace: true });
}

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

function Row({ event, now, picked, pick }: { event: NvrEvent; now: number; picked: boolean; pick: (() => void) | null }) {
  const channel = channelOf(event.channel);
  return (
    <tr>
      {pick && (
        <td className={tagStyles.pick}>
          {event.channel !== null && <Checkbox aria-label={t("results.pick", { what: event.title, when: dateTime(event.start) })} checked={picked} onChange={pick} />}
        </td>
      )}
      <td className={table.nowrap}>
        <time>{dateTime(event.start)}</time>
        <div className="dim small">{ago(event.start, now)}</div>
      </td>
      <td>
        <div className={table.name} dir="auto">{event.title}</div>
        {event.text && event.text !== event.title && <div className={styles.text} dir="auto">{event.text}</div>}
      </td>
      <td>{channel ? t("channel.label", { id: String(channel.id), name: channel.name }) : event.channel === null ? t("events.box") : t("channel.short", { id: String(event.channel) })}</td>
      <td>
        <Mark level={levelOf(event.severity)}>{severityWord(event.severity)}</Mark>
      </td>
      <td className={table.nowrap}>{event.end === null ? t("events.goOn") : event.end === event.start ? "" : span((event.end - event.start) / 1000)}</td>
      <td className={table.end}>
        {event.channel !== null && (
          <Button variant="default" leftSection={<IconPlayerPlay size={16} aria-hidden />} onClick={() => void navigate(`/live?channel=${event.channel}&at=${Math.round(event.start - 3000)}`)}>
            {t("events.footage")}
          </Button>
        )}
      </td>
    </tr>
  );
}

export function EventsPage() {
  const { query } = usePlace();
  const key = query.toString();
  const filters = { channels: query.get("channels"), kinds: query.get("kinds"), severities: query.get("severities"), from: query.get("from"), to: query.get("to"), open: query.has("open") ? "true" : null };
  const news = useSelect(box, (state) => state.eventNews);
  const now = useNow(5000);
  const [older, setOlder] = useState<{ key: string; events: NvrEvent[]; next: string | null } | null>(null);
  const [moreFault, setMoreFault] = useState<string | null>(null);
  const { data, fault, reload } = useResource((signal) => get<Answer>("/events", { ...filters, limit: PAGE }, signal), [key]);
  const listed = useRef(news);
  useEffect(() => {
    if (news === listed.current) return;
    listed.current = news;
    reload();
  }, [news, reload]);

  const extra = older?.key === key ? older : null;
  const next = extra ? extra.next : data?.next;
  const seen = new Set<number | string>();
  const events = [...(data?.events ?? []), ...(extra?.events ?? [])].filter((event) => !seen.has(event.id) && seen.add(event.id));
  const more = async (): Promise<void> => {
    setMoreFault(null);
    try {
      const answer = await get<Answer>("/events", { ...filters, limit: PAGE, after: next });
      setOlder({ key, events: [...(extra?.events ?? []), ...answer.events], next: answer.next });
    } catch (error) {
      setMoreFault(words(error));
    }
  };
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
  const picks = usePicks(results.map((event) => String(event.id)));

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
      {fault && <FaultNote text={fault} retry={reload} />}
      {!data && !fault && <Waiting />}
      {data && events.length === 0 && (
        <Empty
          icon={<IconBell size={40} stroke={1.2} aria-hidden />} title={t("events.none.title")} text={t(filtered ? "events.noneFiltered" : "events.none.text")}
          action={filtered && <Button variant="default" onClick={() => void navigate("/events", { replace: true })}>{t("events.clearFilters")}</Button>}
        />
      )}
      {pickable && (
        <div className={tagStyles.acts}>
          <Checkbox label={t("tags.pickAll")} checked={picks.all} indeterminate={picks.some} onChange={picks.toggleAll} />
          <ResultActs results={results.filter((event) => picks.has(String(event.id)))} done={picks.clear} />
        </div>
      )}
      {events.length > 0 && (
        <div className={table.scroll}>
          <table className={`${table.table} ${table.cards}`}>
            <thead>
              <tr>
                {pickable && <th className={tagStyles.pick} />}
                <th scope="col">{t("events.when")}</th>
                <th scope="col">{t("events.what")}</th>
                <th scope="col">{t("events.channel")}</th>
                <th scope="col">{t("events.severity")}</th>
                <th scope="col">{t("events.lasted")}</th>
                <th />
              </tr>
            </thead>
            <tbody>
              {events.map((event) => (
                <Row key={event.id} event={event} now={now} picked={picks.has(String(event.id))} pick={pickable ? () => picks.toggle(String(event.id)) : null} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {moreFault && <FaultNote text={moreFault} />}
      {next && (
        <div className={styles.more}>
          <Button variant="default" onClick={() => void more()}>
            {t("events.more")}
          </Button>
        </div>
      )}
    </Page>
  );
}

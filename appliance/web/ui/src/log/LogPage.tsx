/** The log (D2-MT-01, D2-MT-03): what people did and what happened to the box, checked for being whole; and the processes' own. */
import { Button, Modal, MultiSelect, SegmentedControl, TextInput } from "@mantine/core";
import { IconDownload, IconListDetails, IconShieldCheck, IconShieldX, IconTrash } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { words } from "../api/http";
import { t } from "../i18n";
import { navigate, place, usePlace } from "../router/router";
import { box } from "../state/box";
import { useSelect } from "../state/store";
import { dateTime } from "../time/format";
import { inputOfInstant, instantOfInput } from "../time/input";
import { confirm } from "../ui/confirm";
import { PagedList } from "../ui/PagedList";
import { Empty, FaultNote, levelOf, Mark, Page } from "../ui/parts";
import { Table, type Column } from "../ui/Table";
import table from "../ui/table.module.css";
import { say } from "../ui/toast";
import ui from "../ui/ui.module.css";
import { usePages } from "../ui/usePages";
import { useResource } from "../ui/useResource";
import { check, clear, entries, tableOf, type Entry, type Filters } from "./api";
import styles from "./log.module.css";
import { SystemLog } from "./SystemLog";
import { TYPE_TITLES } from "./words";

const PATH = "/maintain/log";

export function setFilter(name: string, value: string | null): void {
  const query = new URLSearchParams(place.get().query);
  if (value) query.set(name, value);
  else query.delete(name);
  const text = query.toString();
  void navigate(`${PATH}${text ? `?${text}` : ""}`, { replace: true });
}

export function When({ query }: { query: URLSearchParams }) {
  const instant = (name: string): string => (query.get(name) ? inputOfInstant(Number(query.get(name))) : "");
  return (["from", "to"] as const).map((name) => (
    <TextInput key={name} type="datetime-local" label={t(`log.${name}`)} value={instant(name)} onChange={(event) => setFilter(name, String(instantOfInput(event.currentTarget.value) ?? ""))} />
  ));
}

/** Words that are searched for once nothing has been typed for a moment. */
export function Words({ query }: { query: URLSearchParams }) {
  const asked = query.get("text") ?? "";
  const [typed, setTyped] = useState(asked);
  useEffect(() => {
    if (typed === asked) return;
    const timer = setTimeout(() => setFilter("text", typed.trim() || null), 300);
    return () => clearTimeout(timer);
  }, [typed, asked]);
  return <TextInput type="search" label={t("log.find")} placeholder={t("log.findHelp")} value={typed} maxLength={100} onChange={(event) => setTyped(event.currentTarget.value)} />;
}

function Whole({ turn }: { turn: number }) {
  const { data, fault, reload } = useResource((signal) => check(signal), [turn]);
  if (fault) return <FaultNote text={fault} retry={reload} />;
  if (!data) return <p className="dim small" role="status">{t("log.chain.checking")}</p>;
  const Icon = data.whole ? IconShieldCheck : IconShieldX;
  return (
    <div className={styles.chain} data-whole={data.whole} role={data.whole ? "status" : "alert"}>
      <Icon size={20} aria-hidden />
      <div>
        {data.whole ? t("log.chain.whole", { n: data.entries }) : t("log.chain.broken", { n: data.broken.length })}
        {data.since !== null && <span className="dim"> {t("log.chain.since", { when: dateTime(data.since) })}</span>}
        {data.broken.slice(0, 5).map((place_) => <div key={place_.seq} className="small">{t("log.chain.place", { seq: String(place_.seq), text: place_.text })}</div>)}
      </div>
      <Button variant="default" size="sm" onClick={reload}>{t("log.chain.check")}</Button>
    </div>
  );
}

function Details({ list, at, go, close }: { list: readonly Entry[]; at: number; go: (at: number) => void; close: () => void }) {
  const entry = list[at]!;
  return (
    <Modal opened onClose={close} title={entry.title} size="lg" closeButtonProps={{ "aria-label": t("action.close") }}>
      <p>{entry.text}</p>
      <dl className={styles.details}>
        <dt>{t("log.when")}</dt>
        <dd>{dateTime(entry.start)}</dd>
        <dt>{t("log.type")}</dt>
        <dd>{entry.type_title}</dd>
        {Object.entries(entry.details).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd dir="auto">{String(value)}</dd>
          </div>
        ))}
      </dl>
      <div className={ui.actions}>
        <Button variant="default" disabled={at === 0} onClick={() => go(at - 1)}>{t("log.previous")}</Button>
        <Button variant="default" disabled={at + 1 >= list.length} onClick={() => go(at + 1)}>{t("log.next")}</Button>
      </div>
    </Modal>
  );
}

const idOf = (entry: Entry): string => String(entry.id);

const columnsOf = (open: (entry: Entry) => void): Column<Entry>[] => [
  { title: t("log.when"), nowrap: true, plain: true, cell: (entry) => <time>{dateTime(entry.start)}</time> },
  { title: t("log.type"), nowrap: true, plain: true, cell: (entry) => <Mark level={entry.severity === "info" ? "off" : levelOf(entry.severity)}>{entry.type_title}</Mark> },
  {
    title: t("log.entry"), plain: true, cell: (entry) => (
      <>
        <div className={table.name}>{entry.title}</div>
        <div className={styles.text} dir="auto">{entry.text}</div>
      </>
    ),
  },
  {
    title: "", end: true, cell: (entry) => (
      <Button variant="default" leftSection={<IconListDetails size={16} aria-hidden />} aria-label={t("log.detailsOf", { title: entry.title, when: dateTime(entry.start) })} onClick={() => open(entry)}>{t("log.details")}</Button>
    ),
  },
];

function Done({ query }: { query: URLSearchParams }) {
  const filters: Filters = { types: query.get("types"), from: query.get("from"), to: query.get("to"), text: query.get("text") };
  const key = JSON.stringify(filters);
  const news = useSelect(box, (state) => state.eventNews);
  const [turn, setTurn] = useState(0);
  const [open, setOpen] = useState<number | null>(null);
  const pages = usePages(
    async (after) => {
      const found = await entries(filters, after ?? undefined);
      return { rows: found.entries, next: found.next };
    },
    idOf, `${key}/${turn}`,
  );
  const { again, rows: list } = pages;
  const listed = useRef(news);
  useEffect(() => {
    if (news === listed.current) return;
    listed.current = news;
    void again();
  }, [news, again]);
  const empty = async (): Promise<void> => {
    if (!(await confirm({ title: t("log.clearTitle"), text: t("log.clearText"), yes: t("log.clear"), danger: true, typed: t("log.clearWord"), typedLabel: t("log.clearTyped") }))) return;
    try {
      await clear();
      say(t("log.cleared"));
    } catch (error) {
      say(words(error), { bad: true });
    }
    setTurn((value) => value + 1);
  };
  const many = query.get("types")?.split(",").filter(Boolean) ?? [];
  return (
    <>
      <Whole turn={turn} />
      <div className={styles.filters}>
        <MultiSelect label={t("log.type")} placeholder={many.length ? undefined : t("log.all")} value={many} onChange={(value) => setFilter("types", value.join(","))} data={TYPE_TITLES()} clearable />
        <When query={query} />
        <Words query={query} />
      </div>
      <div className={styles.tools}>
        <Button component="a" href={tableOf(filters)} download="log.csv" variant="default" leftSection={<IconDownload size={16} aria-hidden />}>{t("log.export")}</Button>
        <Button variant="subtle" color="red" className="danger" leftSection={<IconTrash size={16} aria-hidden />} onClick={() => void empty()}>{t("log.clear")}</Button>
      </div>
      <PagedList
        pages={pages} more={t("log.more")}
        empty={<Empty icon={<IconListDetails size={40} stroke={1.2} aria-hidden />} title={t("log.none.title")} text={t(Object.values(filters).some(Boolean) ? "log.noneFiltered" : "log.none.text")} />}
      >
        <Table rows={list} idOf={idOf} columns={columnsOf((entry) => setOpen(list.indexOf(entry)))} />
      </PagedList>
      {open !== null && list[open] && <Details list={list} at={open} go={setOpen} close={() => setOpen(null)} />}
    </>
  );
}

export function LogPage() {
  const { query } = usePlace();
  const system = query.get("view") === "system";
  return (
    <Page title={t("log.title")} wide actions={(
      <SegmentedControl
        aria-label={t("log.views")} value={system ? "system" : "what"} data={[{ value: "what", label: t("log.what") }, { value: "system", label: t("log.system") }]}
        onChange={(view) => void navigate(view === "system" ? `${PATH}?view=system` : PATH, { replace: true })}
      />
    )}>
      {system ? <SystemLog query={query} /> : <Done query={query} />}
    </Page>
  );
}

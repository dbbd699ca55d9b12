/** The list of recordings: files with time, size, kinds and lock; play, lock, unlock, export (D1-PB-33). */
import { Button, MultiSelect, Select, Switch, TextInput } from "@mantine/core";
import { IconFileDescription, IconFileExport, IconLock, IconLockOpen, IconPlayerPlay } from "@tabler/icons-react";
import { words } from "../api/http";
import { t } from "../i18n";
import { clock, size } from "../i18n/format";
import { navigate, usePlace } from "../router/router";
import { box, channelOf } from "../state/box";
import { may, session } from "../state/session";
import { useSelect, useStore } from "../state/store";
import { clearFilters, setFilter } from "../tags/filters";
import { SearchViews } from "../tags/SearchViews";
import styles from "../tags/tags.module.css";
import { date, dateTime, time } from "../time/format";
import { inputOfInstant, instantOfInput } from "../time/input";
import { confirm } from "../ui/confirm";
import { PagedList } from "../ui/PagedList";
import { Empty, Page } from "../ui/parts";
import { PickBar, Table, type Column } from "../ui/Table";
import { say } from "../ui/toast";
import { usePages } from "../ui/usePages";
import { usePicks } from "../ui/usePicks";
import { KindMarks, kindWord } from "./KindMarks";
import { exportLink, findRecordings, setLocked, type Recording } from "./api";

const PAGE = 100;
const STREAMS = ["main", "sub", "third"] as const;
const KIND_NAMES = ["general", "motion", "intelligent", "pos", "alarm", "motion_and_alarm", "manual"] as const;
const ALL = "all";


function Filters({ query }: { query: URLSearchParams }) {
  const channels = useSelect(box, (state) => state.channels) ?? [];
  const many = (name: string): string[] => query.get(name)?.split(",").filter(Boolean) ?? [];
  const instant = (name: string): string => (query.get(name) ? inputOfInstant(Number(query.get(name))) : "");
  return (
    <div className={styles.filters}>
      <MultiSelect label={t("tags.camera")} placeholder={many("channels").length ? undefined : t("events.all")} value={many("channels")} onChange={(value) => setFilter("channels", value.join(","))} data={channels.map((channel) => ({ value: String(channel.id), label: t("channel.label", { id: String(channel.id), name: channel.name }) }))} searchable clearable />
      <TextInput className={styles.date} type="datetime-local" label={t("events.from")} value={instant("from")} onChange={(event) => setFilter("from", String(instantOfInput(event.currentTarget.value) ?? ""))} />
      <TextInput className={styles.date} type="datetime-local" label={t("events.to")} value={instant("to")} onChange={(event) => setFilter("to", String(instantOfInput(event.currentTarget.value) ?? ""))} />
      <MultiSelect label={t("recordings.kinds")} placeholder={many("kinds").length ? undefined : t("events.all")} value={many("kinds")} onChange={(value) => setFilter("kinds", value.join(","))} data={KIND_NAMES.map((name) => ({ value: name, label: kindWord(name) }))} clearable />
      <Select label={t("recordings.stream")} value={query.get("stream") ?? "main"} allowDeselect={false} onChange={(value) => setFilter("stream", value)} data={[...STREAMS.map((name) => ({ value: name as string, label: t(`recordings.stream.${name}`) })), { value: ALL, label: t("recordings.stream.all") }]} />
      <Switch className={styles.only} label={t("recordings.lockedOnly")} checked={query.has("locked")} onChange={(event) => setFilter("locked", event.currentTarget.checked ? "1" : null)} />
    </div>
  );
}

/** The end of a file: the day is told only where it is another one. */
const until = (file: Recording): string => t("recordings.until", { from: dateTime(file.from), to: date(file.from) === date(file.to) ? time(file.to) : dateTime(file.to) });

const cameraOf = (file: Recording): string => t("channel.label", { id: String(file.channel), name: channelOf(file.channel)?.name ?? "" });

function RowActs({ file, lock, exports }: { file: Recording; lock: ((locked: boolean) => void) | null; exports: boolean }) {
  return (
    <div className={styles.rowActs}>
      <Button variant="default" leftSection={<IconPlayerPlay size={16} aria-hidden />} onClick={() => void navigate(`/live?channel=${file.channel}&at=${file.from}`)}>
        {t("recordings.play")}
      </Button>
      {lock && (
        <Button variant="default" leftSection={file.locked ? <IconLockOpen size={16} aria-hidden /> : <IconLock size={16} aria-hidden />} onClick={() => lock(!file.locked)}>
          {t(file.locked ? "recordings.unlock" : "recordings.lock")}
        </Button>
      )}
      {exports && (
        <Button variant="default" leftSection={<IconFileExport size={16} aria-hidden />} onClick={() => void navigate(exportLink(file))}>
          {t("recordings.export")}
        </Button>
      )}
    </div>
  );
}

const columnsOf = (lock: ((file: Recording, locked: boolean) => void) | null, exports: boolean): Column<Recording>[] => [
  {
    title: t("tags.camera"), name: true, cell: (file) => (
      <>
        {cameraOf(file)}
        {file.stream !== "main" && <div className="dim small">{t(`recordings.stream.${file.stream}`)}</div>}
      </>
    ),
  },
  {
    title: t("recordings.when"), plain: true, hint: (file) => t("recordings.file", { number: String(file.number), volume: file.volume }), cell: (file) => (
      <>
        <time>{until(file)}</time>
        {file.open && <div className="dim small">{t("recordings.open")}</div>}
      </>
    ),
  },
  { title: t("recordings.length"), className: "num", cell: (file) => clock((file.to - file.from) / 1000) },
  { title: t("recordings.size"), className: "num", cell: (file) => size(file.size) },
  { title: t("recordings.kinds"), cell: (file) => <KindMarks kinds={file.kinds} /> },
  {
    title: t("recordings.locked"), plain: true, cell: (file) => file.locked && (
      <span className={styles.lock}>
        <IconLock size={16} stroke={1.8} aria-hidden />
        {t("recordings.locked")}
      </span>
    ),
  },
  { title: "", end: true, cell: (file) => <RowActs file={file} lock={lock && ((locked) => lock(file, locked))} exports={exports} /> },
];

export function RecordingsPage() {
  const { query } = usePlace();
  const channels = useSelect(box, (state) => state.channels);
  const me = useStore(session);
  const lockable = may(me, "lock");
  const everyone = (channels ?? []).map((channel) => channel.id).join(",");
  const stream = query.get("stream") ?? "main";
  const filters = {
    channels: query.get("channels") ?? everyone, from: query.get("from"), to: query.get("to"), kinds: query.get("kinds"),
    stream: stream === ALL ? null : stream, locked: query.has("locked") ? "true" : null,
  };
  const pages = usePages<Recording>(
    async (after, signal) => {
      if (!filters.channels) return { rows: [], next: null };
      const found = await findRecordings(filters, PAGE, after, signal);
      return { rows: found.recordings, next: found.next };
    },
    (file) => file.id, `${query.toString()} ${everyone}`,
  );
  const files = pages.rows;
  const picks = usePicks(files.map((file) => file.id));
  const picked = files.filter((file) => picks.has(file.id));

  const lock = async (some: readonly Recording[], locked: boolean): Promise<void> => {
    const n = some.length;
    if (!locked && !(await confirm({ title: t("recordings.unlockTitle", { n }), text: t("recordings.unlockText"), yes: t("recordings.unlockMany", { n }) }))) return;
    try {
      let done = 0;
      for (const file of some) done += (await setLocked(file, locked)) > 0 ? 1 : 0;
      if (done > 0) say(t(locked ? "recordings.lockedDone" : "recordings.unlockedDone", { n: done }));
      if (done < n) say(t("recordings.unchanged", { n: n - done }), { bad: true });
      picks.clear();
    } catch (error) {
      say(words(error), { bad: true });
    }
    await pages.again(); // a lock takes other files along
  };

  const filtered = query.toString() !== "";
  const open = picked.filter((file) => !file.locked);
  const shut = picked.filter((file) => file.locked);
  return (
    <Page title={t("recordings.title")} wide actions={<SearchViews />}>
      <Filters query={query} />
      <PagedList
        pages={pages} more={t("recordings.older")}
        empty={
          <Empty
            icon={<IconFileDescription size={40} stroke={1.2} aria-hidden />} title={t("recordings.none.title")} text={t(filtered ? "recordings.noneFiltered" : "recordings.none.text")}
            action={filtered && <Button variant="default" onClick={clearFilters}>{t("events.clearFilters")}</Button>}
          />
        }
      >
        <PickBar picks={lockable ? picks : undefined}>
          {open.length > 0 && (
            <Button variant="default" leftSection={<IconLock size={16} aria-hidden />} onClick={() => void lock(open, true)}>
              {t("recordings.lockMany", { n: open.length })}
            </Button>
          )}
          {shut.length > 0 && (
            <Button variant="default" leftSection={<IconLockOpen size={16} aria-hidden />} onClick={() => void lock(shut, false)}>
              {t("recordings.unlockMany", { n: shut.length })}
            </Button>
          )}
          {picked.length === 0 && <span className="dim small">{t("recordings.help")}</span>}
        </PickBar>
        <Table rows={files} idOf={(file) => file.id} nameOf={(file) => `${cameraOf(file)}, ${until(file)}`} picks={lockable ? picks : undefined} columns={columnsOf(lockable ? (file, locked) => void lock([file], locked) : null, may(me, "download"))} middle />
      </PagedList>
    </Page>
  );
}

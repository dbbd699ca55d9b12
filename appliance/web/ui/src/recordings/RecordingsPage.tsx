/** The list of recordings: files with time, size, kinds and lock; play, lock, unlock, export (D1-PB-33). */
import { Button, Checkbox, MultiSelect, Select, Switch, TextInput } from "@mantine/core";
import { IconFileDescription, IconFileExport, IconLock, IconLockOpen, IconPlayerPlay } from "@tabler/icons-react";
import { useState, type CSSProperties } from "react";
import { words } from "../api/http";
import { has, t } from "../i18n";
import { clock, size } from "../i18n/format";
import { navigate, usePlace } from "../router/router";
import { box, channelOf } from "../state/box";
import { may, session } from "../state/session";
import { useSelect, useStore } from "../state/store";
import { clearFilters, setFilter } from "../tags/filters";
import { usePicks } from "../tags/picks";
import { SearchViews } from "../tags/SearchViews";
import styles from "../tags/tags.module.css";
import { date, dateTime, time } from "../time/format";
import { inputOfInstant, instantOfInput } from "../time/input";
import { KINDS, shownKind } from "../timebar/kinds";
import { confirm } from "../ui/confirm";
import { Empty, FaultNote, Page, Waiting } from "../ui/parts";
import table from "../ui/table.module.css";
import { say } from "../ui/toast";
import { useResource } from "../ui/useResource";
import { exportLink, findRecordings, setLocked, type Recording } from "./api";

const PAGE = 100;
const STREAMS = ["main", "sub", "third"] as const;
const KIND_NAMES = ["general", "motion", "intelligent", "pos", "alarm", "motion_and_alarm", "manual"] as const;
const ALL = "all";

const kindWord = (name: string): string => (has(`kind.${name}`) ? t(`kind.${name}` as "kind.general") : name);
const colourOf = (name: string): string => `var(${KINDS.find((kind) => kind.name === shownKind(name))?.colour ?? "--nvr-general"})`;

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

interface RowProps {
  file: Recording;
  lockable: boolean;
  exports: boolean;
  picked: boolean;
  pick: () => void;
  lock: (locked: boolean) => void;
}

function Row({ file, lockable, exports, picked, pick, lock }: RowProps) {
  const camera = t("channel.label", { id: String(file.channel), name: channelOf(file.channel)?.name ?? "" });
  return (
    <tr>
      {lockable && (
        <td className={styles.pick}>
          <Checkbox aria-label={t("tags.pick", { name: `${camera}, ${until(file)}` })} checked={picked} onChange={pick} />
        </td>
      )}
      <td className={table.name} dir="auto">
        {camera}
        {file.stream !== "main" && <div className="dim small">{t(`recordings.stream.${file.stream}`)}</div>}
      </td>
      <td title={t("recordings.file", { number: String(file.number), volume: file.volume })}>
        <time>{until(file)}</time>
        {file.open && <div className="dim small">{t("recordings.open")}</div>}
      </td>
      <td className="num">{clock((file.to - file.from) / 1000)}</td>
      <td className="num">{size(file.size)}</td>
      <td>
        <div className={styles.kinds}>
          {file.kinds.map((name) => (
            <span key={name} className={styles.kind} style={{ "--kind": colourOf(name) } as CSSProperties}>
              <i />
              {kindWord(name)}
            </span>
          ))}
        </div>
      </td>
      <td>
        {file.locked && (
          <span className={styles.lock}>
            <IconLock size={16} stroke={1.8} aria-hidden />
            {t("recordings.locked")}
          </span>
        )}
      </td>
      <td className={table.end}>
        <div className={styles.rowActs}>
          <Button variant="default" leftSection={<IconPlayerPlay size={16} aria-hidden />} onClick={() => void navigate(`/live?channel=${file.channel}&at=${file.from}`)}>
            {t("recordings.play")}
          </Button>
          {lockable && (
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
      </td>
    </tr>
  );
}

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
  const key = `${query.toString()} ${everyone}`;
  const [older, setOlder] = useState<{ key: string; files: Recording[]; next: string | null } | null>(null);
  const [moreFault, setMoreFault] = useState<string | null>(null);
  const [turn, setTurn] = useState(0);
  const shown = older?.key === key ? older.files.length : 0;
  const { data, fault, reload } = useResource(
    async (signal) => (filters.channels ? findRecordings(filters, PAGE, null, signal) : { recordings: [], next: null }),
    [key, turn],
  );
  const extra = shown > 0 ? older : null;
  const next = extra ? extra.next : data?.next;
  const seen = new Set<string>();
  const files = [...(data?.recordings ?? []), ...(extra?.files ?? [])].filter((file) => !seen.has(file.id) && seen.add(file.id));
  const picks = usePicks(files.map((file) => file.id));
  const picked = files.filter((file) => picks.has(file.id));

  const more = async (): Promise<void> => {
    setMoreFault(null);
    try {
      const answer = await findRecordings(filters, PAGE, next ?? null);
      setOlder({ key, files: [...(extra?.files ?? []), ...answer.recordings], next: answer.next });
    } catch (error) {
      setMoreFault(words(error));
    }
  };
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
    await again();
  };
  /** Load what is shown once more: a lock takes other files along. */
  const again = async (): Promise<void> => {
    let place = data?.next ?? null;
    const files: Recording[] = [];
    while (place !== null && files.length < shown) {
      const answer = await findRecordings(filters, PAGE, place).catch(() => null);
      if (!answer) break;
      files.push(...answer.recordings);
      place = answer.next;
    }
    if (shown > 0) setOlder({ key, files, next: place });
    setTurn((value) => value + 1);
  };

  const filtered = query.toString() !== "";
  return (
    <Page title={t("recordings.title")} wide actions={<SearchViews />}>
      <Filters query={query} />
      {fault && <FaultNote text={fault} retry={reload} />}
      {!data && !fault && <Waiting />}
      {data && files.length === 0 && (
        <Empty
          icon={<IconFileDescription size={40} stroke={1.2} aria-hidden />} title={t("recordings.none.title")} text={t(filtered ? "recordings.noneFiltered" : "recordings.none.text")}
          action={filtered && <Button variant="default" onClick={clearFilters}>{t("events.clearFilters")}</Button>}
        />
      )}
      {files.length > 0 && (
        <>
          <div className={styles.acts}>
            {lockable && <Checkbox label={t("tags.pickAll")} checked={picks.all} indeterminate={picks.some} onChange={picks.toggleAll} />}
            {picked.some((file) => !file.locked) && (
              <Button variant="default" leftSection={<IconLock size={16} aria-hidden />} onClick={() => void lock(picked.filter((file) => !file.locked), true)}>
                {t("recordings.lockMany", { n: picked.filter((file) => !file.locked).length })}
              </Button>
            )}
            {picked.some((file) => file.locked) && (
              <Button variant="default" leftSection={<IconLockOpen size={16} aria-hidden />} onClick={() => void lock(picked.filter((file) => file.locked), false)}>
                {t("recordings.unlockMany", { n: picked.filter((file) => file.locked).length })}
              </Button>
            )}
            {picked.length === 0 && <span className="dim small">{t("recordings.help")}</span>}
          </div>
          <div className={table.scroll}>
            <table className={`${table.table} ${table.cards} ${styles.list}`}>
              <thead>
                <tr>
                  {lockable && <th className={styles.pick} />}
                  <th scope="col">{t("tags.camera")}</th>
                  <th scope="col">{t("recordings.when")}</th>
                  <th scope="col">{t("recordings.length")}</th>
                  <th scope="col">{t("recordings.size")}</th>
                  <th scope="col">{t("recordings.kinds")}</th>
                  <th scope="col">{t("recordings.locked")}</th>
                  <th />
                </tr>
              </thead>
              <tbody>
                {files.map((file) => (
                  <Row key={file.id} file={file} lockable={lockable} exports={may(me, "download")} picked={picks.has(file.id)} pick={() => picks.toggle(file.id)} lock={(locked) => void lock([file], locked)} />
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
      {moreFault && <FaultNote text={moreFault} />}
      {next && (
        <div className={styles.more}>
          <Button variant="default" onClick={() => void more()}>{t("recordings.older")}</Button>
        </div>
      )}
    </Page>
  );
}

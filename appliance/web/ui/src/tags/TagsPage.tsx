/** The list of tags: search by camera, time and name; play, rename, delete one or many (D1-PB-34..36). */
import { ActionIcon, Button, Checkbox, MultiSelect, Select, TextInput } from "@mantine/core";
import { IconPencil, IconPlayerPlay, IconTag, IconTrash } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { words } from "../api/http";
import { t } from "../i18n";
import { ago } from "../i18n/format";
import { navigate, usePlace } from "../router/router";
import { box, channelOf } from "../state/box";
import { recall, remember } from "../state/remember";
import { may, session } from "../state/session";
import { useSelect, useStore } from "../state/store";
import { dateTime } from "../time/format";
import { inputOfInstant, instantOfInput } from "../time/input";
import { confirm } from "../ui/confirm";
import { Empty, FaultNote, Page, Waiting } from "../ui/parts";
import table from "../ui/table.module.css";
import { say } from "../ui/toast";
import { useNow } from "../ui/useNow";
import { useResource } from "../ui/useResource";
import { deleteTags, findTags, renameTag, whereToPlay, type Tag } from "./api";
import { clearFilters, setFilter } from "./filters";
import { NameField, useName } from "./NameField";
import { usePicks } from "./picks";
import { SearchViews } from "./SearchViews";
import styles from "./tags.module.css";

const PAGE = 100;
const TYPED_MS = 300;
/** Seconds before the tag to choose from (D1-PB-35). */
const BEFORE = [0, 2, 5, 10, 15, 20, 30, 45, 60] as const;

/** A filter that is typed: it is searched for once typing rests. */
function NameFilter({ value }: { value: string }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => setFilter("name", text.trim() || null), TYPED_MS);
    return () => clearTimeout(timer);
  }, [text, value]);
  return <TextInput label={t("tags.find")} value={text} maxLength={64} onChange={(event) => setText(event.currentTarget.value)} type="search" />;
}

function Filters({ query, before, setBefore }: { query: URLSearchParams; before: number; setBefore: (seconds: number) => void }) {
  const channels = useSelect(box, (state) => state.channels) ?? [];
  const chosen = query.get("channels")?.split(",").filter(Boolean) ?? [];
  const instant = (name: string): string => (query.get(name) ? inputOfInstant(Number(query.get(name))) : "");
  return (
    <div className={styles.filters}>
      <NameFilter value={query.get("name") ?? ""} />
      <MultiSelect label={t("tags.camera")} placeholder={chosen.length ? undefined : t("events.all")} value={chosen} onChange={(value) => setFilter("channels", value.join(","))} data={channels.map((channel) => ({ value: String(channel.id), label: t("channel.label", { id: String(channel.id), name: channel.name }) }))} searchable clearable />
      <TextInput className={styles.date} type="datetime-local" label={t("events.from")} value={instant("from")} onChange={(event) => setFilter("from", String(instantOfInput(event.currentTarget.value) ?? ""))} />
      <TextInput className={styles.date} type="datetime-local" label={t("events.to")} value={instant("to")} onChange={(event) => setFilter("to", String(instantOfInput(event.currentTarget.value) ?? ""))} />
      <Select label={t("tags.before")} value={String(before)} allowDeselect={false} onChange={(value) => setBefore(Number(value))} data={BEFORE.map((seconds) => ({ value: String(seconds), label: seconds === 0 ? t("tags.atOnce") : t("tags.beforeSeconds", { n: seconds }) }))} />
    </div>
  );
}

/** The name of a tag; a double click or the pencil makes it a field. */
function Name({ tag, writable }: { tag: Tag; writable: boolean }) {
  const [editing, setEditing] = useState(false);
  const name = useName(tag.name);
  const open = (): void => {
    if (!writable) return;
    name.set(tag.name);
    setEditing(true);
  };
  const save = async (): Promise<void> => {
    if (name.wrong || name.busy) return;
    if (name.text.trim() !== tag.name && !(await name.send(() => renameTag(tag.id, name.text)))) return;
    setEditing(false);
  };
  if (editing) {
    return (
      <form
        className={styles.rename}
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
        onKeyDown={(event) => event.key === "Escape" && setEditing(false)}
      >
        <NameField name={name} label={t("tags.name")} />
        <Button type="submit" loading={name.busy} disabled={name.wrong !== null}>{t("tags.save")}</Button>
        <Button variant="default" onClick={() => setEditing(false)}>{t("action.cancel")}</Button>
      </form>
    );
  }
  return (
    <div className={styles.name} onDoubleClick={open}>
      <span className={table.name} dir="auto">{tag.name}</span>
      {writable && (
        <ActionIcon variant="subtle" size={40} aria-label={t("tags.renameOf", { name: tag.name })} title={t("tags.rename")} onClick={open}>
          <IconPencil size={18} stroke={1.6} aria-hidden />
        </ActionIcon>
      )}
    </div>
  );
}

async function play(tag: Tag, before: number): Promise<void> {
  try {
    const { channel, at, recorded } = await whereToPlay(tag.id, before);
    if (!recorded) say(t("tags.noFootage"));
    await navigate(`/live?channel=${channel}&at=${at}`);
  } catch (error) {
    say(words(error), { bad: true });
  }
}

export function TagsPage() {
  const { query } = usePlace();
  const key = query.toString();
  const filters = { channels: query.get("channels"), from: query.get("from"), to: query.get("to"), name: query.get("name") };
  const news = useSelect(box, (state) => state.tagNews);
  const me = useStore(session);
  const writable = may(me, "tag");
  const now = useNow(5000);
  const [before, setBefore] = useState(() => recall("tags.before", 5));
  const [older, setOlder] = useState<{ key: string; tags: Tag[]; next: string | null } | null>(null);
  const [moreFault, setMoreFault] = useState<string | null>(null);
  const { data, fault, reload } = useResource((signal) => findTags(filters, PAGE, null, signal), [key]);
  const listed = useRef(news);
  useEffect(() => {
    if (news === listed.current) return;
    listed.current = news;
    setOlder(null);
    reload();
  }, [news, reload]);

  const extra = older?.key === key ? older : null;
  const next = extra ? extra.next : data?.next;
  const seen = new Set<string>();
  const tags = [...(data?.tags ?? []), ...(extra?.tags ?? [])].filter((tag) => !seen.has(tag.id) && seen.add(tag.id));
  const picks = usePicks(tags.map((tag) => tag.id));
  const more = async (): Promise<void> => {
    setMoreFault(null);
    try {
      const answer = await findTags(filters, PAGE, next ?? null);
      setOlder({ key, tags: [...(extra?.tags ?? []), ...answer.tags], next: answer.next });
    } catch (error) {
      setMoreFault(words(error));
    }
  };
  const remove = async (): Promise<void> => {
    const { ids } = picks;
    if (!(await confirm({ title: t("tags.deleteTitle", { n: ids.length }), text: t("tags.deleteText"), yes: t("tags.delete", { n: ids.length }), danger: true }))) return;
    try {
      say(t("tags.deleted", { n: await deleteTags(ids) }));
      picks.clear();
    } catch (error) {
      say(words(error), { bad: true });
    }
    setOlder(null);
    reload();
  };
  const changeBefore = (seconds: number): void => {
    setBefore(seconds);
    remember("tags.before", seconds);
  };

  return (
    <Page title={t("tags.title")} wide actions={<SearchViews />}>
      <Filters query={query} before={before} setBefore={changeBefore} />
      {fault && <FaultNote text={fault} retry={reload} />}
      {!data && !fault && <Waiting />}
      {data && tags.length === 0 && (
        <Empty
          icon={<IconTag size={40} stroke={1.2} aria-hidden />} title={t("tags.none.title")} text={t(key ? "tags.noneFiltered" : "tags.none.text")}
          action={key && <Button variant="default" onClick={clearFilters}>{t("events.clearFilters")}</Button>}
        />
      )}
      {tags.length > 0 && (
        <>
          {writable && (
            <div className={styles.acts}>
              <Checkbox label={t("tags.pickAll")} checked={picks.all} indeterminate={picks.some} onChange={picks.toggleAll} />
              {picks.ids.length > 0 && (
                <Button variant="default" leftSection={<IconTrash size={16} aria-hidden />} onClick={() => void remove()}>
                  {t("tags.delete", { n: picks.ids.length })}
                </Button>
              )}
            </div>
          )}
          <div className={table.scroll}>
            <table className={`${table.table} ${table.cards} ${styles.list}`}>
              <thead>
                <tr>
                  {writable && <th className={styles.pick} />}
                  <th scope="col">{t("tags.name")}</th>
                  <th scope="col">{t("tags.when")}</th>
                  <th scope="col">{t("tags.camera")}</th>
                  <th scope="col">{t("tags.author")}</th>
                  <th />
                </tr>
              </thead>
              <tbody>
                {tags.map((tag) => (
                  <tr key={tag.id}>
                    {writable && (
                      <td className={styles.pick}>
                        <Checkbox aria-label={t("tags.pick", { name: tag.name })} checked={picks.has(tag.id)} onChange={() => picks.toggle(tag.id)} />
                      </td>
                    )}
                    <td><Name tag={tag} writable={writable} /></td>
                    <td className={table.nowrap}>
                      <time>{dateTime(tag.at)}</time>
                      <div className="dim small">{ago(tag.at, now)}</div>
                    </td>
                    <td>{t("channel.label", { id: String(tag.channel), name: channelOf(tag.channel)?.name ?? "" })}</td>
                    <td dir="auto">{tag.author}</td>
                    <td className={table.end}>
                      <Button variant="default" leftSection={<IconPlayerPlay size={16} aria-hidden />} onClick={() => void play(tag, before)}>
                        {t("tags.play")}
                      </Button>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
      {moreFault && <FaultNote text={moreFault} />}
      {next && (
        <div className={styles.more}>
          <Button variant="default" onClick={() => void more()}>{t("tags.older")}</Button>
        </div>
      )}
    </Page>
  );
}

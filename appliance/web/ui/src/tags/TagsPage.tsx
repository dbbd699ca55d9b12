/** The list of tags: search by camera, time and name; play, rename, delete one or many (D1-PB-34..36). */
import { ActionIcon, Button, MultiSelect, Select, TextInput } from "@mantine/core";
import { IconPencil, IconPlayerPlay, IconTag, IconTrash } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { words } from "../api/http";
import { t } from "../i18n";
import { ago, span } from "../i18n/format";
import { navigate, usePlace } from "../router/router";
import { box, channelOf } from "../state/box";
import { recall, remember } from "../state/remember";
import { may, session } from "../state/session";
import { useSelect, useStore } from "../state/store";
import { dateTime } from "../time/format";
import { inputOfInstant, instantOfInput } from "../time/input";
import { confirm } from "../ui/confirm";
import { PagedList } from "../ui/PagedList";
import { Empty, Page } from "../ui/parts";
import { PickBar, Table, type Column } from "../ui/Table";
import { say } from "../ui/toast";
import { useNow } from "../ui/useNow";
import { usePages } from "../ui/usePages";
import { usePicks } from "../ui/usePicks";
import { deleteTags, findTags, renameTag, whereToPlay, type Tag } from "./api";
import { clearFilters, setFilter } from "./filters";
import { NameField, useName } from "./NameField";
import { SearchViews } from "./SearchViews";
import styles from "./tags.module.css";

const PAGE = 100;
const TYPED_MS = 300;
/** The box removes a tag so long after its footage was gone. */
const KEPT_MS = 86_400_000;
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
      <span dir="auto">{tag.name}</span>
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

const columnsOf = (writable: boolean, before: number, now: number): Column<Tag>[] => [
  {
    title: t("tags.name"), name: true, cell: (tag) => (
      <>
        <Name tag={tag} writable={writable} />
        {tag.gone !== null && <div className={styles.gone}>{t("tags.gone", { left: span(Math.max(0, tag.gone + KEPT_MS - now) / 1000) })}</div>}
      </>
    ),
  },
  {
    title: t("tags.when"), nowrap: true, plain: true, cell: (tag) => (
      <div>
        <time>{dateTime(tag.at)}</time>
        <div className="dim small">{ago(tag.at, now)}</div>
      </div>
    ),
  },
  { title: t("tags.camera"), plain: true, cell: (tag) => t("channel.label", { id: String(tag.channel), name: channelOf(tag.channel)?.name ?? "" }) },
  { title: t("tags.author"), cell: (tag) => tag.author && <span dir="auto">{tag.author}</span> },
  {
    title: "", end: true, cell: (tag) => (
      <Button variant="default" leftSection={<IconPlayerPlay size={16} aria-hidden />} disabled={tag.gone !== null} onClick={() => void play(tag, before)}>
        {t("tags.play")}
      </Button>
    ),
  },
];

export function TagsPage() {
  const { query } = usePlace();
  const key = query.toString();
  const filters = { channels: query.get("channels"), from: query.get("from"), to: query.get("to"), name: query.get("name") };
  const news = useSelect(box, (state) => state.tagNews);
  const me = useStore(session);
  const writable = may(me, "tag");
  const now = useNow(5000);
  const [before, setBefore] = useState(() => recall("tags.before", 5));
  const pages = usePages(
    async (after, signal) => {
      const found = await findTags(filters, PAGE, after, signal);
      return { rows: found.tags, next: found.next };
    },
    (tag) => tag.id, key,
  );
  const { again } = pages;
  const listed = useRef(news);
  useEffect(() => {
    if (news === listed.current) return;
    listed.current = news;
    void again();
  }, [news, again]);

  const tags = pages.rows;
  const picks = usePicks(tags.map((tag) => tag.id));
  const remove = async (): Promise<void> => {
    const { ids } = picks;
    if (!(await confirm({ title: t("tags.deleteTitle", { n: ids.length }), text: t("tags.deleteText"), yes: t("tags.delete", { n: ids.length }), danger: true }))) return;
    try {
      say(t("tags.deleted", { n: await deleteTags(ids) }));
      picks.clear();
    } catch (error) {
      say(words(error), { bad: true });
    }
    await again();
  };
  const changeBefore = (seconds: number): void => {
    setBefore(seconds);
    remember("tags.before", seconds);
  };

  return (
    <Page title={t("tags.title")} wide actions={<SearchViews />}>
      <Filters query={query} before={before} setBefore={changeBefore} />
      <PagedList
        pages={pages} more={t("tags.older")}
        empty={
          <Empty
            icon={<IconTag size={40} stroke={1.2} aria-hidden />} title={t("tags.none.title")} text={t(key ? "tags.noneFiltered" : "tags.none.text")}
            action={key && <Button variant="default" onClick={clearFilters}>{t("events.clearFilters")}</Button>}
          />
        }
      >
        {writable && (
          <PickBar picks={picks}>
            {picks.ids.length > 0 && (
              <Button variant="default" leftSection={<IconTrash size={16} aria-hidden />} onClick={() => void remove()}>
                {t("tags.delete", { n: picks.ids.length })}
              </Button>
            )}
          </PickBar>
        )}
        <Table rows={tags} idOf={(tag) => tag.id} nameOf={(tag) => tag.name} picks={writable ? picks : undefined} columns={columnsOf(writable, before, now)} middle />
        <p className={`dim small ${styles.help}`}>{t("tags.keptHelp")}</p>
      </PagedList>
    </Page>
  );
}

/** One settings page: its own fields, and the entries of its list. */
import { Button, Checkbox, Modal, Select, Switch } from "@mantine/core";
import { IconChevronDown, IconPlus } from "@tabler/icons-react";
import { lazy, Suspense, useMemo, useState, type ComponentType } from "react";
import { ApiError, words } from "../api/http";
import { t } from "../i18n";
import { useQuery } from "../router/router";
import { box } from "../state/box";
import { useSelect } from "../state/store";
import { confirm } from "../ui/confirm";
import { Empty, FaultNote, Waiting } from "../ui/parts";
import { say } from "../ui/toast";
import { Table, type Column } from "../ui/Table";
import ui from "../ui/ui.module.css";
import { useResource } from "../ui/useResource";
import { Actions } from "./Actions";
import { add, change, copyTo, entriesOf, loadPage, remove, type CollectionForm, type FieldForm, type PageData, type Values } from "./api";
import { defaults, fieldsOf } from "./draft";
import { Form } from "./Form";
import styles from "./settings.module.css";
import { askToLeave, useForm } from "./useForm";
import { entryName, entryTitle, inSentence, valueWords } from "./words";

const NONE: readonly string[] = [];

/** What stands above the fields of some pages: tables of their own, and what is going on. */
const PANELS: Readonly<Record<string, ComponentType>> = {
  services: lazy(async () => ({ default: (await import("../security/ServicesPanel")).ServicesPanel })),
  firewall: lazy(async () => ({ default: (await import("../security/FirewallPanel")).FirewallPanel })),
  certificates: lazy(async () => ({ default: (await import("../security/CertificatesPanel")).CertificatesPanel })),
};

/** Asks before changes that may cut off whoever makes them. */
async function sendPage(page: string, changes: Values, etag: string): Promise<void> {
  if (page === "firewall" && !(await (await import("../security/FirewallPanel")).mayApply(changes))) throw new ApiError(0, "left", t("firewall.notApplied"));
  await change(page, undefined, changes, etag);
}

export function PageEditor({ page }: { page: string }) {
  const news = useSelect(box, (state) => state.settingsNews[page] ?? 0);
  const { data, fault, reload } = useResource((signal) => loadPage(page, signal), [page, news]);
  if (!data) return fault ? <FaultNote text={fault} retry={reload} /> : <Waiting />;
  const Panel = PANELS[page];
  return (
    <>
      <h1>{data.ui.title}</h1>
      {data.ui.help && <p className={styles.lead}>{data.ui.help}</p>}
      {Panel && <Suspense fallback={<Waiting />}><Panel /></Suspense>}
      {data.ui.collection?.follows ? (
        <Following page={page} data={data} collection={data.ui.collection} reload={reload} />
      ) : (
        data.ui.collection && (data.ui.collection.columns?.length
          ? <Records page={page} data={data} collection={data.ui.collection} reload={reload} />
          : <Entries page={page} data={data} collection={data.ui.collection} reload={reload} />)
      )}
      {data.ui.sections.length > 0 && <OwnFields page={page} data={data} reload={reload} />}
      {data.ui.actions && <Actions actions={data.ui.actions} capabilities={data.capabilities ?? []} />}
    </>
  );
}

/** The fields of the page itself, without its list. */
export function OwnFields({ page, data, reload }: { page: string; data: PageData; reload: () => void }) {
  const fields = useMemo(() => fieldsOf(data.ui.sections), [data]);
  const form = useForm({ base: data.values, fields, reload, send: (changes) => sendPage(page, changes, data.etag) });
  return <Form sections={data.ui.sections} base={data.values} form={form} lit={useQuery("field")} capabilities={data.capabilities ?? NONE} onApplied={() => {
    say(t("settings.applied"));
    reload();
  }} />;
}

interface EntryProps {
  page: string;
  data: PageData;
  collection: CollectionForm;
  reload: () => void;
}

function EntryForm({ page, data, collection, reload, entry, removable, extra }: EntryProps & { entry: Values; removable: boolean; extra?: React.ReactNode }) {
  const fields = useMemo(() => fieldsOf(collection.sections), [collection]);
  const id = entry["id"];
  const form = useForm({
    base: entry, fields, reload,
    send: (changes) => change(page, id, changes, data.item_etags[String(id)] ?? data.etag),
  });
  const channel = collection.follows === "channels" ? Number(id) : null;
  const name = entryName(collection, entry);
  const drop = async (): Promise<void> => {
    if (!(await confirm({ title: t("settings.removeTitle", { name }), text: t("settings.removeText"), yes: t("settings.remove", { item: name }), danger: true }))) return;
    try {
      await remove(page, id);
      form.discard();
      reload();
    } catch (error) {
      say(words(error), { bad: true });
    }
  };
  const buttons = (
    <>
      {extra}
      {removable && (
        <Button variant="subtle" color="red" className="danger" onClick={() => void drop()}>
          {t("settings.remove", { item: inSentence(collection.item_title) })}
        </Button>
      )}
    </>
  );
  return <Form sections={collection.sections} base={entry} form={form} lit={useQuery("field")} channel={channel} capabilities={data.capabilities ?? NONE} extra={buttons} onApplied={() => {
    say(t("settings.applied"));
    reload();
  }} />;
}

function NewEntry({ page, data, collection, done }: { page: string; data: PageData; collection: CollectionForm; done: (added: boolean) => void }) {
  const fields = useMemo(() => fieldsOf(collection.sections), [collection]);
  const base = useMemo(() => defaults(fields), [fields]);
  const form = useForm({
    base, fields, fresh: true,
    send: async (values) => {
      await add(page, values);
    },
  });
  return (
    <Form
      sections={collection.sections} base={base} form={form} fresh capabilities={data.capabilities ?? NONE} applyText={t("settings.add", { item: inSentence(collection.item_title) })} onApplied={() => done(true)}
      extra={<Button variant="default" onClick={() => done(false)}>{t("action.cancel")}</Button>}
    />
  );
}

/** Entries that are added and removed here, such as volumes: folded, one form each. */
function Entries({ page, data, collection, reload }: EntryProps) {
  const entries = entriesOf(data);
  const [open, setOpen] = useState<unknown>(entries.length === 1 ? entries[0]!["id"] : null);
  const [adding, setAdding] = useState(useQuery("add") !== null);
  return (
    <div className={styles.entries}>
      {entries.length === 0 && !adding && <p className="dim">{t("settings.none.text")}</p>}
      {entries.map((entry) => {
        const id = entry["id"];
        const name = entryName(collection, entry);
        return (
          <div key={String(id)} className={styles.entry}>
            <div className={styles.entryHead}>
              <button type="button" className={styles.sectionTitle} aria-expanded={open === id} onClick={() => setOpen(open === id ? null : id)}>
                <IconChevronDown size={18} aria-hidden />
                <h2>{name}</h2>
                <span className="dim small">{String(entry["path"] ?? "")}</span>
              </button>
            </div>
            {open === id && <EntryForm page={page} data={data} collection={collection} reload={reload} entry={entry} removable={!collection.fixed} />}
          </div>
        );
      })}
      {adding ? (
        <div className={styles.entry}>
          <NewEntry page={page} data={data} collection={collection} done={(added) => {
            setAdding(false);
            if (added) reload();
          }} />
        </div>
      ) : (
        !collection.fixed && entries.length < collection.capacity && (
          <div>
            <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setAdding(true)}>
              {t("settings.add", { item: inSentence(collection.item_title) })}
            </Button>
          </div>
        )
      )}
    </div>
  );
}

interface RecordActs {
  open: unknown;
  choose: (id: unknown) => void;
  flip: (entry: Values, name: string) => void;
}

function columnsOf(fields: readonly FieldForm[], collection: CollectionForm, acts: RecordActs): Column<Values>[] {
  const nameOf = (entry: Values): string => entryName(collection, entry);
  const shown = (collection.columns ?? []).flatMap((name) => fields.find((field) => field.name === name) ?? []);
  const columns = shown.map((field, place): Column<Values> => ({
    title: field.title, name: place === 0,
    cell: (entry) => {
      if (field.widget === "switch") return <Switch aria-label={t("table.switch", { title: field.title, name: nameOf(entry) })} checked={entry[field.name] === true} onChange={() => acts.flip(entry, field.name)} />;
      if (place === 0) return field.name === "id" ? entryTitle(collection, entry["id"]) : nameOf(entry);
      if (entry[field.name] === "" && !field.empty_title) return <span className="dim">{t("table.none")}</span>;
      return valueWords(field, entry[field.name]);
    },
  }));
  return [...columns, { title: "", end: true, cell: (entry) => <Button variant="default" aria-expanded={acts.open === entry["id"]} onClick={() => acts.choose(entry["id"])}>{t("table.edit")}</Button> }];
}

/** Entries as a table, one form open at a time: records such as holidays. */
function Records({ page, data, collection, reload }: EntryProps) {
  const entries = entriesOf(data);
  const fields = fieldsOf(collection.sections);
  const [open, setOpen] = useState<unknown>(null);
  const [adding, setAdding] = useState(useQuery("add") !== null);
  const choose = async (id: unknown): Promise<void> => {
    if (document.querySelector("[data-changed]") && !(await askToLeave())) return;
    setAdding(id === "new");
    setOpen(id === open || id === "new" ? null : id);
  };
  const flip = async (entry: Values, name: string): Promise<void> => {
    try {
      await change(page, entry["id"], { [name]: entry[name] !== true }, data.item_etags[String(entry["id"])]);
    } catch (error) {
      say(words(error), { bad: true });
    }
    reload();
  };
  return (
    <div className={styles.entries}>
      {entries.length === 0 && !adding && <p className="dim">{t("settings.none.text")}</p>}
      {entries.length > 0 && <Table rows={entries} idOf={(entry) => String(entry["id"])} columns={columnsOf(fields, collection, { open, choose: (id) => void choose(id), flip: (entry, name) => void flip(entry, name) })} middle />}
      {entries.filter((entry) => entry["id"] === open).map((entry) => (
        <div key={String(entry["id"])} className={styles.entry}>
          <EntryForm page={page} data={data} collection={collection} reload={reload} entry={entry} removable={!collection.fixed} />
        </div>
      ))}
      {adding ? (
        <div className={styles.entry}>
          <NewEntry page={page} data={data} collection={collection} done={(added) => {
            setAdding(false);
            if (added) reload();
          }} />
        </div>
      ) : !collection.fixed && entries.length < collection.capacity && (
        <div>
          <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => void choose("new")}>{t("settings.add", { item: inSentence(collection.item_title) })}</Button>
        </div>
      )}
    </div>
  );
}

/** Entries that come and go with the cameras, such as record schedules: choose one, edit it, copy it. */
function Following({ page, data, collection, reload }: EntryProps) {
  const entries = entriesOf(data);
  const channels = useSelect(box, (state) => state.channels);
  const asked = useQuery("channel");
  const [chosen, setChosen] = useState<string | null>(asked);
  const [copying, setCopying] = useState(false);
  const label = (id: unknown): string => t("channel.label", { id: String(id), name: channels?.find((channel) => channel.id === id)?.name ?? "" });
  const entry = entries.find((candidate) => String(candidate["id"]) === chosen) ?? entries[0];
  if (!entry) return <Empty title={t("settings.none.title")} text={t("settings.noChannels")} />;
  const choose = async (id: string | null): Promise<void> => {
    // Changing the channel throws this form away: ask as if leaving.
    if (document.querySelector("[data-changed]") && !(await askToLeave())) return;
    setChosen(id);
  };
  return (
    <>
      <div className={styles.picker}>
        <Select label={t("settings.channel")} value={String(entry["id"])} onChange={(id) => void choose(id)} data={entries.map((candidate) => ({ value: String(candidate["id"]), label: label(candidate["id"]) }))} searchable={entries.length > 8} />
      </div>
      <EntryForm
        key={String(entry["id"])} page={page} data={data} collection={collection} reload={reload} entry={entry} removable={false}
        extra={entries.length > 1 && <Button variant="subtle" className="quiet" onClick={() => setCopying(true)}>{t("settings.copyTo")}</Button>}
      />
      {copying && <CopyDialog page={page} entry={entry} others={entries.filter((candidate) => candidate !== entry).map((candidate) => ({ id: candidate["id"] as number, label: label(candidate["id"]) }))} close={(done) => {
        setCopying(false);
        if (done) reload();
      }} />}
    </>
  );
}

function CopyDialog({ page, entry, others, close }: { page: string; entry: Values; others: { id: number; label: string }[]; close: (done: boolean) => void }) {
  const [to, setTo] = useState<number[]>(others.map((other) => other.id));
  const copy = async (): Promise<void> => {
    try {
      await copyTo(page, entry["id"], to);
      say(t("settings.copied", { n: to.length }));
      close(true);
    } catch (error) {
      say(words(error), { bad: true });
    }
  };
  return (
    <Modal opened onClose={() => close(false)} title={t("settings.copyTitle")} closeButtonProps={{ "aria-label": t("action.close") }}>
      <div className={ui.checks}>
        {others.map((other) => (
          <Checkbox key={other.id} label={other.label} checked={to.includes(other.id)} onChange={(event) => setTo(event.currentTarget.checked ? [...to, other.id] : to.filter((id) => id !== other.id))} />
        ))}
      </div>
      <div className={ui.actions}>
        <Button variant="default" onClick={() => close(false)}>
          {t("action.cancel")}
        </Button>
        <Button disabled={to.length === 0} onClick={() => void copy()}>
          {t("settings.copyDo", { n: to.length })}
        </Button>
      </div>
    </Modal>
  );
}

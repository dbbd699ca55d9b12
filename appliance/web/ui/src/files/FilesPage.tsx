/** Films on a USB stick or another mounted place: found folder by folder, played in the page (D1-PB-11). */
import { Breadcrumbs, Button, Select, TextInput } from "@mantine/core";
import { IconFileZip, IconFolder, IconMovie, IconPlayerPlay, IconShieldCheck, IconUsb } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { words } from "../api/http";
import { t } from "../i18n";
import { size } from "../i18n/format";
import { startJob, type Job } from "../jobs/api";
import { isOver, jobs, loadJobs, takeJob } from "../jobs/state";
import { levelOfJob, stateOfJob } from "../jobs/words";
import { usePlace } from "../router/router";
import { may, session } from "../state/session";
import { useStore } from "../state/store";
import { setFilters } from "../tags/filters";
import { SearchViews } from "../tags/SearchViews";
import { dateTime } from "../time/format";
import { Empty, FaultNote, Mark, Page, Waiting } from "../ui/parts";
import { Table, type Column } from "../ui/Table";
import { say } from "../ui/toast";
import { useResource } from "../ui/useResource";
import { listFiles, type FileEntry } from "./api";
import { FilmPlayer } from "./FilmPlayer";
import styles from "./files.module.css";

const ICONS = { folder: IconFolder, film: IconMovie, archive: IconFileZip } as const;
const below = (path: string, name: string): string => (path ? `${path}/${name}` : name);
const kindOf = (entry: FileEntry): string => t(entry.export ? "files.kind.export" : `files.kind.${entry.kind}`);

function open(place: string, path: string, entry: FileEntry): void {
  const whole = below(path, entry.name);
  setFilters(entry.kind === "film" ? { place, film: whole } : { place, path: whole, film: null }, { push: true });
}

const columnsOf = (place: string, path: string): Column<FileEntry>[] => [
  {
    title: t("files.name"), name: true, cell: (entry) => {
      const Icon = ICONS[entry.kind];
      return (
        <span className={styles.entry}>
          <Icon size={20} stroke={1.6} aria-hidden />
          {entry.name}
        </span>
      );
    },
  },
  { title: t("files.kind"), plain: true, cell: kindOf },
  { title: t("files.size"), className: "num", cell: (entry) => (entry.kind === "folder" ? "" : size(entry.size)) },
  { title: t("files.modified"), nowrap: true, cell: (entry) => dateTime(entry.modified) },
  {
    title: "", end: true, cell: (entry) => (
      <Button
        variant="default" leftSection={entry.kind === "film" ? <IconPlayerPlay size={16} aria-hidden /> : undefined} onClick={() => open(place, path, entry)}
        aria-label={t(entry.kind === "film" ? "files.play" : "files.open", { name: entry.name })}
      >
        {t(entry.kind === "film" ? "files.playButton" : "files.openButton")}
      </Button>
    ),
  },
];

/** What verifying says of an export; it is a job, since all of it has to be read. */
function Verify({ place, name }: { place: string; name: string }) {
  const list = useStore(jobs).jobs;
  const [mine, setMine] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [key, setKey] = useState("");
  const job = list?.find((other) => other.id === mine);
  const start = async (): Promise<void> => {
    setBusy(true);
    try {
      const begun: Job = await startJob({ kind: "verify_export", place, name, ...(key.trim() && { key: key.trim() }) });
      takeJob(begun);
      setMine(begun.id);
    } catch (error) {
      say(words(error), { bad: true });
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      className={styles.verify}
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      <p>{t("files.isExport")}</p>
      {(!job || isOver(job)) && (
        <>
          <TextInput className={styles.key ?? ""} label={t("files.key")} description={t("files.keyHelp")} value={key} maxLength={200} spellCheck={false} autoComplete="off" onChange={(event) => setKey(event.currentTarget.value)} />
          <Button type="submit" variant="default" loading={busy} leftSection={<IconShieldCheck size={16} aria-hidden />}>
            {t("files.verify")}
          </Button>
        </>
      )}
      {job && (
        <div role="status">
          <Mark level={levelOfJob(job)}>
            <span style={{ whiteSpace: "normal" }} dir="auto">{isOver(job) ? job.text : t("files.verifying", { state: stateOfJob(job) })}</span>
          </Mark>
        </div>
      )}
    </form>
  );
}

/** The folders on the way, each to be gone back to. */
function Way({ root, path }: { root: string; path: string }) {
  const parts = path.split("/").filter(Boolean);
  return (
    <nav aria-label={t("files.path")}>
      <Breadcrumbs className={styles.way ?? ""}>
        {[root, ...parts].map((name, i) =>
          i === parts.length ? (
            <bdi key={`${i}/${name}`} className={styles.here} aria-current="location">{name}</bdi>
          ) : (
            <Button key={`${i}/${name}`} variant="subtle" onClick={() => setFilters({ path: parts.slice(0, i).join("/"), film: null }, { push: true })}>
              <bdi>{name}</bdi>
            </Button>
          ),
        )}
      </Breadcrumbs>
    </nav>
  );
}

function Contents({ place, path }: { place: string; path: string }) {
  const me = useStore(session);
  const { data, fault, reload } = useResource((signal) => listFiles(place, path, signal), [place, path]);
  if (fault) return <FaultNote text={fault} retry={reload} />;
  if (!data) return <Waiting />;
  return (
    <>
      {data.export && path && may(me, "download") && <Verify key={`${place}/${path}`} place={place} name={path} />}
      {data.entries.length === 0 ? (
        <Empty icon={<IconFolder size={40} stroke={1.2} aria-hidden />} title={t("files.empty.title")} text={t("files.empty.text")} />
      ) : (
        <Table rows={data.entries} idOf={(entry) => entry.name} columns={columnsOf(place, path)} middle />
      )}
      {data.more && <p className="dim">{t("files.more")}</p>}
    </>
  );
}

export function FilesPage() {
  const { query } = usePlace();
  const { places, fault } = useStore(jobs);
  useEffect(() => void loadJobs(), []);
  const top = useRef<HTMLDivElement>(null);
  const [path, film] = [query.get("path") ?? "", query.get("film")];
  const chosen = places?.find((place) => place.id === query.get("place")) ?? (film ? undefined : places?.[0]);
  /** A film that was playing when its stick was pulled is told so, not taken away. */
  const [last, setLast] = useState<{ id: string; name: string } | null>(null);
  useEffect(() => {
    if (chosen) setLast({ id: chosen.id, name: chosen.name });
  }, [chosen]);
  useEffect(() => {
    if (film) top.current?.scrollIntoView({ block: "nearest" });
  }, [film]);
  const id = chosen?.id ?? query.get("place") ?? last?.id ?? "";
  return (
    <Page title={t("files.title")} wide actions={<SearchViews />}>
      {fault && <FaultNote text={fault} retry={() => void loadJobs()} />}
      {places === null && !fault && <Waiting />}
      <div ref={top}>
        {film && places !== null && <FilmPlayer key={`${id}/${film}`} place={id} placeName={chosen?.name ?? last?.name ?? ""} path={film} here={chosen !== undefined} close={() => setFilters({ film: null })} />}
      </div>
      {places?.length === 0 && !film && <Empty icon={<IconUsb size={40} stroke={1.2} aria-hidden />} title={t("files.none.title")} text={t("files.none.text")} />}
      {chosen && places && (
        <>
          {places.length > 1 && (
            <Select
              className={styles.place ?? ""} label={t("files.place")} value={chosen.id} allowDeselect={false} data={places.map((place) => ({ value: place.id, label: place.name }))}
              onChange={(place) => setFilters({ place, path: null, film: null }, { push: true })}
            />
          )}
          <Way root={chosen.name} path={path} />
          <Contents key={chosen.id} place={chosen.id} path={path} />
        </>
      )}
    </Page>
  );
}

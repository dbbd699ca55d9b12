/** Search by record, by picture, or by sub-period: a stretch parted again and again (D1-PB-09). */
import { Button, MultiSelect, SegmentedControl, Select, TextInput } from "@mantine/core";
import { IconPhotoSearch, IconPlayerPlay } from "@tabler/icons-react";
import { get } from "../api/http";
import type { Span } from "../api/types";
import { t } from "../i18n";
import { clock } from "../i18n/format";
import { KindMarks, kindWord } from "../recordings/KindMarks";
import { exportLink } from "../recordings/api";
import { navigate, usePlace } from "../router/router";
import { box, channelOf } from "../state/box";
import { may, session } from "../state/session";
import { useSelect, useStore } from "../state/store";
import { setFilters } from "../tags/filters";
import { SearchViews } from "../tags/SearchViews";
import tagStyles from "../tags/tags.module.css";
import { date, dateTime, time } from "../time/format";
import { inputOfInstant, instantOfInput } from "../time/input";
import { KINDS, shownKind } from "../timebar/kinds";
import { onePerChannel, visible } from "../timebar/spans";
import { Empty, FaultNote, Page, Waiting } from "../ui/parts";
import { Table, type Column } from "../ui/Table";
import { useResource } from "../ui/useResource";
import styles from "./find.module.css";
import { PictureGrid, type Cell } from "./PictureGrid";
import { COUNTS, LEAST_MS, middleOf, partsOf, trailText, wishOf, WAYS, type FindWish, type Stretch } from "./wish";

/** Rows of records at most; of a stretch with more, the latest. */
const MOST = 500;
/** Stretches are told to the second; of months not finer than a 20,000th of them. */
const FINEST_MS = 1000;
const STEPS = 20_000;
/** Pictures begin this long before what is looked for. */
const BEFORE_MS = 2000;

const nameOf = (id: number): string => t("channel.label", { id: String(id), name: channelOf(id)?.name ?? "" });
const untilOf = ({ from, to }: Stretch): string => t("recordings.until", { from: dateTime(from), to: date(from) === date(to) ? time(to) : dateTime(to) });
const play = (channel: number, at: number): void => void navigate(`/live?channel=${channel}&at=${Math.round(at)}`);

function Filters({ wish }: { wish: FindWish }) {
  const channels = useSelect(box, (state) => state.channels) ?? [];
  const field = (name: "from" | "to") => (
    <TextInput
      className={tagStyles.date} type="datetime-local" step={1} label={t(name === "from" ? "events.from" : "events.to")} value={inputOfInstant(wish[name], true)}
      error={name === "to" && wish.to <= wish.from ? t("backup.order") : undefined}
      onChange={(event) => setFilters({ [name]: String(instantOfInput(event.currentTarget.value) ?? ""), trail: null })}
    />
  );
  return (
    <>
      <SegmentedControl
        className={styles.ways ?? ""} aria-label={t("find.by")} value={wish.by} onChange={(by) => setFilters({ by, n: null, trail: null })}
        data={WAYS.map((way) => ({ value: way, label: t(`find.by.${way}`) }))}
      />
      <p className="dim small">{t(`find.help.${wish.by}`)}</p>
      <div className={tagStyles.filters}>
        <Select
          label={t("tags.camera")} value={wish.channel === null ? null : String(wish.channel)} allowDeselect={false} searchable onChange={(channel) => setFilters({ channel })}
          data={channels.map((channel) => ({ value: String(channel.id), label: t("channel.label", { id: String(channel.id), name: channel.name }) }))}
        />
        {field("from")}
        {field("to")}
        {wish.by === "record" && (
          <MultiSelect
            label={t("recordings.kinds")} placeholder={wish.kinds.length ? undefined : t("events.all")} value={wish.kinds} clearable onChange={(kinds) => setFilters({ kinds: kinds.join(",") })}
            data={KINDS.map((kind) => ({ value: kind.name, label: kindWord(kind.name) }))}
          />
        )}
        {wish.by !== "record" && (
          <Select label={t(`find.count.${wish.by}`)} value={String(wish.n)} allowDeselect={false} onChange={(n) => setFilters({ n })} data={COUNTS[wish.by].map(String)} />
        )}
      </div>
    </>
  );
}

const columnsOf = (channel: number, exports: boolean): Column<Span>[] => [
  { title: t("recordings.when"), name: true, cell: (span) => <time>{untilOf(span)}</time> },
  { title: t("recordings.length"), className: "num", cell: (span) => clock((span.to - span.from) / 1000) },
  { title: t("recordings.kinds"), cell: (span) => <KindMarks kinds={[span.kind]} /> },
  {
    title: "", end: true, cell: (span) => (
      <div className={tagStyles.rowActs}>
        <Button variant="default" leftSection={<IconPlayerPlay size={16} aria-hidden />} onClick={() => play(channel, span.from)} aria-label={t("find.playOf", { when: dateTime(span.from) })}>
          {t("recordings.play")}
        </Button>
        {exports && (
          <Button variant="default" onClick={() => void navigate(exportLink({ channel, stream: "main", from: Math.floor(span.from), to: Math.ceil(span.to) }))}>
            {t("recordings.export")}
          </Button>
        )}
      </div>
    ),
  },
];

function Records({ channel, from, to, kinds }: { channel: number; kinds: readonly string[] } & Stretch) {
  const me = useStore(session);
  const { data, fault, reload } = useResource(
    async (signal) => visible(onePerChannel((await get<{ spans: Span[] }>("/timeline", { channels: channel, from, to, resolution: Math.max(FINEST_MS, Math.floor((to - from) / STEPS)) }, signal)).spans), []),
    [channel, from, to],
  );
  if (fault) return <FaultNote text={fault} retry={reload} />;
  if (!data) return <Waiting />;
  const rows = data.filter((span) => kinds.length === 0 || kinds.includes(shownKind(span.kind))).sort((a, b) => b.from - a.from);
  if (rows.length === 0) return <Nothing />;
  return (
    <>
      <Table rows={rows.slice(0, MOST)} idOf={(span) => `${span.from}/${span.kind}`} columns={columnsOf(channel, may(me, "download"))} middle />
      {rows.length > MOST && <p className="dim">{t("find.more", { n: rows.length - MOST })}</p>}
    </>
  );
}

const Nothing = () => <Empty icon={<IconPhotoSearch size={40} stroke={1.2} aria-hidden />} title={t("find.none.title")} text={t("find.none.text")} />;

function cellsOf(wish: FindWish, channel: number): Cell[] {
  return partsOf(wish, wish.n).map((part) => {
    const at = middleOf(part);
    const from = (): void => play(channel, at - BEFORE_MS);
    if (wish.by === "pictures") return { at, title: date(wish.from) === date(wish.to) ? time(at) : dateTime(at), label: t("find.playOf", { when: dateTime(at) }), open: from };
    const within = (): void => setFilters({ from: String(part.from), to: String(part.to), trail: trailText([...wish.trail, { from: wish.from, to: wish.to }]) }, { push: true });
    const short = part.to - part.from < LEAST_MS * 2;
    return {
      at, title: t("find.part", { from: time(part.from), to: time(part.to) }), label: t(short ? "find.playOf" : "find.partOf", { when: untilOf(part) }),
      open: short ? () => play(channel, part.from) : within, play: () => play(channel, part.from),
    };
  });
}

/** The stretches around the one that is shown: back to any of them. */
function Trail({ trail }: { trail: readonly Stretch[] }) {
  if (trail.length === 0) return null;
  return (
    <nav className={styles.trail} aria-label={t("find.trail")}>
      {trail.map((stretch, i) => (
        <Button key={`${stretch.from}-${stretch.to}`} variant="default" onClick={() => setFilters({ from: String(stretch.from), to: String(stretch.to), trail: trailText(trail.slice(0, i)) }, { push: true })}>
          {untilOf(stretch)}
        </Button>
      ))}
    </nav>
  );
}

export function FindPage() {
  const { query } = usePlace();
  const channels = useSelect(box, (state) => state.channels);
  if (!channels) return <Waiting />;
  const wish = wishOf(query, channels.map((channel) => channel.id));
  const { channel, from, to } = wish;
  return (
    <Page title={t("find.title")} wide actions={<SearchViews />}>
      <Filters wish={wish} />
      {wish.by === "parts" && <Trail trail={wish.trail} />}
      {channel === null && <Empty title={t("find.noCamera.title")} text={t("find.noCamera.text")} />}
      {channel !== null && to > from && wish.by === "record" && <Records channel={channel} from={from} to={to} kinds={wish.kinds} />}
      {channel !== null && to > from && wish.by !== "record" && (
        <>
          {wish.by === "parts" && (
            <Button className={styles.playAll ?? ""} variant="default" leftSection={<IconPlayerPlay size={16} aria-hidden />} onClick={() => play(channel, from)}>
              {t("find.playAll")}
            </Button>
          )}
          <PictureGrid channel={channel} cells={cellsOf(wish, channel)} label={t("find.grid", { camera: nameOf(channel), when: untilOf(wish) })} columns={wish.by === "parts" ? Math.sqrt(wish.n) : null} />
        </>
      )}
    </Page>
  );
}

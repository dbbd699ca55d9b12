/** What the box is doing, kept current by its feed, and by asking again while the feed is down. */
import { get, noticeClose } from "../api/http";
import type { Channel, NvrEvent, Status } from "../api/types";
import type { Job, Place } from "../jobs/api";
import { takeJob, takePlaces } from "../jobs/state";
import { habits } from "../time/habits";
import { setZone } from "../time/zone";
import { takeAppearance, type Scheme } from "./appearance";
import { may, recheck, session } from "./session";
import { Store } from "./store";

export interface BoxState {
  status: Status | null;
  channels: Channel[] | null;
  /** Newest first, at most 200. */
  events: NvrEvent[];
  /** Rises with every event that begins, changes or ends. */
  eventNews: number;
  /** Rises with every tag that is set, renamed or deleted. */
  tagNews: number;
  /** By page of the settings: rises with each change of it, also by somebody else. */
  settingsNews: Readonly<Record<string, number>>;
  /** When the box stopped answering, or null. */
  lostSince: number | null;
}

const NOTHING: BoxState = { status: null, channels: null, events: [], eventNews: 0, tagNews: 0, settingsNews: {}, lostSince: null };
export const box = new Store<BoxState>(NOTHING);

const ASK_MS = 5000;
const EVENTS_KEPT = 200;
let clockOffset = 0;
let socket: WebSocket | null = null;
let timer: ReturnType<typeof setTimeout> | null = null;
let running = false;
let fed = false;

/** Now by the box's clock, ms UTC: what is "2 min ago" must not depend on this computer's clock. */
export const boxNow = (): number => Date.now() + clockOffset;

export function takeStatus(status: Status): void {
  setZone(status.box.zone);
  const offset = status.box.time - Date.now();
  // Small differences are the way of the message; larger ones a clock that is off.
  if (Math.abs(offset - clockOffset) > 300) clockOffset = Math.abs(offset) < 300 ? 0 : offset;
  box.update({ status, lostSince: null });
}

export async function refreshChannels(): Promise<void> {
  takeChannels(await get<Channel[]>("/channels"));
}

/** Ask for the state of the box; all that the page shows of it is taken over at once, and after `before`, so that it is drawn once. */
export async function refresh(before: Promise<void> = Promise.resolve()): Promise<void> {
  const health = may(session.get(), "status") ? get<Status>("/status") : Promise.resolve(null);
  const [status, channels] = await Promise.allSettled([health, get<Channel[]>("/channels"), before]);
  const lost = status.status === "rejected" || channels.status === "rejected";
  if (status.status === "fulfilled" && status.value) takeStatus(status.value);
  if (channels.status === "fulfilled") takeChannels(channels.value);
  box.update({ lostSince: lost ? (box.get().lostSince ?? boxNow()) : null });
}

/** Start following the box; called after logging in. */
export function follow(): void {
  if (running) return;
  running = true;
  void begin();
}

/** The page is drawn with the habits of the box from the start; what is not on it at once is asked for after that. */
async function begin(): Promise<void> {
  await loop(askHabits());
  if (!running) return;
  askEvents();
  connect();
}

interface BoxHabits {
  clock: "24h" | "12h";
  week_start: "monday" | "sunday";
  date_format: string;
  instant_playback_minutes: number;
  channel_title: boolean;
  time_title: boolean;
  scheme: Scheme;
  language: string;
}

function askHabits(): Promise<void> {
  return get<BoxHabits>("/habits").then(
    (found) => {
      habits.set({
        clock: found.clock, weekStart: found.week_start, instantMinutes: found.instant_playback_minutes, dateFormat: found.date_format,
        channelTitle: found.channel_title, timeTitle: found.time_title,
      });
      takeAppearance(found.scheme, found.language);
    },
    () => {},
  );
}

function askEvents(): void {
  void get<{ events: NvrEvent[] }>("/events", { limit: 50 }).then((page) => box.update({ events: page.events, eventNews: box.get().eventNews + 1 }), () => {});
}

export function unfollow(): void {
  running = false;
  if (timer) clearTimeout(timer);
  socket?.close();
  socket = null;
  box.set(NOTHING);
}

async function loop(before?: Promise<void>): Promise<void> {
  await refresh(before);
  if (running) timer = setTimeout(() => void loop(), fed ? ASK_MS * 3 : ASK_MS);
}

function connect(): void {
  if (!running) return;
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const ws = new WebSocket(`${scheme}://${location.host}/api/v1/feed`);
  socket = ws;
  ws.onmessage = (event: MessageEvent<string>) => {
    fed = true;
    take(JSON.parse(event.data) as FeedMessage);
  };
  ws.onclose = (event) => {
    noticeClose(event);
    fed = false;
    if (socket === ws && running) setTimeout(connect, 3000);
  };
}

interface FeedMessage {
  topic: string;
  payload?: unknown;
}

function take(message: FeedMessage): void {
  const body = (message.payload ?? {}) as Record<string, unknown>;
  if (message.topic === "status") takeStatus(body as unknown as Status);
  else if (message.topic === "channel") mergeChannels((body["channels"] ?? []) as Partial<Channel>[]);
  else if (message.topic === "event") {
    const event = body["event"] as NvrEvent | undefined;
    if (event) takeEvent(event);
  } else if (message.topic === "tags") {
    box.update({ tagNews: box.get().tagNews + 1 });
  } else if (message.topic === "job") {
    takeJob(body as unknown as Job);
  } else if (message.topic === "places") {
    takePlaces((body["places"] ?? []) as Place[]);
  } else if (message.topic === "settings") {
    if (body["page"] === "channels") void refreshChannels().catch(() => {});
    if (body["page"] === "general" || body["page"] === "display") void askHabits();
    if (typeof body["page"] === "string") box.update({ settingsNews: { ...box.get().settingsNews, [body["page"]]: (box.get().settingsNews[body["page"]] ?? 0) + 1 } });
    if (body["page"] === "web") void recheck();
  } else if (message.topic === "away") {
    if (box.get().lostSince === null) box.update({ lostSince: boxNow() });
  } else if (message.topic === "missed") askEvents();
}

export function takeChannels(channels: Channel[]): void {
  box.update({ channels });
}

/** Take over what changed of known channels; an unknown one means the list itself changed. */
export function mergeChannels(changes: Partial<Channel>[]): void {
  const known = box.get().channels;
  if (!known) return;
  if (changes.some((change) => !known.some((channel) => channel.id === change.id))) {
    void refreshChannels().catch(() => {});
    return;
  }
  const byId = new Map(changes.map((change) => [change.id, change]));
  box.update({ channels: known.map((channel) => (byId.has(channel.id) ? { ...channel, ...byId.get(channel.id) } : channel)) });
}

export function takeEvent(event: NvrEvent): void {
  const rest = box.get().events.filter((old) => old.id !== event.id);
  const events = [event, ...rest].sort((a, b) => b.start - a.start).slice(0, EVENTS_KEPT);
  box.update({ events, eventNews: box.get().eventNews + 1 });
}

/** Display name of a channel: "D3 Back door". */
export function channelOf(id: number | null): Channel | undefined {
  return id === null ? undefined : box.get().channels?.find((channel) => channel.id === id);
}

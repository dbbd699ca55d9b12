/** Instant backup (D1-LV-23): the first press marks the start, the second saves the clip to a stick or folder of the box. */
import { words } from "../api/http";
import type { Channel } from "../api/types";
import { t } from "../i18n";
import { clock } from "../i18n/format";
import { startJob } from "../jobs/api";
import { jobs, takeJob } from "../jobs/state";
import { deck } from "../media/deck";
import { boxNow, channelOf } from "../state/box";
import { recall, remember } from "../state/remember";
import { session } from "../state/session";
import { Store } from "../state/store";
import { say } from "../ui/toast";
import { noPlaceWords } from "./pictures";
import { maySave, tellEnd, placeNow } from "./saveTo";
import { shownInstant } from "./screens";

export interface InstantMark {
  channel: number;
  /** ms UTC by the box's clock; `to` once it was stopped and could not be saved yet. */
  from: number;
  to: number | null;
  place: string;
  placeName: string;
  by: string;
}

const KEPT_MS = 24 * 3_600_000;
const SHORTEST_MS = 1000;

/** What the browser has kept; marks that nobody stopped within a day are let go. */
export function readMarks(kept: unknown, now: number): InstantMark[] {
  if (!Array.isArray(kept)) return [];
  return (kept as Partial<InstantMark>[]).filter(
    (mark): mark is InstantMark =>
      Number.isInteger(mark?.channel) && typeof mark.from === "number" && now - mark.from < KEPT_MS && (mark.to === null || typeof mark.to === "number") &&
      [mark.place, mark.placeName, mark.by].every((text) => typeof text === "string"),
  );
}

/** Kept over changes of the page and reloads; those of other people who use this browser are theirs. */
export const marks = new Store<readonly InstantMark[]>(readMarks(recall<unknown>("instant", []), Date.now()));
marks.subscribe(() => remember("instant", marks.get()));
const sending = new Set<number>();

export const mine = (all: readonly InstantMark[], user: string): InstantMark[] => all.filter((mark) => mark.by === user);
export const markOf = (channel: number): InstantMark | undefined => mine(marks.get(), session.get().user).find((mark) => mark.channel === channel);
export const lengthOf = (mark: InstantMark, now: number): string => clock(Math.max(0, ((mark.to ?? now) - mark.from) / 1000));

const without = (mark: InstantMark): InstantMark[] => marks.get().filter((other) => other.channel !== mark.channel || other.by !== mark.by);
const nameOf = (channel: number): string => t("channel.label", { id: String(channel), name: channelOf(channel)?.name ?? "" });

export function startInstant(channel: Channel): void {
  if (!maySave(channel.id) || markOf(channel.id)) return;
  if (deck.state.get().mode !== "live") return say(t("instant.liveOnly"), { bad: true });
  const place = placeNow();
  if (!place) return say(noPlaceWords(), { bad: true });
  if (!channel.recording) return say(t("instant.notRecording", { name: channel.name }), { bad: true });
  const from = Math.round(Math.min(shownInstant(channel.id), boxNow()));
  marks.set([...marks.get(), { channel: channel.id, from, to: null, place: place.id, placeName: place.name, by: session.get().user }]);
  say(t("instant.started", { name: channel.name, place: place.name }));
}

/** Save what was marked; what cannot be saved now stays, with its end, to be tried again. */
export async function stopInstant(channel: number): Promise<void> {
  const begun = markOf(channel);
  if (!begun || sending.has(channel)) return;
  const to = begun.to ?? Math.max(Math.round(boxNow()), begun.from + SHORTEST_MS);
  const mark = { ...begun, to };
  marks.set([...without(mark), mark]);
  const place = jobs.get().places?.find((candidate) => candidate.id === mark.place && candidate.writable);
  if (!place) return say(t("instant.gone", { place: mark.placeName }), { bad: true });
  sending.add(channel);
  try {
    const job = await startJob({ kind: "export_to_place", place: place.id, streams: [{ channel, stream: "main" }], from: mark.from, to, reason: t("instant.reason"), combine: false });
    marks.set(without(mark));
    takeJob(job);
    // What the stick did not take can be saved again, from the footage, as long as there is no newer mark.
    tellEnd(job, () => {
      if (!markOf(channel)) marks.set([...marks.get(), mark]);
    });
    say(t("instant.saving", { name: nameOf(channel), length: lengthOf(mark, to), place: place.name }));
  } catch (error) {
    say(words(error), { bad: true });
  } finally {
    sending.delete(channel);
  }
}

export function toggleInstant(channel: Channel): void {
  if (markOf(channel.id)) void stopInstant(channel.id);
  else startInstant(channel);
}

export function discardInstant(channel: number): void {
  const mark = markOf(channel);
  if (mark) marks.set(without(mark));
}

/** Whoever has an instant backup under way is told when its stick is pulled. */
let here: readonly string[] = [];
jobs.subscribe(() => {
  const places = jobs.get().places;
  if (places === null) return;
  const now = places.map((place) => place.id);
  const pulled = here.filter((id) => !now.includes(id));
  here = now;
  const mark = mine(marks.get(), session.get().user).find((candidate) => candidate.to === null && pulled.includes(candidate.place));
  if (mark) say(t("instant.pulled", { place: mark.placeName }), { bad: true });
});

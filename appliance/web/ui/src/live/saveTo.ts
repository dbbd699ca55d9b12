/** Where pictures and clips of the wall are saved at the box: stick, folder, how many; remembered by this browser. */
import type { Job, Place } from "../jobs/api";
import { isOver, jobs } from "../jobs/state";
import { recall, remember } from "../state/remember";
import { mayOn, may, session } from "../state/session";
import { Store } from "../state/store";
import { say } from "../ui/toast";

export interface SaveTo {
  /** Id of the place; null until one was used. */
  place: string | null;
  folder: string;
  /** Pictures at once (D1-LV-24). */
  count: number;
}

export const COUNTS: readonly number[] = [1, 2, 3, 4, 5];
const DEFAULT: SaveTo = { place: null, folder: "Snapshots", count: 1 };

/** What the browser has kept may be of another version. */
export function readSaveTo(kept: Partial<Record<keyof SaveTo, unknown>> | null): SaveTo {
  return {
    place: typeof kept?.place === "string" ? kept.place : DEFAULT.place,
    folder: typeof kept?.folder === "string" && kept.folder.trim() ? kept.folder : DEFAULT.folder,
    count: COUNTS.includes(kept?.count as number) ? (kept!.count as number) : DEFAULT.count,
  };
}

export const saveTo = new Store<SaveTo>(readSaveTo(recall("saveTo", null)));
saveTo.subscribe(() => remember("saveTo", saveTo.get()));

/** The place that is used: the chosen one; where that is not there or read-only, the first that can be written to. */
export function placeFor(places: readonly Place[] | null, chosen: string | null): Place | null {
  const writable = (places ?? []).filter((place) => place.writable);
  return writable.find((place) => place.id === chosen) ?? writable[0] ?? null;
}

/** The place that is used now; it is remembered if none was chosen yet. */
export function placeNow(): Place | null {
  const place = placeFor(jobs.get().places, saveTo.get().place);
  if (place && saveTo.get().place === null) saveTo.update({ place: place.id });
  return place;
}

/** Whether this person may save footage of a channel to a place. */
export const maySave = (channel: number): boolean => may(session.get(), "download") && mayOn("download", channel);

/** Say how a job ended, wherever in the app the person is by then; `failed` is called if it did. */
export function tellEnd(begun: Job, failed: () => void = () => {}): void {
  const stop = jobs.subscribe(() => {
    const job = jobs.get().jobs?.find((candidate) => candidate.id === begun.id);
    if (job && !isOver(job)) return;
    stop();
    if (!job || job.state === "cancelled") return;
    say(job.text, { bad: job.state === "failed" });
    if (job.state === "failed") failed();
  });
}

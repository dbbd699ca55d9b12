/** Pictures of a channel saved to a stick or folder of the box (D1-LV-24, D1-EN-20, D1-PB-23). */
import { words } from "../api/http";
import type { Channel } from "../api/types";
import { t } from "../i18n";
import { startJob, type Place } from "../jobs/api";
import { jobs, takeJob } from "../jobs/state";
import { deck } from "../media/deck";
import { Store } from "../state/store";
import { say } from "../ui/toast";
import { maySave, saveTo, tellEnd, placeNow } from "./saveTo";
import { shownInstant } from "./screens";

/** "now" is when the box hears of it; in the past it is the instant the tile shows. */
export type Instant = number | "now";

export const instantOf = (channel: number): Instant => (deck.state.get().mode === "live" ? "now" : Math.round(shownInstant(channel)));

/** What the dialog is open for. */
export const asked = new Store<{ channel: Channel; at: Instant } | null>(null);

export const askPictures = (channel: Channel): void => asked.set({ channel, at: instantOf(channel.id) });

/** Why nothing can be saved: no stick, or none that can be written to. */
export const noPlaceWords = (): string => t(jobs.get().places?.length ? "backup.readOnly" : "backup.noPlace");

/** Order the pictures.  Throws ApiError. */
export async function orderPictures(channel: Channel, place: Place, at: Instant): Promise<void> {
  const { folder, count } = saveTo.get();
  const job = await startJob({ kind: "snapshots_to_place", place: place.id, channel: channel.id, stream: "main", at, count, folder });
  takeJob(job);
  tellEnd(job);
  say(t("save.begun", { n: count, name: channel.name, place: place.name }));
}

/** One press: so many pictures from now on go to the place that is used. */
export async function savePictures(channel: Channel, count: number = saveTo.get().count): Promise<void> {
  if (!maySave(channel.id)) return;
  const at = instantOf(channel.id);
  saveTo.update({ count });
  const place = placeNow();
  if (!place) return say(noPlaceWords(), { bad: true });
  try {
    await orderPictures(channel, place, at);
  } catch (error) {
    say(words(error), { bad: true });
  }
}

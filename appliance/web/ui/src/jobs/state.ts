/** The jobs and places this person may see, kept current by the feed and by asking now and then. */
import { words } from "../api/http";
import { Store } from "../state/store";
import { listJobs, listPlaces, type Job, type Place } from "./api";

export interface JobsState {
  /** Newest first; null until they are known. */
  jobs: Job[] | null;
  places: Place[] | null;
  fault: string | null;
}

const NOTHING: JobsState = { jobs: null, places: null, fault: null };
export const jobs = new Store<JobsState>(NOTHING);

export const isOver = (job: Job): boolean => job.ended !== null;

export async function loadJobs(): Promise<void> {
  try {
    const [list, places] = await Promise.all([listJobs(), listPlaces()]);
    jobs.set({ jobs: list, places, fault: null });
  } catch (error) {
    jobs.update({ fault: words(error) });
  }
}

export const forgetJobs = (): void => jobs.set(NOTHING);

/** Take over a job that changed, or one that is new. */
export function takeJob(job: Job): void {
  const known = jobs.get().jobs;
  if (!known) return;
  const rest = known.filter((old) => old.id !== job.id);
  jobs.update({ jobs: [...rest, job].sort((a, b) => b.created - a.created || (a.id < b.id ? 1 : -1)) });
}

export function takePlaces(places: Place[]): void {
  jobs.update({ places });
}

/** A job that left the list. */
export function leaveJob(id: string): void {
  jobs.update({ jobs: jobs.get().jobs?.filter((job) => job.id !== id) ?? null });
}

/** Jobs and places over the REST API. */
import { call, get, post } from "../api/http";

export interface JobProgress {
  done: number;
  /** 0 while it is not known. */
  total: number;
  unit: string;
  phase: string;
  /** Units a second. */
  rate: number | null;
  remaining_s: number | null;
}

export interface Job {
  id: string;
  kind: string;
  title: string;
  by: string;
  place: string;
  state: "waiting" | "running" | "done" | "failed" | "cancelled";
  created: number;
  started: number | null;
  ended: number | null;
  /** When it last got on. */
  moved: number | null;
  progress: JobProgress | null;
  code: string;
  text: string;
  result: Record<string, unknown>;
  files: string[];
  problems: number;
  expires: number | null;
}

export interface Place {
  id: string;
  name: string;
  file_system: string;
  total: number;
  free: number;
  writable: boolean;
  /** The largest file it can hold. */
  file_limit: number | null;
}

export const listJobs = async (): Promise<Job[]> => (await get<{ jobs: Job[] }>("/jobs")).jobs;
export const listPlaces = async (): Promise<Place[]> => (await get<{ places: Place[] }>("/places")).places;
export const startJob = (body: { kind: string } & Record<string, unknown>): Promise<Job> => post<Job>("/jobs", body);
/** Cancels a job that goes on; takes one that has ended off the list. */
export const dropJob = async (id: string): Promise<void> => void (await call<null>("DELETE", `/jobs/${id}`));
export const ejectPlace = (id: string): Promise<Job> => post<Job>(`/places/${id}/eject`);
export const fileOf = (job: Job, file: string): string => `/api/v1/jobs/${job.id}/result/${encodeURIComponent(file)}`;

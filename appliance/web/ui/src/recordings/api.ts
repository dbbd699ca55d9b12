/** The list of recordings over the REST API: files on the disks, locked and overwritten as a whole. */
import { get, post } from "../api/http";
import type { StreamName } from "../api/types";

export interface Recording {
  id: string;
  channel: number;
  stream: StreamName;
  from: number;
  to: number;
  /** Bytes of footage. */
  size: number;
  kinds: string[];
  locked: boolean;
  /** It is being recorded: it grows. */
  open: boolean;
  volume: string;
  number: number;
}

export interface RecordingPage {
  recordings: Recording[];
  next: string | null;
}

export type RecordingFilters = Partial<Record<"channels" | "from" | "to" | "stream" | "kinds" | "locked", string | null>>;

export const findRecordings = (filters: RecordingFilters, limit: number, after: string | null, signal?: AbortSignal): Promise<RecordingPage> =>
  get<RecordingPage>("/recordings", { ...filters, limit, after }, signal);

/** Well inside the file, so that rounding to milliseconds touches no neighbour. */
export function inside(file: Pick<Recording, "from" | "to">): { from: number; to: number } {
  const from = file.from + 1;
  return { from, to: Math.max(from + 1, file.to - 1) };
}

/** How many files were changed: none where the disk is one that this recorder does not write to. */
export const setLocked = async (file: Recording, locked: boolean): Promise<number> =>
  (await post<{ changed: number }>("/locks", { channel: file.channel, ...inside(file), locked })).changed;

/** The page that exports this stretch of this camera. */
export const exportLink = (file: Pick<Recording, "channel" | "stream" | "from" | "to">): string => `/backup?channels=${file.channel}&stream=${file.stream}&from=${file.from}&to=${file.to}`;

/** The log and the system log over REST. */
import { get, post, url } from "../api/http";

export const TYPES = ["system", "config", "storage", "record", "account", "clear", "playback", "connection"] as const;
export const LEVELS = ["debug", "info", "warning", "error", "critical"] as const;

export interface Entry {
  id: number;
  kind: string;
  type: string;
  type_title: string;
  title: string;
  severity: string;
  channel: number | null;
  start: number;
  text: string;
  details: Record<string, unknown>;
  /** Place in the chain of what people did; null for what happened by itself. */
  seq: number | null;
}

export interface Filters {
  types: string | null;
  from: string | null;
  to: string | null;
  text: string | null;
}

export interface Check {
  whole: boolean;
  entries: number;
  since: number | null;
  broken: { seq: number; text: string }[];
}

export interface Line {
  time: number;
  level: (typeof LEVELS)[number];
  process: string;
  text: string;
  more: Record<string, unknown>;
}

export const entries = (filters: Filters, after?: string): Promise<{ entries: Entry[]; next: string | null }> => get("/log", { ...filters, after, limit: 100 });
export const check = (signal?: AbortSignal): Promise<Check> => get("/log/check", {}, signal);
export const clear = (): Promise<void> => post("/log/clear");
export const tableOf = (filters: Filters): string => url("/log/table", { ...filters });
export const lines = (query: Record<string, string | null>, signal?: AbortSignal): Promise<{ lines: Line[]; processes: string[]; kept_bytes: number }> => get("/log/system", { ...query, limit: 500 }, signal);

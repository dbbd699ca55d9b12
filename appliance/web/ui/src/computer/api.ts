/** Power and time over the REST API. */
import { get, post } from "../api/http";
import { boxNow } from "../state/box";

export type How = "off" | "restart";

export interface Power {
  leaving: "stay" | How;
  interrupts: { recording: number; channels: number; jobs: string[]; viewers: number; downloads: number; unknown: string[] };
  /** Milliseconds UTC; null without a plan. */
  planned: number | null;
  last_order: { how: How; by: string; reason: string; at: number } | null;
  starts: { cause: string; text: string; at: number }[];
}

export const getPower = (signal?: AbortSignal): Promise<Power> => get<Power>("/power", {}, signal);
export const leave = (how: How, reason: string, password: string): Promise<unknown> => post(`/power/${how}`, { reason, password });
export const postpone = (): Promise<Power> => post<Power>("/power/postpone");

export type SourceState = "used" | "combined" | "spare" | "wrong" | "too_far" | "unsteady" | "silent" | "unknown";

export interface TimeSource {
  name: string;
  state: SourceState;
  stratum: number;
  /** How far its time is ahead of ours, in seconds. */
  ahead_s: number | null;
  /** Seconds since its last answer. */
  heard_s: number | null;
}

export interface Clock {
  /** Milliseconds UTC, of the simulated computer where it is one. */
  utc: number;
  zone: string;
  /** When the zone changes its offset next. */
  changes: number[];
  simulated: boolean;
  ntp: boolean;
  serving: boolean;
  running: boolean;
  synchronised: boolean;
  reference: string;
  ahead_s: number;
  error_s: number;
  sources: TimeSource[];
  trust: "server" | "battery" | "person" | "nobody";
  fault: string;
}

export const getClock = async (signal?: AbortSignal): Promise<Clock & { at: number }> => ({ ...(await get<Clock>("/time", {}, signal)), at: boxNow() });
export const previewClock = (utc: number): Promise<{ ahead_s: number; meaning: string[] }> => post("/time/preview", { utc });
export const setClock = (utc: number): Promise<Clock> => post<Clock>("/time/set", { utc });
export const syncClock = (): Promise<Clock> => post<Clock>("/time/sync");

/** Power and time over the REST API. */
import { get, post } from "../api/http";

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

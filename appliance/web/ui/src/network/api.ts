/** The recorder's own network over the REST API. */
import { call, get, post } from "../api/http";
import type { Values } from "../settings/api";

export type Condition = "connected" | "connecting" | "unplugged" | "off" | "failed";
export type Span = "minutes" | "day";

export interface Interface {
  name: string;
  kind: "ethernet" | "wifi" | "bond";
  mac: string;
  link: boolean;
  speed_mbps: number | null;
  mtu: number;
  medium: "copper" | "fibre" | "radio" | "unknown";
  condition: Condition;
  addresses: string[];
  gateway: string;
  gateway6: string;
  dns: string[];
  bond: string;
  ssid: string;
  signal_percent: number | null;
  default: boolean;
  /** Hardware address of another device that bears one of its addresses. */
  conflict: string;
  rx_bps: number | null;
  tx_bps: number | null;
}

/** A change that waits to be confirmed. */
export interface Trial {
  left_s: number;
  actor: string;
  applied: boolean;
  addresses: string[];
}

export interface Network {
  simulated: boolean;
  offline: boolean;
  mode: "single" | "backup" | "balance";
  fault: string;
  interfaces: Interface[];
  trial: Trial | null;
  outcome: { code: "kept" | "taken_back" | "failed"; text: string } | null;
}

export interface Load {
  step_s: number;
  rx_bps: (number | null)[];
  tx_bps: (number | null)[];
  /** When the last step ended, seconds UTC by this computer. */
  end_s: number;
}

export interface Site {
  ssid: string;
  signal_percent: number;
  secure: boolean;
  connected: boolean;
}

export interface Changed {
  token: string | null;
  trial: Trial | null;
}

export const getNetwork = (signal?: AbortSignal): Promise<Network> => get<Network>("/network", {}, signal);
export async function getLoad(name: string, span: Span, signal?: AbortSignal): Promise<Load> {
  const load = await get<Omit<Load, "end_s">>(`/network/${encodeURIComponent(name)}/history`, { span }, signal);
  return { ...load, end_s: Date.now() / 1000 };
}
export async function changeNetwork(item: string | null, changes: Values, etag: string): Promise<Changed> {
  return (await call<Changed>("POST", "/network/change", { body: { ...(item === null ? {} : { item }), changes, etag } })).data;
}
export const confirmTrial = (token: string): Promise<null> => post<null>("/network/confirm", { token });
export const keepTrial = (): Promise<null> => post<null>("/network/keep");
export const revertTrial = (): Promise<null> => post<null>("/network/revert");
export const testAddress = async (name: string, address: string): Promise<string[]> =>
  (await post<{ used_by: string[] }>("/network/test", { interface: name, address })).used_by;
export const scanWifi = async (name: string): Promise<Site[]> => (await post<{ sites: Site[] }>("/network/scan", { interface: name })).sites;

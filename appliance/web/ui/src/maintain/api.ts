/** Maintaining the box over the REST API: what it is, tests of its network, captures. */
import { call, get, post } from "../api/http";
import type { Job } from "../jobs/api";

export interface Store {
  at: string;
  file_system: string;
  total: number;
  free: number;
}

export interface Information {
  version: string;
  system: string;
  machine: string;
  python: string;
  board: string;
  ports: number;
  serial: string;
  booted: number;
  cores: number;
  memory: number;
  stores: Store[];
  parts: { name: string; version: string; licence: string }[];
}

export interface Interface {
  name: string;
  up: boolean;
  mbit_s: number;
  addresses: string[];
}

export interface Capture {
  size: number;
  packets: number;
  missed: number;
  ended: "" | "time" | "size" | "disk" | "asked" | "failed";
  text: string;
}

export interface CaptureWish {
  interface: string;
  address: string;
  port: number;
  protocol: string;
  seconds: number;
  megabytes: number;
}

export interface Sender {
  address: string;
  name: string;
  lines: number;
  dropped: number;
  last: number;
}

export interface Outlet {
  outlet: string;
  ready: boolean;
  waiting: number;
  dropped: number;
  delivered: number;
  failing_since: number | null;
  error: string;
  last: number | null;
}

export interface Courier {
  outlets: Outlet[];
  inbox: { listening: boolean; fault: string; foreign: number; last_foreign: string; senders: Sender[] };
}

export const information = (signal?: AbortSignal): Promise<Information> => get<Information>("/information", {}, signal);
export const courier = (signal?: AbortSignal): Promise<Courier> => get<Courier>("/courier", {}, signal);
export const job = (id: string): Promise<Job> => get<Job>(`/jobs/${id}`);
export const interfaces = (): Promise<Interface[]> => get<Interface[]>("/captures/interfaces");
export const startCapture = (wish: CaptureWish): Promise<{ name: string }> => post<{ name: string }>("/captures", wish);
export const capture = (name: string): Promise<Capture> => get<Capture>(`/captures/${name}`);
export const stopCapture = async (name: string): Promise<void> => void (await call<null>("POST", `/captures/${name}/stop`));
export const forgetCapture = async (name: string): Promise<void> => void (await call<null>("DELETE", `/captures/${name}`));
export const captureFile = (name: string): string => `/api/v1/captures/${name}/file`;

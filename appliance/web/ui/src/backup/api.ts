/** Exports over the REST API: a plan first, kept for an hour, then its files. */
import { post } from "../api/http";
import type { StreamName } from "../api/types";

export interface ExportFile {
  name: string;
  channel: number;
  stream: StreamName;
  from: number;
  to: number;
  bytes: number;
  coding: string;
  url: string;
}

export interface Gap {
  channel: number;
  stream: StreamName;
  from: number;
  to: number;
}

export interface Plan {
  id: string;
  name: string;
  /** Until when its files can be had, ms UTC. */
  expires: number;
  /** Of the key that signs it, empty if it is not known. */
  fingerprint: string;
  bytes: number;
  files: ExportFile[];
  archive: { name: string; bytes: number; url: string };
  gaps: Gap[];
  warnings: { code: string; text: string; channel: number | null }[];
}

/** What somebody wants exported. */
export interface Wish {
  streams: { channel: number; stream: StreamName }[];
  from: number;
  to: number;
  reason: string;
  combine: boolean;
}

export const planExport = (wish: Wish): Promise<Plan> => post<Plan>("/exports", wish);

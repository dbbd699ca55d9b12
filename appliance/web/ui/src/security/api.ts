/** Services, firewall and certificates over the REST API. */
import { ApiError, call, get, post } from "../api/http";

export interface Service {
  slug: string;
  title: string;
  why: string;
  protocol: "tcp" | "udp";
  ports: string;
  reach: "everybody" | "cameras" | "this_machine";
  on: boolean;
  /** "silent": on, but nothing listens; "open": off, yet something listens there. */
  state: "on" | "off" | "silent" | "open";
  /** The settings page and field of its switch; empty where `how` says it in words. */
  page: string;
  field: string;
  how: string;
  default: boolean;
  risky: boolean;
  programs: string[];
}

export interface Unknown {
  protocol: "tcp" | "udp";
  address: string;
  port: number;
  program: string;
  /** Only this machine reaches it. */
  local: boolean;
}

export interface Services {
  services: Service[];
  unknown: Unknown[];
  ssh: { on: boolean; left_s: number; until: number | null; keys: number; minutes: number };
  simulated: boolean;
}

export interface Firewall {
  mode: "off" | "allow" | "block";
  simulated: boolean;
  fault: string;
  trial: { until: number; left_s: number } | null;
}

export interface Preview {
  cut_off: { name: string; address: string }[];
  you: boolean;
}

export interface Facts {
  subject: string;
  issuer: string;
  names: string[];
  not_before: number;
  not_after: number;
  key: string;
  fingerprint: string;
  serial: string;
  self_signed: boolean;
}

export interface Certificate {
  id: string;
  kind: "device" | "certificate" | "request";
  chain: Facts[];
  requested: boolean;
  used_by: string[];
}

export interface Certificates {
  certificates: Certificate[];
  authorities: { id: string; facts: Facts }[];
  services: { service: string; title: string; chosen: string; shown: string; reason: string }[];
  most: number;
}

export interface Subject {
  id: string;
  key_kind: string;
  common_name: string;
  names: string[];
  organisation: string;
  country: string;
}

export const getServices = (signal?: AbortSignal): Promise<Services> => get<Services>("/services", {}, signal);
export const switchSsh = (on: boolean): Promise<null> => post<null>("/services/ssh", { on });
export const getFirewall = (signal?: AbortSignal): Promise<Firewall> => get<Firewall>("/firewall", {}, signal);
export const previewFirewall = (values: Record<string, unknown>): Promise<Preview> => post<Preview>("/firewall/preview", { values });
export const takeBack = (): Promise<null> => post<null>("/firewall/take-back");

/** A browser keeps some connections open; those from before the new rules prove nothing and are closed one by one. */
const MOST_TRIES = 12;
export async function keepFirewall(): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await post<null>("/firewall/keep");
      return;
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "firewall.old_connection" || tries >= MOST_TRIES) throw error;
    }
  }
}

export const getCertificates = (signal?: AbortSignal): Promise<Certificates> => get<Certificates>("/certificates", {}, signal);
export const createCertificate = (subject: Subject & { days: number }): Promise<null> => post<null>("/certificates/create", subject);
export const requestCertificate = (subject: Subject): Promise<{ request: string }> => post<{ request: string }>("/certificates/request", subject);
export const importCertificate = (body: { id: string; pem?: string; key?: string; pkcs12?: string; passphrase: string }): Promise<{ id: string }> =>
  post<{ id: string }>("/certificates/import", body);
export const trustAuthority = (id: string, pem: string): Promise<null> => post<null>("/certificates/authorities", { id, pem });
export const removeCertificate = async (id: string): Promise<void> => void (await call<null>("DELETE", `/certificates/${encodeURIComponent(id)}`));
export const removeAuthority = async (id: string): Promise<void> => void (await call<null>("DELETE", `/certificates/authorities/${encodeURIComponent(id)}`));
export const chooseCertificate = async (service: string, id: string): Promise<void> => void (await call<null>("PUT", `/certificates/services/${service}`, { body: { id } }));
export const fileOf = (id: string): string => `/api/v1/certificates/${encodeURIComponent(id)}/file`;

/** PEM of a file that is PEM, or of a single certificate as bytes (DER). */
export async function pemOf(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (bytes[0] !== 0x30) return new TextDecoder().decode(bytes);
  const lines = (base64(bytes).match(/.{1,64}/g) ?? []).join("\n");
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

export function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

export const isPkcs12 = (name: string): boolean => /\.(p12|pfx)$/i.test(name);

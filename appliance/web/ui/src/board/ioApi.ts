/** Contacts, outputs, lights, climate and serial PTZ over the REST API. */
import { call, get, post } from "../api/http";

export interface Input {
  id: string;
  name: string;
  contact: "no" | "nc";
  /** Null while it cannot be read. */
  active: boolean | null;
  closed: boolean | null;
  storm: boolean;
  fault: string;
  changes: number;
  output: string | null;
  /** A key switch that disarms the recorder while it is active. */
  disarms: boolean;
}

export interface Output {
  id: string;
  name: string;
  mode: "auto" | "manual" | "off";
  on: boolean | null;
  /** Who holds it, with the seconds left; null: until it is let go. */
  held: Record<string, number | null>;
  /** Whether a person is among them. */
  by_hand: boolean;
  operations: number;
  /** 0 where nothing wears out. */
  rated: number;
  worn: boolean;
  fault: string;
}

export interface Io {
  fitted: boolean;
  disarmed_by: string[];
  inputs: Input[];
  outputs: Output[];
  leds: { name: string; colour: string; pattern: string; fault: string }[];
  groups: string[];
  buttons: { name: string; pressed: boolean; stuck: boolean; fault: string }[];
  /** What sounds; null where there is no buzzer. */
  buzzer: string | null;
  patterns: string[];
}

export interface Device {
  sensors: { name: string; celsius: number | null; level: "ok" | "high" | "critical" | "unknown"; high_c: number; critical_c: number; fault: string }[];
  fans: { name: string; rpm: number | null; percent: number; fault: string }[];
  clock: { fitted: boolean; utc: number | null; ahead_s: number | null; battery_low: boolean | null; fault: string };
  starts: { cause: string; text: string; at: number }[];
  /** The first sensor's temperature, one a minute; the last is of `end_s`. */
  history: (number | null)[];
  /** Seconds UTC by this computer. */
  end_s: number;
}

export interface Serial {
  ports: { name: string; kind: "rs485" | "rs232"; use: "ptz" | "transparent" | "off"; open: boolean; fault: string; connected: boolean; sent: number }[];
  box: "off" | "answers" | "silent";
  channels: number[];
}

export interface Ptz {
  channel: number;
  protocol: string;
  address: number;
  baud: number;
  actions: string[];
  last_preset: number;
  presets: { number: number; name: string }[];
  tours: { number: number; name: string; steps: [number, number][] }[];
  program: "none" | "tour" | "scan" | "auto_pan" | "pattern";
  program_number: number;
  moving: boolean;
  fault: string;
  lease_s: number;
}

export interface Motion {
  pan?: number;
  tilt?: number;
  zoom?: number;
  focus?: number;
  iris?: number;
}

export const getIo = (signal?: AbortSignal): Promise<Io> => get<Io>("/io", {}, signal);
export async function getDevice(signal?: AbortSignal): Promise<Device> {
  const device = await get<Omit<Device, "end_s">>("/device", {}, signal);
  return { ...device, end_s: Date.now() / 1000 };
}
export const getSerial = (signal?: AbortSignal): Promise<Serial> => get<Serial>("/serial", {}, signal);
export const getPtz = (channel: number, signal?: AbortSignal): Promise<Ptz> => get<Ptz>(`/ptz/${channel}`, {}, signal);
export const switchOutput = (id: string, on: boolean, seconds: number | null): Promise<null> => post<null>(`/io/outputs/${id}`, { on, seconds });
export const resetOutputs = (): Promise<null> => post<null>("/io/reset");
export const soundBuzzer = (pattern: string | null): Promise<null> => post<null>("/io/buzzer", { pattern });
export const showLights = (group: "identify" | "lamp_test", on: boolean): Promise<null> => post<null>("/io/leds", { group, on });
export const moveCamera = (channel: number, client: string, motion: Motion): Promise<null> => post<null>(`/ptz/${channel}/move`, { client, ...motion });
export const stopCamera = (channel: number): Promise<null> => post<null>(`/ptz/${channel}/stop`);
export const actOn = (channel: number, kind: string, number = 0, name = ""): Promise<null> => post<null>(`/ptz/${channel}/action`, { kind, number, name });
export const runProgram = (channel: number, kind: string, number = 0): Promise<null> => post<null>(`/ptz/${channel}/program`, { kind, number });
export const askCamera = (channel: number): Promise<{ answered: boolean }> => post<{ answered: boolean }>(`/ptz/${channel}/ask`);
export const storeTour = async (channel: number, number: number, name: string, steps: [number, number][]): Promise<void> =>
  void (await call<null>("PUT", `/ptz/${channel}/tours/${number}`, { body: { name, steps } }));

/** PoE ports and sockets over the REST API. */
import { get, post } from "../api/http";

export type PoeState = "disabled" | "searching" | "no_pd" | "waiting" | "starting" | "on" | "fault" | "cycling" | "unreachable";
export type Priority = "critical" | "high" | "low";
export type Span = "minutes" | "day" | "week";

export interface PoePort {
  number: number;
  state: PoeState;
  reason: string;
  /** Why, in words. */
  text: string;
  since_s: number;
  retry_s: number;
  priority: Priority;
  enabled: boolean;
  pd_class: number | null;
  volts: number;
  amps: number;
  watts: number;
  booked_w: number;
  limit_w: number | null;
  learned_w: number | null;
  energy_wh: number;
  recoveries_today: number;
  /** Not restarted for so many seconds, because somebody asked for that. */
  alone_s: number;
  channel: number | null;
  /** "": all well; else a code of what is done about the camera that does not answer. */
  camera: string;
  camera_text: string;
}

export interface PoeChip {
  name: string;
  failure: string;
  ports: number[];
}

export interface Socket {
  number: number;
  label: string;
  column: number;
  row: number;
  uplink: boolean;
  poe: number | null;
  link: boolean;
  speed_mbps: number | null;
  full_duplex: boolean | null;
  rx: number;
  tx: number;
  errors: number;
  behind: string[];
  other_switch: boolean;
}

export interface Poe {
  fitted: boolean;
  board: string;
  budget_w: number;
  most_w: number;
  guard_w: number;
  booked_w: number;
  measured_w: number;
  temperature_c: number | null;
  derated: boolean;
  ports: PoePort[];
  chips: PoeChip[];
  sockets: Socket[];
}

export interface History {
  step_s: number;
  mean_w: number[];
  most_w: number[];
  /** When the last step ended, seconds UTC by this computer. */
  end_s: number;
}

export const getPoe = (signal?: AbortSignal): Promise<Poe> => get<Poe>("/poe", {}, signal);
export async function getHistory(port: number, span: Span, signal?: AbortSignal): Promise<History> {
  const history = await get<Omit<History, "end_s">>(`/poe/${port}/history`, { span }, signal);
  return { ...history, end_s: Date.now() / 1000 };
}
export const leaveAlone = (port: number, seconds: number): Promise<null> => post<null>(`/poe/${port}/leave-alone`, { seconds });
export const cyclePort = (port: number): Promise<null> => post<null>(`/poe/${port}/cycle`);

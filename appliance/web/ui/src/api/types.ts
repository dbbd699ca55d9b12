/** What the box's REST API says: the shapes this page relies on. */
import type { Rights } from "../accounts/rights";

export type StreamName = "main" | "sub" | "third";

/** One stream as the recorder sees it; what is not known is absent. */
export interface StreamFacts {
  state?: string;
  fault?: Fault | null;
  codec?: string;
  codec_string?: string;
  profile?: string;
  width?: number;
  height?: number;
  fps?: number;
  bitrate_bps?: number;
  /** Seconds between key frames. */
  gop_s?: number;
  audio?: { codec: string; sample_rate: number; channels: number } | null;
  lost_packets?: number;
  damaged_frames?: number;
  dropped_frames?: number;
  reconnects?: number;
  last_error?: string;
  /** Where the frames' time comes from. */
  clock?: "camera" | "corrected" | "arrival" | "arrival_only";
  /** The camera's clock minus the box's; null while the camera does not tell its time. */
  clock_offset_ms?: number | null;
  /** What would be better at the camera, although all of it is recorded. */
  advice?: Fault | null;
}

export interface Fault {
  code: string;
  text: string;
  since?: number | null;
}

export interface Channel {
  id: number;
  name: string;
  enabled: boolean;
  streams: Partial<Record<StreamName, StreamFacts | null>>;
  state: string;
  fault: Fault | null;
  recording: boolean;
  /** Why nothing is recorded although it should be. */
  not_recording?: Fault | null;
  mode?: string;
  kinds?: string[];
  last_frame_utc?: number | null;
}

/** A button at a finding: `confirm` is asked first, `done` said afterwards; it needs `permission`. */
export interface FixOffer {
  slug: string;
  title: string;
  confirm: string;
  done: string;
  permission: string;
}

/** One thing that is wrong; `what` is channel, volume, process, host, settings and more. */
export interface HealthItem {
  level: string;
  what: string;
  id: number | string | null;
  code: string;
  text: string;
  since: number | null;
  /** What it is called in addresses. */
  finding: string;
  /** What to do. */
  todo: string;
  fixes: FixOffer[];
  /** Until when it is put aside, by whom and why. */
  snoozed: { until: number; by: string; reason: string } | null;
}

/** `cpu` is a share of one core. */
export interface Process {
  name: string;
  state: string;
  pid: number | null;
  since: number;
  restarts: number;
  last_reason: string;
  retry_s: number;
  rss: number | null;
  cpu: number | null;
}

export interface Volume {
  name: string;
  path: string;
  state: string;
  fault?: Fault | null;
  size?: number;
  used?: number;
  oldest?: number | null;
  retention_days?: number | null;
  wanted_days?: number | null;
  write_ms?: number;
  expiry_paused?: Fault | null;
}

export interface Host {
  cpu_percent: number;
  cores: number;
  memory_total: number;
  memory_available: number;
  temperature_c: number | null;
  load: number;
}

export interface Status {
  box: { name: string; time: number; zone: string; version: string; uptime_s: number };
  health: { level: string; sentence: string; items: HealthItem[]; aside: HealthItem[] };
  processes: Process[];
  volumes: Volume[];
  host: Host;
  /** Events that go on, by weight: open, error, warning, info. */
  events?: Record<string, number>;
}

export interface NvrEvent {
  id: number | string;
  kind: string;
  title: string;
  severity: string;
  channel: number | null;
  start: number;
  end: number | null;
  text: string;
}

export interface Span {
  channel: number;
  stream: StreamName;
  from: number;
  to: number;
  kind: string;
  locked: boolean;
  /** Of a stretch that was lost: why, and the same in words. */
  reason?: string;
  text?: string;
}

/** One track of a tested camera. */
export interface TrackFacts {
  kind?: string;
  codec?: string;
  codec_string?: string;
  profile?: string;
  width?: number;
  height?: number;
  fps?: number | null;
  frame_rate?: number | null;
}

export interface TestResult {
  ok: boolean;
  picture?: string | null;
  formats?: TrackFacts[] | null;
  fault?: Fault | null;
  /** What it sends, measured; what all cameras send now and what they may, in bits per second. */
  bitrate_bps?: number | null;
  incoming_bps?: number | null;
  limit_bps?: number | null;
  /** It would be too much for the box. */
  warning?: string | null;
}

export interface Session {
  user: string;
  permissions: string[];
  /** For each permission "*" or the channels it holds on. */
  rights?: Rights;
  csrf: string;
  /** Seconds until the longest session is over, however much it is used. */
  ends_in_s: number;
  /** Seconds without mouse and keyboard after which the page signs out; null: an open page counts as use. */
  idle_s: number | null;
  /** The password is older than the settings want it to be. */
  renew?: boolean;
  /** How many kinds of characters a new password needs. */
  least_kinds?: number;
  /** The group asks for a second factor, to be set up before anything else. */
  enrol?: boolean;
}

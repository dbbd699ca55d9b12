/** The media session's wire format ("nvr.media.1"): JSON control, binary media behind 24-byte heads. */

export const SUBPROTOCOL = "nvr.media.1";
const HEAD = 24;

export const enum PacketType {
  Init = 1,
  Fragment = 2,
  AccessUnit = 3,
}

const FLAG_KEY = 1;
const FLAG_DISCONTINUITY = 2;
const FLAG_DAMAGED = 4;
const FLAG_AUDIO = 8;
const FLAG_LAST = 32;

/** One binary message. `utcMs` is the capture time of its first sample, `ageMs` the time it spent in the box. */
export interface Packet {
  type: PacketType;
  id: number;
  key: boolean;
  discontinuity: boolean;
  damaged: boolean;
  audio: boolean;
  /** It ends a stretch that is decoded as one. */
  last: boolean;
  utcMs: number;
  durationMs: number;
  ageMs: number;
  payload: Uint8Array<ArrayBuffer>;
}

/** Decode a binary message; null if it is too short or of a version this page does not speak. */
export function decodePacket(buffer: ArrayBuffer): Packet | null {
  if (buffer.byteLength < HEAD) return null;
  const view = new DataView(buffer);
  if (view.getUint8(0) !== 1) return null;
  const flags = view.getUint16(2);
  return {
    type: view.getUint8(1),
    id: view.getUint32(4),
    key: (flags & FLAG_KEY) !== 0,
    discontinuity: (flags & FLAG_DISCONTINUITY) !== 0,
    damaged: (flags & FLAG_DAMAGED) !== 0,
    audio: (flags & FLAG_AUDIO) !== 0,
    last: (flags & FLAG_LAST) !== 0,
    utcMs: Number(view.getBigInt64(8)) / 1000,
    durationMs: view.getUint32(16) / 1000,
    ageMs: view.getUint32(20) / 1000,
    payload: new Uint8Array(buffer, HEAD),
  };
}

export interface OpenRequest {
  channel: number;
  stream: "main" | "sub";
  /** The instant to play from (ms UTC), null for live. */
  at: number | null;
  paused: boolean;
  /** Of playback; negative: backward. */
  speed?: number;
  /** Backward: key frames only. */
  keys?: boolean;
  form?: "fmp4" | "au";
  audio: boolean;
  /** What this browser can decode (RFC 6381), where that is less than it says of itself. */
  codecs?: string[];
}

/** What the box says about one opened stream. */
export type Notice =
  | { op: "opened"; id: number; stream: string; mode: "live" | "playback"; codecs: string; width?: number; height?: number; reason?: string | null; converted?: string }
  /** "late": this page did not keep up; "paced": the box does not keep up with converting. */
  | { op: "state"; id: number; state?: "late" | "paced"; pace?: "all" | "half" | "keys"; dropped?: number; text?: string }
  | { op: "audio"; id: number; codecs: string }
  /** A seek (or an open in the past) has been done: what follows is of the new position. */
  | { op: "sought"; id: number; at: number }
  /** What follows up to the packet marked `last` shows the frames captured from..to, backward or one by one. */
  | { op: "stretch"; id: number; from: number; to: number }
  | { op: "gap"; id: number; from: number; to: number | null }
  | { op: "end"; id: number }
  | { op: "fault"; id: number; code: string; text: string };

export type Command =
  | { op: "play"; speed: number; keys?: boolean }
  | { op: "speed"; speed: number; keys?: boolean }
  | { op: "step"; at: number; by: 1 | -1 }
  | { op: "pause" }
  | { op: "seek"; at: number; mode: "exact" | "key" }
  | { op: "position"; at: number }
  | { op: "audio"; on: boolean }
  | { op: "live" };

/** What a feed asks of whatever shows the pictures of one opened stream, and what it is told. */
import type { Packet } from "./protocol";

export type Manner = "live" | "playback";

/** One composed frame: when it was captured and how long after the box received it it was shown. */
export interface Shown {
  utcMs: number;
  latencyMs: number | null;
}

export interface PlayerEvents {
  shown(frame: Shown): void;
  failed(text: string): void;
  /** Whether this computer is too slow for more than the key frames. */
  keysOnly?(only: boolean): void;
}

/** What shows the pictures of one opened stream. */
export interface Follow {
  readonly video: HTMLElement;
  roundTripMs: number;
  init(codecs: string, packet: Packet): void;
  fragment(packet: Packet): void;
  flush(): void;
  finish(): void;
  setPaused(paused: boolean): void;
  utcNow(): number | null;
  holds(utcMs: number): boolean;
  follow(utcMs: number, speed: number): void;
  still(utcMs: number): void;
  destroy(): void;
}

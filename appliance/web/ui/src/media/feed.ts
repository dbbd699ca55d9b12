/** One opened stream with its player, and a second player for its sound while somebody listens. */
import type { Connection, Handle, Listener } from "./connection";
import type { Readiness } from "./deck";
import { BackwardPlayer } from "./backward";
import type { Follow, Shown } from "./follow";
import { Player } from "./player";
import { type Notice, type Packet, PacketType } from "./protocol";

export interface FeedEvents {
  notice(notice: Notice): void;
  shown(frame: Shown): void;
  failed(text: string): void;
  keysOnly(only: boolean): void;
  lost(): void;
}

export interface FeedRequest {
  channel: number;
  stream: "main" | "sub";
  at: number | null;
  paused: boolean;
  /** Negative: backward. */
  speed: number;
  /** Backward: key frames only. */
  keys: boolean;
  audio: boolean;
  codecs?: string[];
}

const TELL_POSITION_MS = 500;
/** The box reckons in other units: an instant may come back a millisecond off. */
const SOUGHT_WITHIN_MS = 2;

export class Feed implements Listener {
  readonly player: Follow;
  readonly handle: Handle;
  readonly manner: "live" | "playback";
  /** Whether a frame has been shown. */
  seen = false;
  /** Times without footage that were told and do not lie behind. */
  private gaps: { from: number; to: number | null }[] = [];
  private sound: Player | null = null;
  private soundCodecs = "";
  private readonly connection: Connection;
  private readonly events: FeedEvents;
  private codecs = "";
  private target: number | null;
  /** After a seek, what was under way for the old position is passed over until "sought" tells of the new. */
  private stale = false;
  private keyOnly = false;
  private speed: number;
  private keys: boolean;
  private stepped: ((at: number | null) => void) | null = null;
  /** What stands still at one frame that was stepped to. */
  private framed = false;
  private playing: boolean;
  private closed = false;
  private toldAt = 0;

  constructor(connection: Connection, request: FeedRequest, events: FeedEvents) {
    this.connection = connection;
    this.events = events;
    this.manner = request.at === null ? "live" : "playback";
    this.target = request.at;
    this.playing = !request.paused;
    this.speed = request.speed;
    this.keys = request.keys;
    const told = {
      shown: (frame: Shown): void => {
        this.seen = true;
        events.shown(frame);
      },
      failed: (text: string): void => events.failed(text),
      keysOnly: (only: boolean): void => events.keysOnly(only),
    };
    this.player = this.backward ? new BackwardPlayer(told) : new Player(this.manner, told);
    this.player.setPaused(request.paused);
    this.handle = connection.open({ ...request, form: this.backward ? "au" : "fmp4" }, this);
  }

  /** Whether it shows footage from later to earlier. */
  get backward(): boolean {
    return this.manner === "playback" && this.speed < 0;
  }

  notice(notice: Notice): void {
    if (notice.op === "opened") {
      this.codecs = notice.codecs;
      if (this.player instanceof BackwardPlayer) this.player.sized(notice.width ?? Infinity, notice.height ?? Infinity);
    }
    if (notice.op === "audio") this.soundCodecs = notice.codecs;
    if (notice.op === "sought") this.sought(notice.at);
    if (this.stale && notice.op !== "opened" && notice.op !== "fault") return;
    if (notice.op === "gap") this.gaps.push({ from: notice.from, to: notice.to });
    if (notice.op === "stretch" && this.player instanceof BackwardPlayer) this.player.stretch(notice.from, notice.to);
    this.events.notice(notice);
  }

  packet(packet: Packet): void {
    // An init segment is sent once for as long as it holds: never to be missed.
    if (this.closed || (this.stale && packet.type !== PacketType.Init)) return;
    if (packet.audio) return this.hear(packet);
    this.player.roundTripMs = this.connection.roundTripMs;
    if (packet.type === PacketType.Init) return this.player.init(this.codecs, packet);
    this.player.fragment(packet);
    if (packet.last || (this.keyOnly && !this.framed && packet.key)) this.player.finish();
  }

  /** Where footage goes on behind (backward: before) the gap that holds an instant; null: nowhere. */
  resumesAt(utcMs: number): number | null {
    const gap = this.gapAt(utcMs);
    return gap ? (this.backward ? gap.from : gap.to) : null;
  }

  /** Show the frame beside the one of an instant, and stand still there; resolves to its time. */
  step(at: number, by: 1 | -1): Promise<number | null> {
    this.stepped?.(null);
    this.renew(null);
    this.keyOnly = true;
    this.framed = true;
    return new Promise((resolve) => {
      this.stepped = resolve;
      this.handle.send({ op: "step", at: Math.round(at), by });
    });
  }

  lost(): void {
    this.events.lost();
  }

  listen(on: boolean): void {
    this.handle.send({ op: "audio", on });
    if (!on) this.mute();
  }

  seek(instant: number, key: boolean): void {
    const utcMs = Math.round(instant);
    this.target = utcMs;
    // A little way back is in the buffer still, and the box is ahead anyway: no need to fetch it again.
    if (!key && !this.keyOnly && !this.stale && !this.backward && this.player.holds(utcMs) && utcMs <= (this.player.utcNow() ?? 0) + 50) {
      if (!this.playing) this.player.still(utcMs);
      return;
    }
    this.renew(utcMs);
    this.keyOnly = key;
    this.framed = false;
    this.handle.send({ op: "seek", at: utcMs, mode: key ? "key" : "exact" });
  }

  /** Faster or slower in the same direction. */
  setSpeed(speed: number, keys: boolean): void {
    this.speed = speed;
    this.keys = keys;
    this.handle.send({ op: "speed", speed, keys });
  }

  setPlaying(playing: boolean): void {
    this.playing = playing;
    this.player.setPaused(!playing);
    this.sound?.setPaused(!playing);
    this.handle.send(playing ? { op: "play", speed: this.speed, keys: this.keys } : { op: "pause" });
  }

  follow(utcMs: number, speed: number): Readiness {
    const now = performance.now();
    if (!this.keyOnly && now - this.toldAt > TELL_POSITION_MS) {
      this.toldAt = now;
      this.handle.send({ op: "position", at: Math.round(utcMs) });
    }
    if (!this.playing || this.keyOnly) {
      this.player.still(utcMs);
      return this.seen && !this.stale ? "ready" : "wait";
    }
    if (this.player.holds(utcMs)) {
      this.player.follow(utcMs, speed);
      // Sound has one speed.
      this.sound?.setPaused(speed !== 1);
      if (speed === 1) this.sound?.follow(utcMs, speed);
      return "ready";
    }
    // Backward a player reckons on by itself: without a picture it must not run ahead of the clock.
    if (this.backward) this.player.follow(utcMs, 0);
    return this.gapAt(utcMs) ? "gap" : "wait";
  }

  private gapAt(utcMs: number): { from: number; to: number | null } | null {
    this.gaps = this.gaps.filter((gap) => (this.backward ? gap.to === null || gap.from <= utcMs + 200 : gap.to === null || gap.to > utcMs));
    return this.gaps.findLast((gap) => utcMs >= gap.from - 200 && (gap.to === null || utcMs <= gap.to)) ?? null;
  }

  private sought(at: number): void {
    if (this.stepped) {
      this.stale = false;
      this.stepped(at);
      this.stepped = null;
    } else if (this.target !== null && Math.abs(at - this.target) <= SOUGHT_WITHIN_MS) this.stale = false;
  }

  /** What is buffered and under way is of no use any more. */
  private renew(target: number | null): void {
    this.target = target;
    this.gaps = [];
    this.stale = true;
    this.player.flush();
    this.sound?.flush();
  }

  /** Keep the last picture on screen while the next stream opens behind it. */
  silence(): void {
    this.closed = true;
    this.handle.close();
    this.mute();
    this.stepped?.(null);
    this.player.setPaused(true);
    this.player.video.dataset["old"] = "";
  }

  close(): void {
    this.closed = true;
    this.stepped?.(null);
    this.handle.close();
    this.mute();
    this.player.destroy();
  }

  private hear(packet: Packet): void {
    if (packet.type === PacketType.Init) {
      this.sound ??= new Player(this.manner, { shown: () => {}, failed: () => this.mute() }, "audio");
      this.sound.init(this.soundCodecs, packet);
      this.player.video.after(this.sound.video);
    } else if (packet.type === PacketType.Fragment) this.sound?.fragment(packet);
  }

  private mute(): void {
    this.sound?.destroy();
    this.sound = null;
  }
}

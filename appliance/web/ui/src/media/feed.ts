/** One opened stream with its player, and a second player for its sound while somebody listens. */
import type { Connection, Handle, Listener } from "./connection";
import type { Readiness } from "./deck";
import { Player, type Shown } from "./player";
import { type Notice, type Packet, PacketType } from "./protocol";

export interface FeedEvents {
  notice(notice: Notice): void;
  shown(frame: Shown): void;
  failed(text: string): void;
  lost(): void;
}

export interface FeedRequest {
  channel: number;
  stream: "main" | "sub";
  at: number | null;
  paused: boolean;
  audio: boolean;
  codecs?: string[];
}

const TELL_POSITION_MS = 500;
/** The box reckons in other units: an instant may come back a millisecond off. */
const SOUGHT_WITHIN_MS = 2;

export class Feed implements Listener {
  readonly player: Player;
  readonly handle: Handle;
  readonly manner: "live" | "playback";
  /** Whether a frame has been shown. */
  seen = false;
  gap: { from: number; to: number | null } | null = null;
  private sound: Player | null = null;
  private soundCodecs = "";
  private readonly connection: Connection;
  private readonly events: FeedEvents;
  private codecs = "";
  private target: number | null;
  /** After a seek, what was under way for the old position is passed over until "sought" tells of the new. */
  private stale = false;
  private keyOnly = false;
  private playing: boolean;
  private closed = false;
  private toldAt = 0;

  constructor(connection: Connection, request: FeedRequest, events: FeedEvents) {
    this.connection = connection;
    this.events = events;
    this.manner = request.at === null ? "live" : "playback";
    this.target = request.at;
    this.playing = !request.paused;
    this.player = new Player(this.manner, {
      shown: (frame) => {
        this.seen = true;
        events.shown(frame);
      },
      failed: (text) => events.failed(text),
    });
    this.player.setPaused(request.paused);
    this.handle = connection.open(request, this);
  }

  notice(notice: Notice): void {
    if (notice.op === "opened") this.codecs = notice.codecs;
    if (notice.op === "audio") this.soundCodecs = notice.codecs;
    if (notice.op === "sought" && this.target !== null && Math.abs(notice.at - this.target) <= SOUGHT_WITHIN_MS) this.stale = false;
    if (this.stale && notice.op !== "opened" && notice.op !== "fault") return;
    if (notice.op === "gap") this.gap = { from: notice.from, to: notice.to };
    this.events.notice(notice);
  }

  packet(packet: Packet): void {
    // An init segment is sent once for as long as it holds: never to be missed.
    if (this.closed || (this.stale && packet.type !== PacketType.Init)) return;
    if (packet.audio) return this.hear(packet);
    this.player.roundTripMs = this.connection.roundTripMs;
    if (packet.type === PacketType.Init) this.player.init(this.codecs, packet);
    else if (packet.type === PacketType.Fragment) {
      if (this.gap && packet.utcMs >= (this.gap.to ?? Infinity) - 100) this.gap = null;
      this.player.fragment(packet);
      if (this.keyOnly && packet.key) this.player.finish();
    }
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
    if (!key && !this.keyOnly && !this.stale && this.player.holds(utcMs) && utcMs <= (this.player.utcNow() ?? 0) + 50) {
      if (!this.playing) this.player.still(utcMs);
      return;
    }
    this.gap = null;
    this.stale = true;
    this.keyOnly = key;
    this.player.flush();
    this.sound?.flush();
    this.handle.send({ op: "seek", at: utcMs, mode: key ? "key" : "exact" });
  }

  setPlaying(playing: boolean): void {
    this.playing = playing;
    this.player.setPaused(!playing);
    this.sound?.setPaused(!playing);
    this.handle.send(playing ? { op: "play", speed: 1 } : { op: "pause" });
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
      this.sound?.follow(utcMs, speed);
      return "ready";
    }
    if (this.gap && utcMs >= this.gap.from - 200 && (this.gap.to === null || utcMs < this.gap.to)) return "gap";
    return "wait";
  }

  /** Keep the last picture on screen while the next stream opens behind it. */
  silence(): void {
    this.closed = true;
    this.handle.close();
    this.mute();
    this.player.video.pause();
    this.player.video.dataset["old"] = "";
  }

  close(): void {
    this.closed = true;
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

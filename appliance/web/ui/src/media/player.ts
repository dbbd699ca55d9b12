/** Feeds one <video> from initialisation segments and fragments, and keeps it live or on a shared clock. */
import { CatchUp } from "./catchup";
import { mimeOf, sourceClass } from "./codecs";
import { clockOf, startOf, type Clock } from "./mp4";
import type { Packet } from "./protocol";
import { Timeline } from "./timeline";
import { Watchdog } from "./watchdog";

type Job =
  | { kind: "init"; mime: string; data: Uint8Array<ArrayBuffer> }
  | { kind: "media"; data: Uint8Array<ArrayBuffer>; offset: number }
  | { kind: "remove"; from: number; to: number }
  | { kind: "end" };

/** One composed frame: when it was captured and how long after the box received it it was shown. */
export interface Shown {
  utcMs: number;
  latencyMs: number | null;
}

export interface PlayerEvents {
  shown(frame: Shown): void;
  failed(text: string): void;
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

export type Manner = "live" | "playback";

const BEHIND_KEPT_S = 20;
/** So near to the shared clock the speed is left as it is; less than a frame. */
const STEADY_S = 0.02;
const LEAD_S = 10;
const BACKLOG_AGE_MS = 400;
const JOIN_BYTES = 4_000_000;
const QUOTA_WAIT_MS = 300;
/** Live, the buffer holds seconds: when even removing what was shown makes no room, something is wrong. */
const QUOTA_TRIES = 10;
/** What browsers play at; Chromium throws at others. */
const SLOWEST = 0.0625;
const FASTEST = 16;

interface Arrival {
  media: number;
  perfMs: number;
  ageMs: number;
}

export class Player implements Follow {
  readonly video: HTMLMediaElement;
  private readonly source: MediaSource;
  private readonly objectUrl: string;
  private readonly events: PlayerEvents;
  private buffer: SourceBuffer | null = null;
  private jobs: Job[] = [];
  private clock: Clock | null = null;
  private offset: number | null = null;
  private epochMs: number | null = null;
  private readonly timeline = new Timeline();
  private readonly catchUp = new CatchUp();
  private arrivals: Arrival[] = [];
  private frameS = 0.04;
  private started = false;
  private backlogUntilMs = 0;
  private paused = false;
  private dead = false;
  private tick: ReturnType<typeof setInterval>;
  private lastRemovalMs = 0;
  private quotaTries = 0;
  private readonly watchdog = new Watchdog();
  roundTripMs = 0;
  manner: Manner;

  constructor(manner: Manner, events: PlayerEvents, kind: "video" | "audio" = "video") {
    const Source = sourceClass();
    if (!Source) throw new Error("no MediaSource");
    this.manner = manner;
    this.events = events;
    this.video = document.createElement(kind);
    this.video.muted = kind === "video";
    this.video.setAttribute("playsinline", "");
    this.video.disableRemotePlayback = true;
    this.video.setAttribute("aria-hidden", "true");
    this.video.tabIndex = -1;
    this.source = new Source();
    this.objectUrl = URL.createObjectURL(this.source);
    this.source.addEventListener("sourceopen", () => this.pump());
    this.video.src = this.objectUrl;
    this.video.addEventListener("waiting", () => this.started && this.catchUp.starved(performance.now()));
    this.video.addEventListener("error", () => this.fail(this.video.error?.message || `MediaError ${this.video.error?.code ?? ""}`));
    document.addEventListener("visibilitychange", this.seenAgain);
    if (kind === "video") this.watchFrames(this.video as HTMLVideoElement);
    this.tick = setInterval(() => this.steer(), 100);
  }

  init(codecs: string, packet: Packet): void {
    this.clock = clockOf(packet.payload);
    this.offset = null;
    this.jobs.push({ kind: "init", mime: mimeOf(codecs), data: packet.payload });
    this.pump();
  }

  fragment(packet: Packet): void {
    if (!this.clock || this.dead) return;
    const start = startOf(packet.payload, this.clock);
    if (start === null) return;
    if (this.offset === null || packet.discontinuity) this.anchor(start, packet.utcMs);
    const media = start + this.offset!;
    this.timeline.mark(media, packet.utcMs);
    if (packet.durationMs > 0) this.frameS = Math.min(0.5, this.frameS * 0.9 + (packet.durationMs / 1000) * 0.1);
    const now = performance.now();
    if (this.video instanceof HTMLVideoElement && document.visibilityState === "visible" && !this.paused) this.watchdog.fed(now);
    if (this.manner === "live") {
      this.arrivals.push({ media, perfMs: now, ageMs: packet.ageMs });
      if (this.arrivals.length > 600) this.arrivals.splice(0, 300);
      // The current GOP is sent first, in one go: wait for its end instead of playing through it.
      if (!this.started && packet.ageMs > BACKLOG_AGE_MS) this.backlogUntilMs = now + 60;
    }
    this.jobs.push({ kind: "media", data: packet.payload, offset: this.offset! });
    this.pump();
  }

  /** Forget what is buffered; the next fragment may be of any time. */
  flush(): void {
    // A head is sent once for as long as it holds: one that waits for the source to open is still needed.
    this.jobs = this.jobs.filter((job) => job.kind === "init");
    this.timeline.clear();
    this.arrivals = [];
    this.offset = null;
    this.epochMs = null;
    this.started = false;
    if (this.buffer) this.jobs.push({ kind: "remove", from: 0, to: Infinity });
    this.pump();
  }

  /** Make a lone key frame visible: decoders hand out the last frames only at the end of the stream. */
  finish(): void {
    this.jobs.push({ kind: "end" });
    this.pump();
  }

  setPaused(paused: boolean): void {
    this.paused = paused;
    this.watchdog.calm();
    if (paused) this.video.pause();
    else if (this.started) void this.video.play().catch(() => {});
  }

  /** UTC (ms) of the frame on screen, or null before the first. */
  utcNow(): number | null {
    return this.started ? this.timeline.utcAt(this.video.currentTime) : null;
  }

  /** UTC (ms) of the end of what is buffered. */
  bufferedUntil(): number | null {
    const ranges = this.video.buffered;
    return ranges.length ? this.timeline.utcAt(ranges.end(ranges.length - 1)) : null;
  }

  /** Whether the instant can be shown at once. */
  holds(utcMs: number): boolean {
    const media = this.timeline.mediaAt(utcMs);
    if (media === null) return false;
    const ranges = this.video.buffered;
    for (let i = 0; i < ranges.length; i += 1) if (ranges.start(i) - 0.06 <= media && media < ranges.end(i)) return true;
    return false;
  }

  /** Follow a shared clock (playback): speed up, slow down, or jump when more than 0.5 s off. */
  follow(utcMs: number, speed: number): void {
    const media = this.timeline.mediaAt(utcMs);
    if (media === null || !this.holds(utcMs)) return;
    if (!this.started) this.begin(Math.max(media, this.startOfRange(media)));
    const off = this.video.currentTime - media;
    const pace = Math.max(1, speed);
    const correction = Math.abs(off) < STEADY_S * pace ? 1 : Math.max(0.85, Math.min(1.15, 1 - off / pace));
    if (Math.abs(off) > 0.5 * pace) this.video.currentTime = Math.max(media, this.startOfRange(media));
    else this.video.playbackRate = Math.max(SLOWEST, Math.min(FASTEST, speed * correction));
    if (this.paused !== this.video.paused) this.setPaused(this.paused);
  }

  /** Show the frame of an instant and stand still there. */
  still(utcMs: number): void {
    const media = this.timeline.mediaAt(utcMs);
    if (media === null) return;
    const ranges = this.video.buffered;
    if (!ranges.length) return;
    const end = ranges.end(ranges.length - 1) - 0.001;
    this.started = true;
    this.video.pause();
    const place = Math.max(ranges.start(0), Math.min(media, end));
    if (Math.abs(this.video.currentTime - place) > 0.002) this.video.currentTime = place;
  }

  destroy(): void {
    this.dead = true;
    clearInterval(this.tick);
    document.removeEventListener("visibilitychange", this.seenAgain);
    this.jobs = [];
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.load();
    URL.revokeObjectURL(this.objectUrl);
    this.video.remove();
  }

  private startOfRange(media: number): number {
    const ranges = this.video.buffered;
    for (let i = 0; i < ranges.length; i += 1) if (ranges.start(i) - 0.06 <= media && media < ranges.end(i)) return ranges.start(i);
    return media;
  }

  /** Choose where a new stretch lies on the element's clock: live goes on gaplessly, playback by UTC. */
  private anchor(start: number, utcMs: number): void {
    if (this.epochMs === null) {
      this.epochMs = utcMs;
      this.offset = LEAD_S - start;
      return;
    }
    const byUtc = LEAD_S + (utcMs - this.epochMs) / 1000;
    const end = this.lastEnd();
    const media = this.manner === "live" ? end : byUtc < end - 0.2 ? end : byUtc;
    this.offset = media - start;
  }

  private lastEnd(): number {
    const ranges = this.video.buffered;
    return Math.max(ranges.length ? ranges.end(ranges.length - 1) : LEAD_S, (this.arrivals.at(-1)?.media ?? 0) + this.frameS);
  }

  private pump(): void {
    if (this.dead || this.source.readyState === "closed" || this.buffer?.updating) return;
    const job = this.jobs.shift();
    if (!job) return;
    try {
      this.run(job);
    } catch (error) {
      if (error instanceof DOMException && error.name === "QuotaExceededError" && job.kind === "media") {
        return this.makeRoom(job);
      }
      this.fail(error instanceof Error ? error.message : String(error));
    }
  }

  /** The browser holds as much as it will: throw away what was shown, and wait until more has been. */
  private makeRoom(job: Job): void {
    this.quotaTries += 1;
    if (this.manner === "live" && this.quotaTries > QUOTA_TRIES) return this.fail("QuotaExceededError");
    this.jobs.unshift(job);
    const shown = this.video.currentTime - 2;
    const ranges = this.video.buffered;
    if (ranges.length && ranges.start(0) < shown - 0.5) this.jobs.unshift({ kind: "remove", from: 0, to: shown });
    setTimeout(() => this.pump(), QUOTA_WAIT_MS);
  }

  private run(job: Job): void {
    if (job.kind === "end") {
      if (this.source.readyState === "open") this.source.endOfStream();
      return this.pump();
    }
    if (job.kind === "init" && !this.buffer) {
      this.buffer = this.source.addSourceBuffer(job.mime);
      this.buffer.mode = "segments";
      this.buffer.addEventListener("updateend", () => {
        this.steer();
        this.pump();
      });
    } else if (job.kind === "init") this.buffer!.changeType(job.mime);
    const buffer = this.buffer;
    if (!buffer) return;
    if (job.kind === "remove") return buffer.remove(job.from, job.to);
    if (job.kind === "init") return buffer.appendBuffer(job.data);
    if (Math.abs(buffer.timestampOffset - job.offset) > 1e-6) {
      buffer.abort();
      buffer.timestampOffset = job.offset;
    }
    const data = this.joined(job.data, job.offset);
    try {
      buffer.appendBuffer(data);
    } catch (error) {
      // What was joined must not be lost when there is no room for it at the moment.
      job.data = data;
      throw error;
    }
    this.quotaTries = 0;
  }

  /** Join what has piled up behind a slow append: one append costs about the same as twenty. */
  private joined(data: Uint8Array<ArrayBuffer>, offset: number): Uint8Array<ArrayBuffer> {
    const parts = [data];
    let bytes = data.length;
    for (let next = this.jobs[0]; next?.kind === "media" && next.offset === offset && bytes < JOIN_BYTES; next = this.jobs[0]) {
      parts.push(next.data);
      bytes += next.data.length;
      this.jobs.shift();
    }
    if (parts.length === 1) return data;
    const all = new Uint8Array(bytes);
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  private begin(media: number): void {
    this.started = true;
    this.video.currentTime = media;
    if (!this.paused) void this.video.play().catch(() => {});
  }

  /** Live: stay close to the end of the buffer. Both: throw away what was shown long ago. */
  private steer(): void {
    const ranges = this.video.buffered;
    if (this.dead || !ranges.length) return;
    const now = performance.now();
    if (this.manner === "live") this.steerLive(ranges, now);
    if (this.manner === "live" && document.visibilityState === "visible" && this.watchdog.isStuck(now)) return this.fail("no frame");
    if (now - this.lastRemovalMs > 5000 && this.buffer && !this.buffer.updating) {
      this.lastRemovalMs = now;
      const until = this.video.currentTime - BEHIND_KEPT_S;
      if (ranges.start(0) < until - 5) {
        this.jobs.unshift({ kind: "remove", from: 0, to: until });
        this.pump();
      }
    }
  }

  private steerLive(ranges: TimeRanges, now: number): void {
    const end = ranges.end(ranges.length - 1);
    if (!this.started) {
      if (this.jobs.length === 0 && now >= this.backlogUntilMs) this.begin(Math.max(ranges.start(ranges.length - 1), end - this.frameS - 0.03));
      return;
    }
    const advice = this.catchUp.advise(end - this.video.currentTime, this.frameS, now);
    if (advice.jumpBehind !== null) this.video.currentTime = Math.max(ranges.start(ranges.length - 1), end - advice.jumpBehind);
    else if (this.video.playbackRate !== advice.rate) this.video.playbackRate = advice.rate;
    if (this.video.paused && !this.paused) void this.video.play().catch(() => {});
  }

  private watchFrames(video: HTMLVideoElement): void {
    if (!("requestVideoFrameCallback" in video)) {
      (video as HTMLVideoElement).addEventListener("timeupdate", () => this.report(this.video.currentTime, performance.now()));
      return;
    }
    const next = (now: number, meta: VideoFrameCallbackMetadata): void => {
      if (this.dead) return;
      this.report(meta.mediaTime, now);
      video.requestVideoFrameCallback(next);
    };
    video.requestVideoFrameCallback(next);
  }

  private report(media: number, nowMs: number): void {
    this.watchdog.calm();
    const utcMs = this.timeline.utcAt(media);
    if (utcMs === null) return;
    let latencyMs: number | null = null;
    for (let i = this.arrivals.length - 1; i >= 0; i -= 1) {
      const arrival = this.arrivals[i]!;
      if (arrival.media <= media + 0.002) {
        if (media - arrival.media < 0.2) latencyMs = nowMs - arrival.perfMs + arrival.ageMs + this.roundTripMs / 2;
        break;
      }
    }
    this.events.shown({ utcMs, latencyMs });
  }

  /** Said once: whoever owns this player starts another. The last picture stays until then. */
  private fail(text: string): void {
    if (this.dead) return;
    this.dead = true;
    clearInterval(this.tick);
    this.jobs = [];
    this.events.failed(text);
  }

  /** A hidden page composes no frames, and browsers pause its muted videos: start to count anew. */
  private seenAgain = (): void => {
    this.watchdog.calm();
    this.steer();
  };
}

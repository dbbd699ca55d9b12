/** Feeds one <video> from initialisation segments and fragments, and keeps it live or on a shared clock. */
import { Appender } from "./appender";
import { CatchUp } from "./catchup";
import type { Follow, Manner, PlayerEvents } from "./follow";
import { Lead } from "./lead";
import { clockOf, startOf, type Clock } from "./mp4";
import type { Packet } from "./protocol";
import { Timeline } from "./timeline";
import { followVolume } from "./volume";
import { Watchdog } from "./watchdog";

const BEHIND_KEPT_S = 20;
/** So near to the shared clock the speed is left as it is; less than a frame. */
const STEADY_S = 0.02;
/** The same for what is seen, which comes in steps: a screen is composed 30 times a second on a busy computer. */
const SEEN_STEADY_S = 0.034;
/** How strongly to steer by what is seen: pictures of a while ago tell it. */
const SEEN_GAIN = 0.5;
/** Further off by the clock of the element, what is seen on the screen does not count. */
const FARTHEST_S = 0.1;
const LEAD_S = 10;
const BACKLOG_AGE_MS = 400;
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
  private readonly appender: Appender;
  private readonly events: PlayerEvents;
  private clock: Clock | null = null;
  private offset: number | null = null;
  private epochMs: number | null = null;
  private readonly timeline = new Timeline();
  private readonly catchUp = new CatchUp();
  private readonly lead = new Lead();
  private arrivals: Arrival[] = [];
  private frameS = 0.04;
  private started = false;
  private backlogUntilMs = 0;
  private paused = false;
  private dead = false;
  private tick: ReturnType<typeof setInterval>;
  private lastRemovalMs = 0;
  private readonly watchdog = new Watchdog();
  private letVolumeGo: () => void = () => {};
  roundTripMs = 0;
  private readonly manner: Manner;

  constructor(manner: Manner, events: PlayerEvents, kind: "video" | "audio" = "video") {
    this.manner = manner;
    this.events = events;
    this.video = document.createElement(kind);
    this.video.muted = kind === "video";
    if (kind === "audio") this.letVolumeGo = followVolume(this.video);
    this.video.setAttribute("playsinline", "");
    this.video.disableRemotePlayback = true;
    this.video.setAttribute("aria-hidden", "true");
    this.video.tabIndex = -1;
    this.appender = new Appender(this.video, manner, { changed: () => this.steer(), failed: (text) => this.fail(text) });
    this.video.addEventListener("waiting", () => this.started && this.catchUp.starved(performance.now()));
    this.video.addEventListener("error", () => this.fail(this.video.error?.message || `MediaError ${this.video.error?.code ?? ""}`));
    document.addEventListener("visibilitychange", this.seenAgain);
    if (kind === "video") this.watchFrames(this.video as HTMLVideoElement);
    this.tick = setInterval(() => this.steer(), 100);
  }

  init(codecs: string, packet: Packet): void {
    this.clock = clockOf(packet.payload);
    this.offset = null;
    this.appender.init(codecs, packet.payload);
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
    this.appender.media(packet.payload, this.offset!);
  }

  /** Forget what is buffered; the next fragment may be of any time. */
  flush(): void {
    this.timeline.clear();
    this.lead.forget();
    this.arrivals = [];
    this.offset = null;
    this.epochMs = null;
    this.started = false;
    this.appender.clear();
  }

  /** Make a lone key frame visible: decoders hand out the last frames only at the end of the stream. */
  finish(): void {
    this.appender.end();
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
    this.lead.led(utcMs, this.video.paused ? 0 : speed, performance.now());
    const off = this.video.currentTime - media;
    const pace = Math.max(1, speed);
    if (Math.abs(off) > 0.5 * pace) {
      this.lead.forget();
      this.video.currentTime = Math.max(media, this.startOfRange(media));
    } else {
      this.video.playbackRate = Math.max(SLOWEST, Math.min(FASTEST, speed * this.correction(off, pace)));
    }
    if (this.paused !== this.video.paused) this.setPaused(this.paused);
  }

  /** What to multiply the speed by, `off` seconds ahead of the shared clock by that of the element. */
  private correction(off: number, pace: number): number {
    const seen = Math.abs(off) > FARTHEST_S * pace ? null : this.lead.seconds();
    const [ahead, steady, gain] = seen === null ? [off, STEADY_S, 1] : [seen, SEEN_STEADY_S, SEEN_GAIN];
    return Math.abs(ahead) < steady * pace ? 1 : Math.max(0.85, Math.min(1.15, 1 - (gain * ahead) / pace));
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
    this.letVolumeGo();
    document.removeEventListener("visibilitychange", this.seenAgain);
    this.appender.destroy();
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.load();
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
    if (now - this.lastRemovalMs > 5000) {
      this.lastRemovalMs = now;
      const until = this.video.currentTime - BEHIND_KEPT_S;
      if (ranges.start(0) < until - 5) this.appender.forgetUntil(until);
    }
  }

  private steerLive(ranges: TimeRanges, now: number): void {
    const end = ranges.end(ranges.length - 1);
    if (!this.started) {
      if (this.appender.idle && now >= this.backlogUntilMs) this.begin(Math.max(ranges.start(ranges.length - 1), end - this.frameS - 0.03));
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
      const utcMs = this.timeline.utcAt(meta.mediaTime);
      if (utcMs !== null) this.lead.composed(utcMs, meta.expectedDisplayTime);
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
    this.appender.stop();
    this.events.failed(text);
  }

  /** A hidden page composes no frames, and browsers pause its muted videos: start to count anew. */
  private seenAgain = (): void => {
    this.watchdog.calm();
    this.steer();
  };
}

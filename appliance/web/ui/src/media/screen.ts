/** What one tile shows: opens the stream, falls back when it cannot be shown, swaps streams without black. */
import { Store } from "../state/store";
import { t } from "../i18n";
import { canShow, decodableCodecs, familyOf } from "./codecs";
import type { Connection } from "./connection";
import type { Deck, Follower, Readiness } from "./deck";
import { Feed } from "./feed";
import type { Shown } from "./follow";
import type { Notice } from "./protocol";

export interface ScreenState {
  phase: "idle" | "opening" | "playing" | "gap" | "ended" | "fault";
  stream: string | null;
  /** Why another stream than the wanted one is shown. */
  reason: string | null;
  fault: { code: string; text: string } | null;
  latencyMs: number | null;
  /** Whether there is any picture, be it an old one. */
  picture: boolean;
  width: number | null;
  height: number | null;
}

export interface Wanted {
  channel: number;
  stream: "main" | "sub";
}

const EMPTY: ScreenState = { phase: "idle", stream: null, reason: null, fault: null, latencyMs: null, picture: false, width: null, height: null };
const RETRY_MS = 500;
const LONGEST_RETRY_MS = 8000;
/** A player that ran for so long before it failed begins again with the shortest wait. */
const RAN_MS = 60_000;
/** So many failures of a decoder in a row, and the box is asked for another coding. */
const DECODER_FAILURES = 3;
/** How long a note that this page does not keep up stays. */
const SLOW_NOTE_MS = 10_000;
const STILL_MS = 2500;

/** Tests and the bench may listen to every composed frame by setting `window.nvrProbe`. */
export interface ProbeWindow {
  nvrProbe?: (frame: { channel: number; stream: string | null; utcMs: number; latencyMs: number | null }) => void;
}

export class Screen implements Follower {
  readonly state = new Store<ScreenState>(EMPTY);
  readonly element: HTMLDivElement;
  private readonly connection: Connection;
  private readonly deck: Deck;
  private wanted: Wanted | null = null;
  private feed: Feed | null = null;
  private previous: Feed | null = null;
  private leave: (() => void) | null = null;
  private retry: ReturnType<typeof setTimeout> | null = null;
  private seekTo: number | null = null;
  /** Streams the box took for decodable, but this browser's decoder did not. */
  private refused = new Set<string>();
  private codecs = "";
  private failures = 0;
  private lastFailureAt = -Infinity;
  /** Why the picture is not the camera's own or not the wanted one, as the box says; null: it is. */
  private explained: string | null = null;
  private converted: string | null = null;
  private pace: "all" | "half" | "keys" = "all";
  private keysOnly = false;
  private slow: ReturnType<typeof setTimeout> | null = null;
  private listening = false;
  private lastLatencyAt = 0;
  private lastShownAt = -Infinity;

  constructor(connection: Connection, deck: Deck) {
    this.connection = connection;
    this.deck = deck;
    this.element = document.createElement("div");
  }

  /** Show a channel, or nothing. The old picture stays until the new one is there. */
  show(wanted: Wanted | null): void {
    const before = this.wanted;
    if (wanted && before && wanted.channel === before.channel && wanted.stream === before.stream) {
      this.wanted = wanted;
      return;
    }
    this.wanted = wanted;
    if (before?.channel !== wanted?.channel) {
      this.closeAll();
      this.refused.clear();
      this.failures = 0;
      this.state.set(EMPTY);
    }
    if (!wanted) {
      this.leave?.();
      this.leave = null;
      return;
    }
    this.leave ??= this.deck.join(this);
    this.reopen();
  }

  /** Sound on or off. */
  listen(on: boolean): void {
    if (on === this.listening) return;
    this.listening = on;
    this.feed?.listen(on);
  }

  destroy(): void {
    this.show(null);
    this.closeAll();
  }

  /** The frame on screen as a canvas, for a snapshot of the moment; null without a picture. */
  grab(): HTMLCanvasElement | null {
    const picture = (this.feed?.seen ? this.feed : this.previous)?.player.video as HTMLVideoElement | HTMLCanvasElement | undefined;
    if (!picture) return null;
    const [width, height] = "videoWidth" in picture ? [picture.videoWidth, picture.videoHeight] : [picture.width, picture.height];
    if (!width) return null;
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    canvas.getContext("2d")?.drawImage(picture, 0, 0);
    return canvas;
  }

  /** Whether the picture stands still although it should move. */
  isStill(): boolean {
    return performance.now() - this.lastShownAt > STILL_MS;
  }

  utcNow(): number | null {
    return this.feed?.player.utcNow() ?? null;
  }

  // What the deck asks of us.

  seek(utcMs: number, key: boolean): void {
    this.seekTo = utcMs;
    if (!this.feed || this.feed.manner === "live") return this.reopen();
    this.feed.seek(utcMs, key);
  }

  goLive(): void {
    this.seekTo = null;
    this.reopen();
  }

  setPlaying(playing: boolean): void {
    this.feed?.setPlaying(playing);
  }

  setSpeed(speed: number, keys: boolean): void {
    if (!this.feed || this.feed.manner === "live") return;
    if (speed < 0 === this.feed.backward) return this.feed.setSpeed(speed, keys);
    // The other direction needs another player; the old picture stays until it has one.
    this.seekTo = null;
    this.reopen();
  }

  step(at: number, by: 1 | -1): Promise<number | null> {
    if (!this.feed || this.feed.manner === "live" || !this.state.get().picture) return Promise.resolve(null);
    return this.feed.step(this.feed.player.utcNow() ?? at, by);
  }

  follow(utcMs: number, speed: number): Readiness {
    if (!this.feed || this.state.get().phase === "fault") return "gap";
    const readiness = this.feed.follow(utcMs, speed);
    if (readiness === "gap" && this.state.get().phase === "playing") this.state.update({ phase: "gap" });
    if (readiness === "ready" && this.state.get().phase === "gap") this.state.update({ phase: "playing" });
    return readiness;
  }

  resumesAt(utcMs: number): number | null {
    return this.feed?.resumesAt(utcMs) ?? null;
  }

  private reopen(): void {
    if (!this.wanted) return;
    if (this.retry) clearTimeout(this.retry);
    this.retry = null;
    const past = this.deck.state.get().mode === "past";
    const stream = this.refused.has("main") ? "sub" : this.wanted.stream;
    const codecs = decodableCodecs().filter((name) => !this.refused.has(familyOf(name)));
    if (this.feed?.seen) {
      this.previous?.close();
      this.previous = this.feed;
      this.previous.silence();
    } else this.feed?.close();
    const { playing, scrubbing, speed, keys } = this.deck.state.get();
    const at = past ? Math.round(this.seekTo ?? this.deck.position()) : null;
    const request = { channel: this.wanted.channel, stream, at, paused: past && (!playing || scrubbing), speed: past ? speed : 1, keys: past && keys, audio: this.listening, codecs };
    const feed: Feed = new Feed(this.connection, request, {
      notice: (notice) => this.feed === feed && this.notice(notice),
      shown: (frame) => this.feed === feed && this.shown(frame),
      failed: (text) => this.feed === feed && this.failed(text),
      keysOnly: (only) => this.feed === feed && this.noteKeys(only),
      lost: () => this.feed === feed && this.lost(),
    });
    this.feed = feed;
    this.explained = stream === this.wanted.stream ? null : t("tile.notDecodable");
    this.converted = null;
    this.pace = "all";
    this.keysOnly = false;
    this.state.update({ phase: "opening", stream, reason: this.reason(), fault: null, latencyMs: null });
    this.element.append(feed.player.video);
  }

  private notice(notice: Notice): void {
    if (notice.op === "opened") {
      if (!canShow(notice.codecs)) return this.notDecodable(notice.stream, notice.codecs);
      this.codecs = notice.codecs;
      // A better stream than asked for needs no explanation.
      const worse = this.wanted?.stream === "main" && notice.stream !== "main";
      this.explained = worse ? notice.reason || this.explained : null;
      if (!notice.converted) this.pace = "all";
      this.converted = notice.converted ?? null;
      this.state.update({ stream: notice.stream, reason: this.reason(), width: notice.width ?? null, height: notice.height ?? null });
    } else if (notice.op === "state") {
      if (notice.state === "paced") this.pace = notice.pace ?? "all";
      else if (notice.state === "late") this.noteSlow();
      this.state.update({ reason: this.reason() });
    } else if (notice.op === "fault") {
      // The box goes on trying by itself; the player stays open for the picture that comes.
      this.state.update({ phase: "fault", fault: { code: notice.code, text: notice.text } });
    } else if (notice.op === "end") this.state.update({ phase: "ended" });
    else if (notice.op === "gap" && this.state.get().phase === "opening") this.state.update({ phase: "gap" });
  }

  /** The one sentence that explains the picture, the most pressing first. */
  private reason(): string | null {
    if (this.slow) return t("tile.slow");
    if (this.keysOnly) return t("tile.keysOnly");
    if (this.converted && this.pace !== "all") return t(this.pace === "half" ? "tile.convertedHalf" : "tile.convertedKeys", { codec: this.converted });
    if (this.converted) return t("tile.converted", { codec: this.converted });
    return this.explained;
  }

  private noteKeys(only: boolean): void {
    if (only === this.keysOnly) return;
    this.keysOnly = only;
    this.state.update({ reason: this.reason() });
  }

  private noteSlow(): void {
    if (this.slow) clearTimeout(this.slow);
    this.slow = setTimeout(() => {
      this.slow = null;
      this.state.update({ reason: this.reason() });
    }, SLOW_NOTE_MS);
  }

  private notDecodable(stream: string, codecs: string): void {
    if (this.refuse(stream, codecs)) return this.reopen();
    this.feed?.close();
    this.state.update({ phase: "fault", fault: { code: "not_decodable", text: t("tile.cannotShow", { codec: codecName(codecs) }) } });
  }

  /** Ask the box for something else from now on; false if there is nothing left to ask for. */
  private refuse(stream: string, codecs: string): boolean {
    const family = familyOf(codecs);
    // The box converts to H.264: a main stream in H.264 of a kind this browser does not know leaves the sub stream.
    const what = family === "avc1" ? "main" : family;
    if (this.refused.has(what) || (what === "main" && (stream !== "main" || this.wanted?.stream !== "main"))) return false;
    this.refused.add(what);
    return true;
  }

  private shown(frame: Shown): void {
    if (this.previous) {
      this.previous.close();
      this.previous = null;
    }
    const state = this.state.get();
    const now = performance.now();
    this.lastShownAt = now;
    if (state.phase !== "playing" || !state.picture) this.state.update({ phase: "playing", picture: true, fault: null });
    if (frame.latencyMs !== null && now - this.lastLatencyAt > 500) {
      this.lastLatencyAt = now;
      const before = this.state.get().latencyMs;
      this.state.update({ latencyMs: Math.round(before === null ? frame.latencyMs : before * 0.6 + frame.latencyMs * 0.4) });
    }
    if (this.wanted) (window as ProbeWindow).nvrProbe?.({ channel: this.wanted.channel, stream: state.stream, ...frame });
  }

  /** A new player is started; after several failures in a row for another coding, if there is one. */
  private failed(text: string): void {
    const now = performance.now();
    if (now - this.lastFailureAt > RAN_MS) this.failures = 0;
    this.lastFailureAt = now;
    this.failures += 1;
    this.state.update({ phase: "fault", fault: { code: "player", text: t("tile.playerFailed", { text }) } });
    if (this.failures % DECODER_FAILURES === 0 && familyOf(this.codecs) !== "avc1") this.refuse(this.state.get().stream ?? "", this.codecs);
    this.later(Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** (this.failures - 1)));
  }

  private lost(): void {
    // The connection opens everything again; a new decoder starts with it, the old picture stays.
    this.later(50);
  }

  private later(ms: number): void {
    this.retry ??= setTimeout(() => {
      this.retry = null;
      this.reopen();
    }, ms);
  }

  private closeAll(): void {
    if (this.retry) clearTimeout(this.retry);
    this.retry = null;
    this.feed?.close();
    this.previous?.close();
    this.feed = null;
    this.previous = null;
    if (this.slow) clearTimeout(this.slow);
    this.slow = null;
  }
}

/** "H.265" for hvc1/hev1 names, for people. */
export function codecName(codecs: string | null | undefined): string {
  const name = (codecs ?? "").toLowerCase();
  if (/^(hvc1|hev1|h265|hevc)/.test(name)) return "H.265";
  if (/^(avc1|avc3|h264)/.test(name)) return "H.264";
  if (/^(mp4v|mpeg4)/.test(name)) return "MPEG-4";
  if (/^(mjpeg|jpeg)/.test(name)) return "MJPEG";
  return codecs ?? "";
}

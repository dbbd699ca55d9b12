/** The one clock of all tiles: live, or a position in the past that plays, stands still or is dragged. */
import { boxNow } from "../state/box";
import { Store } from "../state/store";

export interface DeckState {
  mode: "live" | "past";
  playing: boolean;
  /** While the position is being dragged only key frames are shown. */
  scrubbing: boolean;
  speed: number;
  /** Backward: key frames only, because no browser would decode all pictures of so many tiles so fast. */
  keys: boolean;
}

/** How a tile stands to the position of the deck. */
export type Readiness = "ready" | "gap" | "wait";

export interface Follower {
  /** A new position: fetch it (`key`: only the key frame there, for dragging). */
  seek(utcMs: number, key: boolean): void;
  goLive(): void;
  setPlaying(playing: boolean): void;
  /** `keys`: backward, key frames only. */
  setSpeed(speed: number, keys: boolean): void;
  /** Called ten times a second with the position while in the past. */
  follow(utcMs: number, speed: number): Readiness;
  /** Where footage goes on behind the gap that holds an instant, in the direction of play; null if unknown or none. */
  resumesAt(utcMs: number): number | null;
  /** Show the frame beside the one on the screen and stand still there; resolves to its time, null if there is none. */
  step?(utcMs: number, by: 1 | -1): Promise<number | null>;
}

const HOLD_MS = 4000;
/** Backward, where a stretch is decoded before any of it is shown: so long the first tile waits for the others. */
const TOGETHER_MS = 700;
/** Tiles times speed that are decoded whole backward: 16 at 4x, 4 at 16x. That is 1000 pictures a second at 15 fps. */
const MOST_BACKWARD = 64;
const SCRUB_EVERY_MS = 120;
/** Where the past begins for who leaves live: footage of less ago is not stored yet. */
const LIVE_BACK_MS = 2000;

export class Deck {
  readonly state = new Store<DeckState>({ mode: "live", playing: true, scrubbing: false, speed: 1, keys: false });
  private followers = new Set<Follower>();
  private anchorUtc = 0;
  private anchorPerf = 0;
  private held = false;
  private holdSince = 0;
  private lastScrub = -Infinity;
  private pendingScrub: ReturnType<typeof setTimeout> | null = null;
  private tick: ReturnType<typeof setInterval> | null = null;
  private stepping = false;
  private stepped = false;
  private readonly now: () => number;
  private readonly perf: () => number;

  /** `now`: by the clock of the box, ms UTC; `perf`: ms that never step. */
  constructor(now: () => number, perf: () => number = () => performance.now()) {
    this.now = now;
    this.perf = perf;
  }

  /** The instant being shown, ms UTC. */
  position(): number {
    const { mode, playing, scrubbing, speed } = this.state.get();
    if (mode === "live") return this.now();
    if (!playing || scrubbing || this.held) return this.anchorUtc;
    return Math.min(this.now(), this.anchorUtc + (this.perf() - this.anchorPerf) * speed);
  }

  join(follower: Follower): () => void {
    this.followers.add(follower);
    this.reckon();
    return () => {
      this.followers.delete(follower);
      this.reckon();
    };
  }

  goLive(): void {
    this.cancelScrub();
    this.stepped = false;
    this.state.set({ mode: "live", playing: true, scrubbing: false, speed: 1, keys: false });
    this.stopTicking();
    for (const follower of this.followers) follower.goLive();
  }

  /** Go to an instant and play from there (or stand still there, as before, while paused). */
  seek(utcMs: number, playing: boolean = this.state.get().mode === "live" || this.state.get().playing): void {
    this.cancelScrub();
    if (utcMs >= this.now() - 1500) return this.goLive();
    this.stepped = false;
    this.anchor(utcMs);
    this.hold();
    this.state.update({ mode: "past", playing, scrubbing: false });
    for (const follower of this.followers) follower.seek(utcMs, false);
    if (!playing) for (const follower of this.followers) follower.setPlaying(false);
    this.startTicking();
  }

  /** Drag the position: key frames only, a few times a second. `end` settles and goes on. */
  scrub(utcMs: number): void {
    const at = Math.min(utcMs, this.now() - 500);
    this.anchor(at);
    this.state.update({ mode: "past", scrubbing: true });
    this.startTicking();
    const wait = this.lastScrub + SCRUB_EVERY_MS - this.perf();
    if (wait <= 0) this.sendScrub();
    else this.pendingScrub ??= setTimeout(() => this.sendScrub(), wait);
  }

  endScrub(): void {
    if (!this.state.get().scrubbing) return;
    const at = this.anchorUtc;
    const { playing } = this.state.get();
    this.state.update({ scrubbing: false });
    this.seek(at, playing);
  }

  setPlaying(playing: boolean): void {
    const now = this.state.get();
    if (now.mode === "live") {
      if (playing) return;
      // Pausing live: stand still at what is being shown.
      return this.seek(this.now() - LIVE_BACK_MS, false);
    }
    this.anchor(this.position());
    this.state.update({ playing });
    for (const follower of this.followers) follower.setPlaying(playing);
    // What stands still at a frame has nothing more than that frame.
    if (playing && this.stepped) this.seek(this.position(), true);
  }

  /** Faster, slower, or (negative) backward; from live this goes into the past. */
  setSpeed(speed: number): void {
    if (this.state.get().mode === "live") {
      if (speed === 1) return;
      this.seek(this.now() - LIVE_BACK_MS, true);
    }
    const turned = speed < 0 !== this.state.get().speed < 0;
    this.anchor(this.position());
    // All tiles turn round at the same instant, and so does the clock.
    if (turned) this.hold();
    const keys = this.tooMuch(speed);
    this.state.update({ speed, keys });
    for (const follower of this.followers) follower.setSpeed(speed, keys);
  }

  /** More tiles or fewer: what could not be decoded may be now, or the other way round. */
  private reckon(): void {
    const { speed, keys } = this.state.get();
    const now = this.tooMuch(speed);
    if (now === keys) return;
    this.state.update({ keys: now });
    for (const follower of this.followers) follower.setSpeed(speed, now);
  }

  private tooMuch(speed: number): boolean {
    return speed < 0 && this.followers.size * -speed > MOST_BACKWARD;
  }

  /** One frame on or back: the first tile with a picture tells which instant that is, the others go there too. */
  async stepFrame(by: 1 | -1): Promise<void> {
    if (this.stepping) return;
    this.stepping = true;
    try {
      if (this.state.get().playing || this.state.get().mode === "live") this.setPlaying(false);
      // Single frames are exact on every tile; fast backward there are none but key frames.
      if (this.state.get().speed !== 1) this.setSpeed(1);
      const at = this.position();
      const all = [...this.followers];
      const leader = all.find((follower) => follower.step && follower.follow(at, 1) === "ready") ?? all.find((follower) => follower.step);
      const found = await leader?.step?.(at, by);
      if (found === null || found === undefined || this.state.get().mode === "live") return;
      this.anchor(found);
      this.stepped = true;
      for (const follower of this.followers) if (follower !== leader) follower.seek(found, false);
    } finally {
      this.stepping = false;
    }
  }

  /** Step by `ms` from where we are; from live this goes into the past. */
  skip(ms: number): void {
    this.seek(this.position() + ms);
  }

  private anchor(utcMs: number): void {
    this.anchorUtc = utcMs;
    this.anchorPerf = this.perf();
  }

  private hold(): void {
    this.held = true;
    this.holdSince = this.perf();
  }

  private sendScrub(): void {
    this.pendingScrub = null;
    this.lastScrub = this.perf();
    for (const follower of this.followers) follower.seek(this.anchorUtc, true);
  }

  private cancelScrub(): void {
    if (this.pendingScrub) clearTimeout(this.pendingScrub);
    this.pendingScrub = null;
  }

  private startTicking(): void {
    this.tick ??= setInterval(() => this.step(), 100);
  }

  private stopTicking(): void {
    if (this.tick) clearInterval(this.tick);
    this.tick = null;
    this.held = false;
  }

  /** Ten times a second: lead the tiles, wait for data, pass over times in which nothing was recorded. */
  step(): void {
    const { mode, playing, scrubbing, speed } = this.state.get();
    if (mode === "live") return;
    const at = this.position();
    if (scrubbing) {
      for (const follower of this.followers) follower.follow(at, speed);
      return;
    }
    if (at >= this.now() - 500 && speed > 0) return this.goLive();
    // Backward the tiles reckon on by themselves: not while the clock waits.
    const pace = this.held && speed < 0 ? 0 : speed;
    // To lead sixteen tiles takes longer than a frame may be off: each is led by the clock of its own moment.
    const all = [...this.followers].map((follower) => follower.follow(pace > 0 ? this.position() : at, pace));
    if (!playing) return;
    if (all.includes("ready")) {
      const late = speed < 0 && all.includes("wait") && this.perf() - this.holdSince <= TOGETHER_MS;
      if (this.held && !late) this.release();
    } else if (all.includes("wait")) {
      if (!this.held) {
        this.anchor(at);
        this.hold();
      } else if (this.perf() - this.holdSince > HOLD_MS && all.includes("gap")) this.release();
    } else if (all.length > 0) {
      const next = [...this.followers].map((follower) => follower.resumesAt(at)).filter((value) => value !== null);
      if (next.length > 0) this.seek(speed < 0 ? Math.max(...next) : Math.min(...next), true);
      else if (this.held) this.release();
    }
  }

  private release(): void {
    this.anchor(this.anchorUtc);
    this.held = false;
  }
}

/** One person looks at one wall: one deck for the page. */
export const deck = new Deck(boxNow);

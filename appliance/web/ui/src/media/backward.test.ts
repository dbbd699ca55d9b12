import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BackwardPlayer, canReverse } from "./backward";
import type { Packet } from "./protocol";
import { PacketType } from "./protocol";

/** As much of WebCodecs as the player needs: a decoder that hands out one picture a chunk, at flush. */
class Chunk {
  timestamp: number;
  type: string;
  constructor(init: { timestamp: number; type: string }) {
    this.timestamp = init.timestamp;
    this.type = init.type;
  }
}

let open = 0;
let most = 0;
let images = 0;

/** Memory: those that are open are counted. */
class Frame {
  timestamp: number;
  displayWidth: number;
  displayHeight: number;
  private shut = false;
  constructor(source: { displayWidth?: number; displayHeight?: number; width?: number; height?: number }, init: { timestamp: number }) {
    this.timestamp = init.timestamp;
    this.displayWidth = source.displayWidth ?? source.width!;
    this.displayHeight = source.displayHeight ?? source.height!;
    open += 1;
    most = Math.max(most, open);
  }
  close(): void {
    if (!this.shut) open -= 1;
    this.shut = true;
  }
}

let broken = false;
let preferred = "";
let gate: Promise<void> | null = null;

class Decoder {
  state = "unconfigured";
  private readonly output: (frame: unknown) => void;
  private chunks: Chunk[] = [];
  constructor(init: { output: (frame: unknown) => void }) {
    this.output = init.output;
  }
  configure(config: VideoDecoderConfig): void {
    this.state = "configured";
    preferred = config.hardwareAcceleration ?? "";
  }
  decode(chunk: Chunk): void {
    if (this.chunks.length === 0 && chunk.type !== "key") throw new Error("no key frame");
    this.chunks.push(chunk);
  }
  async flush(): Promise<void> {
    if (gate) await gate;
    if (broken) throw new Error("decode error");
    for (const chunk of this.chunks) this.output(new Frame({ displayWidth: 1920, displayHeight: 1080 }, { timestamp: chunk.timestamp }));
    this.chunks = [];
  }
  close(): void {
    this.state = "closed";
  }
}

const MOST = 2 * 48;
const T = 1_800_000_000_000;
let frames: FrameRequestCallback[];
let perf: number;
let shown: number[];
let failures: string[];
let player: BackwardPlayer;

beforeEach(() => {
  open = most = images = 0;
  broken = false;
  gate = null;
  frames = [];
  perf = 0;
  shown = [];
  failures = [];
  vi.stubGlobal("VideoDecoder", Decoder);
  vi.stubGlobal("EncodedVideoChunk", Chunk);
  vi.stubGlobal("VideoFrame", Frame);
  vi.stubGlobal("createImageBitmap", async (_frame: unknown, size: { resizeWidth: number; resizeHeight: number }) => {
    images += 1;
    return { width: size.resizeWidth, height: size.resizeHeight, close: () => (images -= 1) };
  });
  vi.stubGlobal("requestAnimationFrame", (next: FrameRequestCallback) => frames.push(next));
  vi.stubGlobal("cancelAnimationFrame", () => {});
  vi.spyOn(performance, "now").mockImplementation(() => perf);
  player = new BackwardPlayer({ shown: (frame) => shown.push(frame.utcMs - T), failed: (text) => failures.push(text) });
  player.init("avc1.4d401f", packet(0, {}));
  player.sized(704, 576);
});

afterEach(() => {
  player.destroy();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const packet = (ms: number, more: Partial<Packet>): Packet => ({
  type: PacketType.AccessUnit, id: 1, key: false, discontinuity: false, damaged: false, audio: false, last: false, utcMs: T + ms, durationMs: 100, ageMs: 0,
  payload: new Uint8Array([1]), ...more,
});

/** A stretch decoded from `key` on, of which from..to is shown; a frame every `every` ms. */
function send(key: number, from: number, to: number, every = 100): void {
  player.stretch(T + from, T + to);
  for (let ms = key; ms < to; ms += every) player.fragment(packet(ms, { key: ms === key, last: ms + every >= to }));
}

async function settle(): Promise<void> {
  for (let n = 0; n < 300; n += 1) await Promise.resolve();
}

function paint(ms: number): void {
  perf += ms;
  const due = frames;
  frames = [];
  for (const next of due) next(perf);
}

describe("playing backward (D1-PL-09)", () => {
  it("shows the frames of a stretch newest first, and only those", async () => {
    send(0, 500, 1000);
    await settle();
    expect(player.holds(T + 1000.4)).toBe(true);
    expect(player.holds(T + 400)).toBe(false);
    player.follow(T + 1000, -1);
    for (let n = 0; n < 12; n += 1) paint(50);
    expect(shown).toEqual([900, 800, 700, 600, 500]);
  });

  it("shows nothing of a stretch before its time has come", async () => {
    send(0, 0, 1000);
    await settle();
    player.follow(T + 5000, 0);
    for (let n = 0; n < 10; n += 1) paint(100);
    expect(shown).toEqual([]);
    player.follow(T + 1000, 0);
    paint(100);
    expect(shown).toEqual([900]);
  });

  it("decodes what the clock waits for, however many stretches lie between", async () => {
    for (let n = 9; n >= 0; n -= 1) send(n * 1000, n * 1000, (n + 1) * 1000);
    await settle();
    player.follow(T + 6500, 0);
    expect(player.holds(T + 6500)).toBe(false);
    for (let n = 0; n < 10; n += 1) {
      paint(50);
      await settle();
    }
    expect(player.holds(T + 6500)).toBe(true);
    expect(shown.at(-1)).toBe(6000); // its key frame: two stretches were missed
  });

  it("keeps what came before the clock first leads it", async () => {
    for (const n of [2, 1, 0]) send(n * 1000, n * 1000, (n + 1) * 1000);
    await settle();
    paint(50);
    player.follow(T + 3000, -1);
    paint(100);
    expect(shown).toEqual([2900]);
  });

  it("keeps what came for a new place while the clock of the old one is all it knows", async () => {
    send(0, 0, 1000);
    await settle();
    player.follow(T + 1000, -1);
    paint(50);
    player.flush();
    for (const n of [62, 61, 60]) send(n * 1000, n * 1000, (n + 1) * 1000);
    await settle();
    paint(50);
    player.follow(T + 63_000, -1);
    paint(100);
    expect(shown.at(-1)).toBe(62_900);
  });

  it("goes on in the stretch before it without a break", async () => {
    send(1000, 1000, 2000);
    send(0, 0, 1000);
    await settle();
    player.follow(T + 2000, -2);
    for (let n = 0; n < 40; n += 1) {
      paint(25);
      await settle();
    }
    expect(shown).toEqual([19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map((n) => n * 100));
  });

  it("keeps the pictures of two stretches at most, and gives them all back", async () => {
    for (let n = 9; n >= 0; n -= 1) send(n * 4000, n * 4000, n * 4000 + 4000, 40);
    await settle();
    player.follow(T + 40_000, -1);
    for (let n = 0; n < 200; n += 1) {
      paint(200);
      await settle();
      expect(open).toBeLessThanOrEqual(MOST);
    }
    expect(most).toBeGreaterThan(48);
    expect(shown.at(-1)).toBeLessThan(200);
    player.destroy();
    expect(open).toBe(0);
  });

  it("shows key frames where the computer is too slow for every frame, and tries again", async () => {
    let release = (): void => {};
    gate = new Promise((resolve) => (release = resolve));
    player.follow(T + 10_000, -1);
    for (let n = 9; n >= 0; n -= 1) send(n * 1000, n * 1000, (n + 1) * 1000);
    await settle();
    paint(2500);
    release();
    gate = null;
    await settle();
    for (let n = 0; n < 150; n += 1) {
      paint(50);
      await settle();
    }
    expect(shown.slice(0, 6)).toEqual([7000, 6000, 5000, 4000, 3900, 3800]);
    expect(shown.at(-1)).toBe(0);
    player.destroy();
    expect(open).toBe(0);
  });

  it("shows no more pictures a second when it is fast, and keeps no more", async () => {
    player.follow(T + 2000, -4);
    send(0, 0, 2000, 40);
    await settle();
    expect(open).toBe(17);
    for (let n = 0; n < 60; n += 1) paint(10);
    expect(shown.length).toBe(17);
    expect(shown.at(-1)).toBe(0);
  });

  it("copies large pictures as small as they are shown: a decoder of the computer gives few away", async () => {
    player.sized(3840, 2160);
    send(0, 0, 1000);
    await settle();
    expect(preferred).toBe("no-preference");
    expect(open).toBe(10);
    expect(images).toBe(0);
    player.flush();
    expect(open).toBe(0);
  });

  it("says that it shows key frames only, and when it shows all again", async () => {
    const told: boolean[] = [];
    player.destroy();
    player = new BackwardPlayer({ shown: () => {}, failed: () => {}, keysOnly: (only) => told.push(only) });
    player.init("avc1.4d401f", packet(0, {}));
    let release = (): void => {};
    gate = new Promise((resolve) => (release = resolve));
    player.follow(T + 10_000, -1);
    for (let n = 9; n >= 0; n -= 1) send(n * 1000, n * 1000, (n + 1) * 1000);
    await settle();
    paint(2500);
    expect(told).toEqual([false, true]);
    release();
    gate = null;
    for (let n = 0; n < 100; n += 1) {
      paint(50);
      await settle();
    }
    expect(told.at(-1)).toBe(false);
  });

  it("forgets what was under way when it goes elsewhere", async () => {
    send(0, 0, 1000);
    player.flush();
    await settle();
    expect(open).toBe(0);
    expect(player.holds(T + 500)).toBe(false);
    send(5000, 5000, 6000);
    await settle();
    player.still(T + 5500);
    expect(shown).toEqual([5500]);
  });

  it("stands still at a frame, also at the one it was stepped to", async () => {
    send(0, 700, 701);
    await settle();
    player.still(T + 700);
    paint(1000);
    expect(shown).toEqual([700]);
    expect(player.utcNow()).toBe(T + 700);
  });

  it("says once that the decoder failed", async () => {
    broken = true;
    send(0, 0, 1000);
    send(2000, 2000, 3000);
    await settle();
    expect(failures).toEqual(["decode error"]);
  });

  it("is told apart from a browser that cannot", () => {
    expect(canReverse()).toBe(true);
    vi.stubGlobal("VideoDecoder", undefined);
    Reflect.deleteProperty(globalThis, "VideoDecoder");
    expect(canReverse()).toBe(false);
  });
});

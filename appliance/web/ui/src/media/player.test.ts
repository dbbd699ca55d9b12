import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Player } from "./player";
import type { Packet } from "./protocol";
import { PacketType } from "./protocol";
import { STUCK_MS, Watchdog } from "./watchdog";

vi.mock("./mp4", () => ({ clockOf: () => ({}), startOf: (data: Uint8Array) => data[0]! / 10 }));

/** As much of Media Source Extensions as the player needs, with a buffer that may be full. */
class Buffer extends EventTarget {
  updating = false;
  timestampOffset = 0;
  mode = "";
  appended: number[] = [];
  removed: [number, number][] = [];
  full = false;
  abort(): void {}
  changeType(): void {}
  remove(from: number, to: number): void {
    this.removed.push([from, to]);
    this.dispatchEvent(new Event("updateend"));
  }
  appendBuffer(data: Uint8Array): void {
    if (this.full) throw new DOMException("full", "QuotaExceededError");
    this.appended.push(...data);
  }
}

let buffer: Buffer;
let ready = "open";

class Source extends EventTarget {
  get readyState(): string {
    return ready;
  }
  addSourceBuffer(): Buffer {
    return buffer;
  }
}

const packet = (type: PacketType, value: number): Packet => ({
  type, id: 1, key: true, discontinuity: false, damaged: false, audio: false, last: false, utcMs: 1_000_000 + value * 100, durationMs: 100, ageMs: 0,
  payload: new Uint8Array([value]),
});

let failures: string[];

function make(manner: "live" | "playback"): Player {
  failures = [];
  const player = new Player(manner, { shown: () => {}, failed: (text) => failures.push(text) });
  player.init("avc1.4d401f", packet(PacketType.Init, 0));
  return player;
}

beforeEach(() => {
  vi.useFakeTimers();
  ready = "open";
  buffer = new Buffer();
  vi.stubGlobal("MediaSource", Source);
  vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:x");
  vi.spyOn(URL, "revokeObjectURL").mockReturnValue();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("a player whose browser buffers no more", () => {
  it("waits while footage plays, loses nothing, and goes on when there is room", () => {
    const player = make("playback");
    buffer.full = true;
    for (const value of [1, 2, 3]) player.fragment(packet(PacketType.Fragment, value));
    vi.advanceTimersByTime(60_000);
    expect(failures).toEqual([]);
    buffer.full = false;
    vi.advanceTimersByTime(1000);
    expect(buffer.appended).toEqual([0, 1, 2, 3]);
    player.destroy();
  });

  it("gives up live after a few seconds, so that another player begins at now", () => {
    const player = make("live");
    buffer.full = true;
    player.fragment(packet(PacketType.Fragment, 1));
    vi.advanceTimersByTime(10_000);
    expect(failures).toEqual(["QuotaExceededError"]);
    player.destroy();
  });
});

describe("a player that is sent elsewhere before its source is open", () => {
  it("keeps the head, which is sent once only", () => {
    ready = "closed";
    const player = make("playback");
    player.fragment(packet(PacketType.Fragment, 1));
    player.flush();
    ready = "open";
    for (const value of [7, 8]) player.fragment(packet(PacketType.Fragment, value));
    expect(buffer.appended).toEqual([0, 7, 8]);
    player.destroy();
  });
});

describe("a player whose decoder fails", () => {
  it("says so once, whatever else happens to it", () => {
    const player = make("live");
    player.video.dispatchEvent(new Event("error"));
    player.video.dispatchEvent(new Event("error"));
    buffer.appendBuffer = () => {
      throw new DOMException("gone", "InvalidStateError");
    };
    player.fragment(packet(PacketType.Fragment, 1));
    expect(failures).toHaveLength(1);
    player.destroy();
  });

  it("says nothing any more once it is put away", () => {
    const player = make("live");
    player.destroy();
    player.video.dispatchEvent(new Event("error"));
    expect(failures).toEqual([]);
  });
});

describe("a player that follows the clock of the wall (D1-PB-01)", () => {
  type Composed = (now: number, meta: { mediaTime: number; expectedDisplayTime: number }) => void;
  let compose: Composed;

  /** A player of ten seconds at its fifth, whose element shows the clock's instant exactly. */
  function playing(): { player: Player; video: HTMLVideoElement; utcAt: (media: number) => number } {
    const prototype = HTMLVideoElement.prototype as unknown as Record<string, unknown>;
    prototype.requestVideoFrameCallback = (callback: Composed): void => {
      compose = callback;
    };
    const player = make("playback");
    const video = player.video as HTMLVideoElement;
    let [currentTime, rate] = [0, 1];
    Object.defineProperties(video, {
      buffered: { get: () => ({ length: 1, start: () => 10, end: () => 20 }) },
      paused: { get: () => false },
      currentTime: { get: () => currentTime, set: (value: number) => { currentTime = value; } },
      playbackRate: { get: () => rate, set: (value: number) => { rate = value; } },
      play: { value: () => Promise.resolve() },
    });
    for (let value = 1; value <= 100; value += 1) player.fragment(packet(PacketType.Fragment, value));
    const utcAt = (media: number): number => 1_000_100 + (media - 10) * 1000;
    player.follow(utcAt(15), 1);
    video.currentTime = 15;
    return { player, video, utcAt };
  }

  afterEach(() => {
    delete (HTMLVideoElement.prototype as unknown as Record<string, unknown>).requestVideoFrameCallback;
  });

  it("catches up where the browser composes each picture one late, though the clock of the element is right", () => {
    const { player, video, utcAt } = playing();
    player.follow(utcAt(15), 1);
    expect(video.playbackRate).toBe(1);
    const now = performance.now();
    for (let n = 0; n < 5; n += 1) compose(now, { mediaTime: 15 + n / 10, expectedDisplayTime: now + n * 100 + 110 });
    player.follow(utcAt(15), 1);
    expect(video.playbackRate).toBeGreaterThan(1.03);
    player.destroy();
  });

  it("goes by the clock of the element alone when that is far off", () => {
    const { player, video, utcAt } = playing();
    const now = performance.now();
    for (let n = 0; n < 5; n += 1) compose(now, { mediaTime: 15 + n / 10, expectedDisplayTime: now + n * 100 + 110 });
    player.follow(utcAt(14.7), 1);
    expect(video.playbackRate).toBeLessThan(0.9);
    player.destroy();
  });
});

describe("the watchdog", () => {
  it("barks when frames come for seconds and none is shown", () => {
    const dog = new Watchdog();
    for (let now = 0; now <= STUCK_MS + 100; now += 40) dog.fed(now);
    expect(dog.isStuck(STUCK_MS + 100)).toBe(true);
  });

  it("lies still while frames are shown, while none come, and for a lone still", () => {
    const dog = new Watchdog();
    for (let now = 0; now <= 60_000; now += 40) {
      dog.fed(now);
      if (now % 4000 === 0) dog.calm();
      expect(dog.isStuck(now)).toBe(false);
    }
    dog.calm();
    expect(dog.isStuck(120_000)).toBe(false);
    dog.fed(120_000);
    expect(dog.isStuck(200_000)).toBe(false);
  });
});

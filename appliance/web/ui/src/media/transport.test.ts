import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Deck, type Follower, type Readiness } from "./deck";
import { beside, factorText, faster, playForward, rewind, slower } from "./transport";

vi.mock("./backward", () => ({ canReverse: () => true }));

const NOW = 1_800_000_000_000;

class Tile implements Follower {
  calls: string[] = [];
  readiness: Readiness = "ready";
  next: number | null = null;
  frames: number | null = 40;
  seek = (at: number, key: boolean): void => void this.calls.push(`seek ${at - NOW}${key ? " key" : ""}`);
  goLive = (): void => void this.calls.push("live");
  setPlaying = (playing: boolean): void => void this.calls.push(playing ? "play" : "pause");
  setSpeed = (speed: number): void => {
    this.calls.push(`speed ${speed}`);
    this.at = deck.position() - NOW;
    perf += this.opensMs;
  };
  at = 0;
  opensMs = 0;
  follow = (): Readiness => this.readiness;
  resumesAt = (): number | null => this.next;
  step = (at: number, by: 1 | -1): Promise<number | null> => {
    this.calls.push(`step ${by}`);
    return Promise.resolve(this.frames === null ? null : at + by * this.frames);
  };
}

let perf = 0;
let now = NOW;
let deck: Deck;
let tile: Tile;
let other: Tile;

const pass = (ms: number): void => {
  perf += ms;
  now += ms;
};

beforeEach(() => {
  vi.useFakeTimers();
  perf = 0;
  now = NOW;
  deck = new Deck(() => now, () => perf);
  tile = new Tile();
  other = new Tile();
  deck.join(tile);
  deck.join(other);
  deck.seek(NOW - 60_000);
  deck.step();
  tile.calls = [];
  other.calls = [];
});

describe("speeds (D1-PL-09, D1-PB-20, D1-SR-09)", () => {
  it("go from a sixteenth to sixteen times, in either direction, and stop at the ends", () => {
    for (let n = 0; n < 6; n += 1) faster(deck);
    expect(deck.state.get().speed).toBe(16);
    for (let n = 0; n < 12; n += 1) slower(deck);
    expect(deck.state.get().speed).toBe(1 / 16);
    expect(beside(-1, 1)).toBe(-2);
    expect(beside(-16, 1)).toBe(-16);
    expect(beside(-2, -1)).toBe(-1);
    expect([1 / 16, 0.5, 1, -8].map(factorText)).toEqual(["1/16", "1/2", "1", "8"]);
  });

  it("reach every tile at the same instant, without a jump of the position", () => {
    pass(1000);
    faster(deck);
    expect(deck.position()).toBe(NOW - 59_000);
    expect([tile.calls, other.calls]).toEqual([["speed 2"], ["speed 2"]]);
    pass(1000);
    expect(deck.position()).toBe(NOW - 57_000);
  });

  it("are 1 again after a return to live", () => {
    faster(deck);
    deck.goLive();
    expect(deck.state.get().speed).toBe(1);
  });
});

describe("more than a browser can decode backward", () => {
  const opened: (() => void)[] = [];
  afterEach(() => opened.splice(0).forEach((leave) => leave()));

  it("is asked for as key frames only: by tiles and speed, and anew when there are fewer tiles", () => {
    for (let n = 0; n < 14; n += 1) opened.push(deck.join(new Tile()));
    rewind(deck);
    faster(deck);
    faster(deck);
    expect(deck.state.get()).toMatchObject({ speed: -4, keys: false });
    faster(deck);
    expect(deck.state.get()).toMatchObject({ speed: -8, keys: true });
    tile.calls = [];
    for (const leave of opened.splice(0, 8)) leave();
    expect(deck.state.get()).toMatchObject({ speed: -8, keys: false });
    expect(tile.calls).toEqual(["speed -8"]);
    playForward(deck);
    expect(deck.state.get()).toMatchObject({ speed: 1, keys: false });
  });
});

describe("backward", () => {
  it("waits until a tile has turned round, then the position falls", () => {
    tile.readiness = "wait";
    other.readiness = "wait";
    rewind(deck);
    expect(tile.calls).toEqual(["speed -1"]);
    pass(500);
    deck.step();
    expect(deck.position()).toBe(NOW - 60_000);
    other.readiness = "ready";
    tile.readiness = "ready";
    deck.step();
    pass(1000);
    expect(deck.position()).toBe(NOW - 61_000);
  });

  it("gives the other tiles a moment to be ready too, and not for ever", () => {
    tile.readiness = "wait";
    rewind(deck);
    pass(300);
    deck.step();
    pass(300);
    deck.step();
    expect(deck.position()).toBe(NOW - 60_000);
    pass(200);
    deck.step();
    pass(1000);
    expect(deck.position()).toBe(NOW - 61_000);
  });

  it("begins at the same instant on every tile, however long each takes to turn", () => {
    tile.opensMs = other.opensMs = 30;
    rewind(deck);
    expect([tile.at, other.at, deck.position() - NOW]).toEqual([-60_000, -60_000, -60_000]);
  });

  it("is paused by the same button, and goes on with it", () => {
    rewind(deck);
    rewind(deck);
    expect(deck.state.get()).toMatchObject({ playing: false, speed: -1 });
    rewind(deck);
    expect(deck.state.get()).toMatchObject({ playing: true, speed: -1 });
  });

  it("turns forward by the button of playing", () => {
    rewind(deck);
    playForward(deck);
    expect(deck.state.get()).toMatchObject({ playing: true, speed: 1 });
  });

  it("passes over a time in which nothing was recorded, to before it", () => {
    rewind(deck);
    deck.step();
    for (const each of [tile, other]) each.readiness = "gap";
    tile.next = NOW - 300_000;
    other.next = NOW - 200_000;
    deck.step();
    expect(deck.position()).toBe(NOW - 200_000);
    expect(tile.calls.at(-1)).toBe("seek -200000");
  });

  it("does not turn live near now", () => {
    deck.seek(NOW - 2000);
    rewind(deck);
    deck.step();
    perf += 100;
    now = NOW - 1900;
    deck.step();
    expect(deck.state.get().mode).toBe("past");
  });
});

describe("frame by frame", () => {
  it("stands still, follows the first tile with a picture, and brings the others there", async () => {
    tile.readiness = "wait";
    await deck.stepFrame(1);
    expect(deck.state.get().playing).toBe(false);
    expect(other.calls).toEqual(["pause", "step 1"]);
    expect(tile.calls).toEqual(["pause", "seek -59960"]);
    expect(deck.position()).toBe(NOW - 59_960);
    await deck.stepFrame(-1);
    expect(deck.position()).toBe(NOW - 60_000);
  });

  it("is forward and at 1x, so that every tile can show it", async () => {
    deck.setSpeed(-8);
    await deck.stepFrame(-1);
    expect(deck.state.get()).toMatchObject({ playing: false, speed: 1 });
  });

  it("stays where it is when there is no such frame", async () => {
    tile.frames = null;
    await deck.stepFrame(-1);
    expect(deck.position()).toBe(NOW - 60_000);
  });

  it("plays on from the frame", async () => {
    await deck.stepFrame(1);
    deck.setPlaying(true);
    expect(tile.calls.slice(-2)).toEqual(["play", "seek -59960"]);
    deck.step();
    pass(1000);
    expect(deck.position()).toBe(NOW - 58_960);
  });
});

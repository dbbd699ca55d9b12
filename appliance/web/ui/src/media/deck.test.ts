import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Status } from "../api/types";
import { box, takeStatus } from "../state/box";
import { Deck, deck as wallDeck, type Follower, type Readiness } from "./deck";

const NOW = 1_800_000_000_000;

class Tile implements Follower {
  calls: string[] = [];
  readiness: Readiness = "wait";
  next: number | null = null;
  seek = (at: number, key: boolean): void => void this.calls.push(`seek ${at - NOW}${key ? " key" : ""}`);
  goLive = (): void => void this.calls.push("live");
  setPlaying = (playing: boolean): void => void this.calls.push(playing ? "play" : "pause");
  setSpeed = (speed: number): void => void this.calls.push(`speed ${speed}`);
  follow = (): Readiness => this.readiness;
  resumesAt = (): number | null => this.next;
}

let perf = 0;
let now = NOW;
let deck: Deck;
let tile: Tile;

function pass(ms: number): void {
  perf += ms;
  now += ms;
}

beforeEach(() => {
  vi.useFakeTimers();
  perf = 0;
  now = NOW;
  deck = new Deck(() => now, () => perf);
  tile = new Tile();
  deck.join(tile);
});

describe("the shared clock", () => {
  it("is now while live", () => {
    pass(500);
    expect(deck.position()).toBe(NOW + 500);
  });

  it("waits at the new position until a tile has data, then runs", () => {
    deck.seek(NOW - 60_000);
    expect(tile.calls).toEqual(["seek -60000"]);
    pass(800);
    deck.step();
    expect(deck.position()).toBe(NOW - 60_000);
    tile.readiness = "ready";
    deck.step();
    pass(1000);
    expect(deck.position()).toBe(NOW - 59_000);
  });

  it("leads each of many tiles by the instant of its own turn, and all by one instant while it waits", () => {
    const led: number[] = [];
    const slow = new Tile();
    slow.follow = (at?: number): Readiness => {
      led.push(at! - NOW);
      pass(5); // so long it takes to lead a tile
      return slow.readiness;
    };
    tile.follow = slow.follow;
    deck.join(slow);
    deck.seek(NOW - 60_000);
    deck.step();
    expect(led.splice(0)).toEqual([-60_000, -60_000]);
    slow.readiness = "ready";
    deck.step();
    led.length = 0;
    deck.step();
    expect(led).toEqual([-60_000, -59_995]);
  });

  it("holds when every tile runs dry, instead of running away from the pictures", () => {
    deck.seek(NOW - 60_000);
    tile.readiness = "ready";
    deck.step();
    pass(2000);
    tile.readiness = "wait";
    deck.step();
    pass(5000);
    expect(deck.position()).toBe(NOW - 58_000);
  });

  it("passes over a time in which nothing was recorded on any tile", () => {
    deck.seek(NOW - 600_000);
    tile.readiness = "gap";
    tile.next = NOW - 300_000;
    deck.step();
    expect(tile.calls.at(-1)).toBe("seek -300000");
    expect(deck.position()).toBe(NOW - 300_000);
  });

  it("does not pass over it while another tile has a picture", () => {
    const other = new Tile();
    other.readiness = "ready";
    deck.join(other);
    deck.seek(NOW - 600_000);
    tile.readiness = "gap";
    tile.next = NOW - 300_000;
    deck.step();
    pass(1000);
    expect(deck.position()).toBe(NOW - 599_000);
  });

  it("goes live when it is moved to now, or has played up to now", () => {
    deck.seek(NOW - 500);
    expect(deck.state.get().mode).toBe("live");
    deck.seek(NOW - 10_000);
    tile.readiness = "ready";
    deck.step();
    perf += 10_000;
    deck.step();
    expect(deck.state.get().mode).toBe("live");
    expect(tile.calls.at(-1)).toBe("live");
  });

  it("stands still when paused, also from live", () => {
    deck.setPlaying(false);
    expect(deck.state.get()).toMatchObject({ mode: "past", playing: false });
    const at = deck.position();
    pass(5000);
    expect(deck.position()).toBe(at);
    expect(tile.calls).toContain("pause");
  });
});

describe("dragging the position (D1-PB-05)", () => {
  it("asks for key frames a few times a second only, and for the last position", () => {
    deck.scrub(NOW - 100_000);
    for (let i = 1; i <= 10; i += 1) {
      pass(10);
      deck.scrub(NOW - 100_000 - i * 1000);
    }
    expect(tile.calls).toEqual(["seek -100000 key"]);
    vi.advanceTimersByTime(200);
    expect(tile.calls).toEqual(["seek -100000 key", "seek -110000 key"]);
  });

  it("settles exactly where it is let go and goes on playing", () => {
    deck.seek(NOW - 500_000);
    deck.scrub(NOW - 100_000);
    deck.endScrub();
    expect(tile.calls.at(-1)).toBe("seek -100000");
    expect(deck.state.get()).toMatchObject({ scrubbing: false, playing: true, mode: "past" });
  });
});

describe("the deck of the page", () => {
  it("runs on the clock of the box, wherever the clock of this computer stands", () => {
    const hourOff = Date.now() - 3_600_000;
    takeStatus({ box: { zone: "UTC", time: hourOff } } as Status);
    expect(Math.abs(wallDeck.position() - hourOff)).toBeLessThan(1000);
    takeStatus({ box: { zone: "UTC", time: Date.now() } } as Status);
    box.update({ status: null });
  });
});

import { beforeEach, expect, it, vi } from "vitest";
import type { Connection } from "./connection";
import { Feed } from "./feed";

const followed: [number, number][] = [];
let holds = true;

vi.mock("./backward", () => ({
  BackwardPlayer: class {
    video = document.createElement("video");
    holds = (): boolean => holds;
    follow = (utcMs: number, speed: number): void => void followed.push([utcMs, speed]);
    setPaused(): void {}
    sized(): void {}
    destroy(): void {}
  },
}));

const T = 1_800_000_000_000;

beforeEach(() => {
  followed.length = 0;
  holds = true;
});

it("a tile without a picture stands still at the clock of the wall, instead of running ahead of it backward", () => {
  const connection = { roundTripMs: 0, open: () => ({ close: () => {}, send: () => {} }) } as unknown as Connection;
  const request = { channel: 1, stream: "sub" as const, at: T, paused: false, speed: -16, keys: false, audio: false };
  const feed = new Feed(connection, request, { notice: () => {}, shown: () => {}, failed: () => {}, keysOnly: () => {}, lost: () => {} });
  expect(feed.follow(T, -16)).toBe("ready");
  holds = false;
  expect(feed.follow(T - 1600, -16)).toBe("wait");
  expect(followed).toEqual([[T, -16], [T - 1600, 0]]);
  feed.close();
});

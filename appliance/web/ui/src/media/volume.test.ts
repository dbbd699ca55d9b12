import { afterEach, describe, expect, it } from "vitest";
import { followVolume, setVolume, volume } from "./volume";

afterEach(() => {
  setVolume(1);
  localStorage.clear();
});

describe("the volume", () => {
  it("holds for every element that plays sound, until it is let go", () => {
    const [one, other] = [document.createElement("audio"), document.createElement("audio")];
    const letGo = followVolume(one);
    followVolume(other);
    setVolume(0.4);
    expect([one.volume, other.volume]).toEqual([0.4, 0.4]);
    letGo();
    setVolume(0.2);
    expect([one.volume, other.volume]).toEqual([0.4, 0.2]);
  });
  it("is remembered, and never outside of what an element takes", () => {
    setVolume(7);
    expect(volume.get()).toBe(1);
    setVolume(-1);
    expect(volume.get()).toBe(0);
    setVolume(Number.NaN);
    expect(JSON.parse(localStorage.getItem("nvr.volume")!)).toBe(1);
  });
});

import { describe, expect, it } from "vitest";
import { clockOf, startOf } from "./mp4";

const u32 = (...values: number[]): number[] => values.flatMap((value) => [(value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]);
const box = (type: string, ...parts: number[][]): number[] => {
  const body = parts.flat();
  return [...u32(body.length + 8), ...[...type].map((c) => c.charCodeAt(0)), ...body];
};
const track = (id: number, handler: string, scale: number): number[] =>
  box("trak", box("tkhd", u32(0, 0, 0, id)), box("mdia", box("mdhd", u32(0, 0, 0, scale)), box("hdlr", u32(0, 0), [...handler].map((c) => c.charCodeAt(0)))));
const init = (...tracks: number[][]): Uint8Array => new Uint8Array([...box("ftyp", u32(0)), ...box("moov", ...tracks)]);
const fragment = (id: number, base: number, offset: number): Uint8Array =>
  new Uint8Array([...box("moof", box("mfhd", u32(0, 1)), box("traf", box("tfhd", u32(0, id)), box("tfdt", u32(0x0100_0000, 0, base)), box("trun", u32(0x0100_0000 | 0x800 | 0x200 | 0x1, 1, 0, 1000, offset)))), ...box("mdat", [1, 2, 3])]);

describe("the clock of an init segment", () => {
  it("is that of the video track, also behind a sound track", () => {
    expect(clockOf(init(track(2, "soun", 48_000), track(1, "vide", 90_000)))).toEqual({ trackId: 1, timescale: 90_000 });
  });
  it("is that of the only track of sound", () => {
    expect(clockOf(init(track(2, "soun", 16_000)))).toEqual({ trackId: 2, timescale: 16_000 });
  });
  it("is unknown for what is no init segment", () => {
    expect(clockOf(new Uint8Array([0, 0, 0, 9, 1]))).toBeNull();
    expect(clockOf(init(track(1, "vide", 0)))).toBeNull();
  });
});

describe("the start of a fragment", () => {
  const clock = { trackId: 1, timescale: 90_000 };
  it("is when its first sample is shown", () => {
    expect(startOf(fragment(1, 180_000, 0), clock)).toBe(2);
    expect(startOf(fragment(1, 180_000, 9000), clock)).toBeCloseTo(2.1);
  });
  it("takes signed offsets", () => {
    expect(startOf(fragment(1, 180_000, -9000), clock)).toBeCloseTo(1.9);
  });
  it("is unknown for other tracks and for garbage", () => {
    expect(startOf(fragment(2, 0, 0), clock)).toBeNull();
    expect(startOf(new Uint8Array([255, 255, 255, 255, 109, 111, 111, 102]), clock)).toBeNull();
  });
});

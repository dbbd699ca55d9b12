import { afterEach, expect, it, vi } from "vitest";
import { soundStream } from "./sound";

const audio = { codec: "aac", sample_rate: 16_000, channels: 1 };
afterEach(() => vi.unstubAllGlobals());

it("comes with the sub stream where that has sound, else with a main stream that can be shown", () => {
  vi.stubGlobal("MediaSource", { isTypeSupported: (type: string) => type.includes("avc1") });
  expect(soundStream({ streams: { main: { codec_string: "avc1.640028", audio }, sub: { audio } } })).toBe("sub");
  expect(soundStream({ streams: { main: { codec_string: "avc1.640028", audio }, sub: { audio: null } } })).toBe("main");
  expect(soundStream({ streams: { main: { codec_string: "hvc1.1.6.L120.B0", audio }, sub: {} } })).toBeNull();
  expect(soundStream({ streams: { main: { codec_string: "avc1.640028" } } })).toBeNull();
});

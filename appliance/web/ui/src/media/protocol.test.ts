import { describe, expect, it } from "vitest";
import { decodePacket, PacketType } from "./protocol";

function message(flags: number, utcUs: bigint, version = 1): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(24 + 3));
  view.setUint8(0, version);
  view.setUint8(1, 2);
  view.setUint16(2, flags);
  view.setUint32(4, 7);
  view.setBigInt64(8, utcUs);
  view.setUint32(16, 40_000);
  view.setUint32(20, 12_500);
  view.setUint8(24, 0xab);
  return view.buffer;
}

describe("binary messages of the media session", () => {
  it("are read big-endian with times in milliseconds", () => {
    const packet = decodePacket(message(1, 1_795_256_937_077_250n))!;
    expect(packet.type).toBe(PacketType.Fragment);
    expect(packet).toMatchObject({ id: 7, key: true, discontinuity: false, audio: false, utcMs: 1_795_256_937_077.25, durationMs: 40, ageMs: 12.5 });
    expect([...packet.payload]).toEqual([0xab, 0, 0]);
  });

  it("carry each flag on its own bit", () => {
    expect(decodePacket(message(2, 0n))).toMatchObject({ key: false, discontinuity: true, damaged: false, audio: false });
    expect(decodePacket(message(4 | 8, 0n))).toMatchObject({ damaged: true, audio: true });
  });

  it("of another version or cut short are passed over", () => {
    expect(decodePacket(message(0, 0n, 2))).toBeNull();
    expect(decodePacket(new ArrayBuffer(23))).toBeNull();
  });
});

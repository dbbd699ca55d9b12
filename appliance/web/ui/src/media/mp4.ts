/** As much of ISO/IEC 14496-12 as the player needs: the video track's clock and where a fragment starts. */

export interface Clock {
  trackId: number;
  timescale: number;
}

interface Box {
  start: number;
  end: number;
}

function* boxes(view: DataView, from: number, to: number, name: string): Generator<Box> {
  let at = from;
  while (at + 8 <= to) {
    let length = view.getUint32(at);
    let head = 8;
    if (length === 1 && at + 16 <= to) {
      length = Number(view.getBigUint64(at + 8));
      head = 16;
    } else if (length === 0) length = to - at;
    if (length < head || at + length > to) return;
    const type = String.fromCharCode(view.getUint8(at + 4), view.getUint8(at + 5), view.getUint8(at + 6), view.getUint8(at + 7));
    if (type === name) yield { start: at + head, end: at + length };
    at += length;
  }
}

function first(view: DataView, within: Box, ...path: string[]): Box | null {
  let box: Box | null = within;
  for (const name of path) {
    if (!box) return null;
    box = boxes(view, box.start, box.end, name).next().value ?? null;
  }
  return box;
}

const whole = (data: Uint8Array): [DataView, Box] => [
  new DataView(data.buffer, data.byteOffset, data.byteLength),
  { start: 0, end: data.byteLength },
];

/** The clock of the first video track of an initialisation segment (of its first track if none is video). */
export function clockOf(init: Uint8Array): Clock | null {
  const [view, all] = whole(init);
  const moov = first(view, all, "moov");
  if (!moov) return null;
  let found: Clock | null = null;
  for (const trak of boxes(view, moov.start, moov.end, "trak")) {
    const tkhd = first(view, trak, "tkhd");
    const mdhd = first(view, trak, "mdia", "mdhd");
    const hdlr = first(view, trak, "mdia", "hdlr");
    if (!tkhd || !mdhd || !hdlr) continue;
    const clock = {
      trackId: view.getUint32(tkhd.start + (view.getUint8(tkhd.start) === 1 ? 20 : 12)),
      timescale: view.getUint32(mdhd.start + (view.getUint8(mdhd.start) === 1 ? 20 : 12)),
    };
    if (clock.timescale === 0) continue;
    if (view.getUint32(hdlr.start + 8) === 0x76696465) return clock; // "vide"
    found ??= clock;
  }
  return found;
}

/** When the first sample of `clock`'s track in a fragment is shown, in seconds of the track's clock. */
export function startOf(fragment: Uint8Array, clock: Clock): number | null {
  const [view, all] = whole(fragment);
  for (const moof of boxes(view, all.start, all.end, "moof")) {
    for (const traf of boxes(view, moof.start, moof.end, "traf")) {
      const tfhd = first(view, traf, "tfhd");
      const tfdt = first(view, traf, "tfdt");
      if (!tfhd || !tfdt || view.getUint32(tfhd.start + 4) !== clock.trackId) continue;
      const base = view.getUint8(tfdt.start) === 1 ? Number(view.getBigUint64(tfdt.start + 4)) : view.getUint32(tfdt.start + 4);
      const trun = first(view, traf, "trun");
      return (base + (trun ? firstOffset(view, trun) : 0)) / clock.timescale;
    }
  }
  return null;
}

function firstOffset(view: DataView, trun: Box): number {
  const flags = view.getUint32(trun.start) & 0xffffff;
  if ((flags & 0x800) === 0 || view.getUint32(trun.start + 4) === 0) return 0;
  let at = trun.start + 8;
  for (const bit of [0x1, 0x4, 0x100, 0x200, 0x400]) if (flags & bit) at += 4;
  return at + 4 <= trun.end ? view.getInt32(at) : 0;
}

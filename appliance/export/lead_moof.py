"""The first fragment of a file without the samples before the key frame that the file begins with.

Only its `moof` says so: it keeps its size (a `free` box takes the room) and the media stay.  The
original goes along in the head of the file and in the manifest, for the fragment to be checked.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from appliance.media.errors import MediaError
from appliance.media.mp4.boxes import BoxSpan, walk
from appliance.media.mp4.reader import parse_fragment
from appliance.storage.boxes import BOX_HEAD, USER_HEAD, box_head

ORIGINAL_TYPE = bytes.fromhex("6e76722d6c6561642d6d6f6f662d7631")
"""User type of the `uuid` box that holds the original."""

_DATA_OFFSET, _FIRST_FLAGS = 0x001, 0x004
_COLUMNS = (0x100, 0x200, 0x400, 0x800)


class Trimmed(NamedTuple):
    """A `moof` without its first video samples, and how long those last (ticks)."""

    moof: bytes
    ticks: int


def without_first(moof: bytes, track: int, count: int) -> Trimmed | None:
    """Return `moof` without the first `count` samples of the video; None where that cannot be."""
    try:
        found = next((t for t in parse_fragment(moof) if t.track_id == track), None)
        top = next(walk(moof))
        trafs = [span for span in walk(moof, top.body, top.end) if span.kind == b"traf"]
        parts = [list(walk(moof, traf.body, traf.end)) for traf in trafs]
    except (MediaError, StopIteration):
        return None
    if found is None or not 0 < count < len(found.samples):
        return None
    skipped = found.samples[:count]
    for boxes in parts:
        kinds = [span.kind for span in boxes]
        if sorted(kinds) != [b"tfdt", b"tfhd", b"trun"]:
            continue
        tfhd, tfdt, trun = (boxes[kinds.index(kind)] for kind in (b"tfhd", b"tfdt", b"trun"))
        if _u32(moof, tfhd.body + 4) == track and moof[tfdt.body] == 1:
            shorter = _shorter(moof, trun, count, sum(s.size for s in skipped))
            if shorter is None:
                return None
            ticks = sum(s.duration for s in skipped)
            made = bytearray(moof)
            made[trun.start : trun.end] = shorter
            struct.pack_into(">Q", made, tfdt.body + 4, found.base_dts + ticks)
            return Trimmed(bytes(made), ticks)
    return None


def original_box(moof: bytes) -> bytes:
    """Return the box in which the original goes along."""
    return box_head(b"uuid", USER_HEAD + len(moof)) + ORIGINAL_TYPE + moof


def _shorter(moof: bytes, trun: BoxSpan, count: int, skipped_bytes: int) -> bytes | None:
    """Return the `trun` without its first samples, and the `free` box in their place."""
    flags = _u32(moof, trun.body) & 0xFF_FFFF
    cut = 4 * count * sum(bool(flags & column) for column in _COLUMNS)
    if flags & _FIRST_FLAGS or not flags & _DATA_OFFSET or cut < BOX_HEAD:
        return None
    samples, offset = struct.unpack_from(">Ii", moof, trun.body + 4)
    entries = trun.body + 12
    return b"".join(
        (
            box_head(b"trun", trun.end - trun.start - cut),
            moof[trun.body : trun.body + 4],
            struct.pack(">Ii", samples - count, offset + skipped_bytes),
            moof[entries + cut : trun.end],
            box_head(b"free", cut),
            bytes(cut - BOX_HEAD),
        )
    )


def _u32(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "big")

"""The few MP4 boxes that the store itself reads and writes (ISO/IEC 14496-12 section 4.2)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from appliance.storage.errors import BlockFormatError
from appliance.storage.model import Buffer

FRAGMENT_TYPE = bytes.fromhex("6e76722d667261676d656e742d763101")
STATE_TYPE = bytes.fromhex("6e76722d73746174652d2d2d2d763101")
INDEX_TYPE = bytes.fromhex("6e76722d696e6465782d2d2d2d763101")
"""User types of our `uuid` boxes; a `free` box that waits to become one carries them too."""

BOX_HEAD = 8
USER_HEAD = 24
_SIZE_TYPE = struct.Struct(">I4s")


class Box(NamedTuple):
    """A box found in bytes: type, where it starts, its size with header, size of the header."""

    kind: bytes
    start: int
    size: int
    header: int


def box_head(kind: bytes, size: int) -> bytes:
    """The first eight bytes of a box of `size` bytes in all."""
    return _SIZE_TYPE.pack(size, kind)


def free_box(size: int) -> bytes:
    """A whole `free` box; size >= 8."""
    return box_head(b"free", size) + bytes(size - BOX_HEAD)


def parse_box(data: Buffer, start: int = 0) -> Box:
    """Read one box header; BlockFormatError if there is none."""
    if len(data) - start < BOX_HEAD:
        raise BlockFormatError("box cut off")
    size, kind = _SIZE_TYPE.unpack_from(data, start)
    header = BOX_HEAD
    if size == 1:
        if len(data) - start < 16:
            raise BlockFormatError("box cut off")
        size = int.from_bytes(data[start + 8 : start + 16], "big")
        header = 16
    if size < header:
        raise BlockFormatError("box too small")
    return Box(kind, start, size, header)


def boxes(data: Buffer, start: int, end: int) -> Iterator[Box]:
    """The boxes that lie whole within [start, end); stops at the first that does not."""
    while start + BOX_HEAD <= end:
        box = parse_box(data, start)
        if box.start + box.size > end:
            raise BlockFormatError("box reaches beyond its parent")
        yield box
        start += box.size


def find(data: Buffer, path: tuple[bytes, ...], start: int, end: int) -> list[Box]:
    """All boxes at a path such as (moov, trak, tkhd)."""
    found = [box for box in boxes(data, start, end) if box.kind == path[0]]
    if len(path) == 1:
        return found
    return [
        b
        for box in found
        for b in find(data, path[1:], box.start + box.header, box.start + box.size)
    ]


def video_track(head: bytes) -> int:
    """The track_ID of the first video track of `ftyp`+`moov`; 0 if there is none."""
    try:
        for trak in find(head, (b"moov", b"trak"), 0, len(head)):
            inner = (trak.start + trak.header, trak.start + trak.size)
            for hdlr in find(head, (b"mdia", b"hdlr"), *inner):
                if head[hdlr.start + 16 : hdlr.start + 20] != b"vide":
                    continue
                for tkhd in find(head, (b"tkhd",), *inner):
                    at = tkhd.start + (28 if head[tkhd.start + 8] == 1 else 20)
                    return int.from_bytes(head[at : at + 4], "big")
    except BlockFormatError:
        return 0
    return 0


def timescales(head: bytes) -> dict[int, int]:
    """Ticks per second by track_ID; empty where `ftyp`+`moov` cannot be read."""
    found: dict[int, int] = {}
    try:
        for trak in find(head, (b"moov", b"trak"), 0, len(head)):
            inner = (trak.start + trak.header, trak.start + trak.size)
            for tkhd in find(head, (b"tkhd",), *inner):
                at = tkhd.start + (28 if head[tkhd.start + 8] == 1 else 20)
                track = int.from_bytes(head[at : at + 4], "big")
                for mdhd in find(head, (b"mdia", b"mdhd"), *inner):
                    at = mdhd.start + (28 if head[mdhd.start + 8] == 1 else 20)
                    found[track] = int.from_bytes(head[at : at + 4], "big")
    except (BlockFormatError, IndexError):
        return {}
    return found


def decode_time(moof: Buffer, track: int) -> int | None:
    """`tfdt` of a track in a fragment, in ticks of its timescale; None where it has none."""
    return next((time for number, _at, _wide, time in _times(moof) if number == track), None)


def shift_times(moof: Buffer, scales: dict[int, int], track: int, ticks: int) -> bytes:
    """The same `moof` with all its `tfdt` later by `ticks` of the timescale of `track`."""
    numbers = {number for number, _at, _wide, _time in _times(moof)}
    return move_times(moof, {n: ticks * scales.get(n, scales[track]) // scales[track]
                             for n in numbers})  # fmt: skip


def move_times(moof: Buffer, ticks: Mapping[int, int]) -> bytes:
    """The same `moof` with the `tfdt` of each track later by its `ticks`; negated, they undo it."""
    shifted = bytearray(moof)
    for number, at, wide, time in _times(moof):
        size = 8 if wide else 4
        later = (time + ticks.get(number, 0)) % (1 << 8 * size)
        shifted[at : at + size] = later.to_bytes(size, "big")
    return bytes(shifted)


def _times(moof: Buffer) -> list[tuple[int, int, bool, int]]:
    """(track_ID, offset of the `tfdt` value, whether it has 64 bits, value) of every track."""
    found = []
    try:
        for traf in find(moof, (b"moof", b"traf"), 0, parse_box(moof).size):
            track = 0
            for box in boxes(moof, traf.start + traf.header, traf.start + traf.size):
                if box.kind == b"tfhd":
                    track = int.from_bytes(moof[box.start + 12 : box.start + 16], "big")
                elif box.kind == b"tfdt":
                    wide, at = moof[box.start + 8] == 1, box.start + 12
                    value = int.from_bytes(moof[at : at + (8 if wide else 4)], "big")
                    found.append((track, at, wide, value))
    except (BlockFormatError, IndexError):
        return []
    return found


def uses_in_band(head: bytes) -> bool:
    """Whether the sample entry takes its parameter sets in band (ISO/IEC 14496-15: avc3, hev1)."""
    return b"avc3" in head or b"hev1" in head

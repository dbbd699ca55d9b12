"""The synthesised ends of an exported MP4: `ftyp moov sidx` in front, `mfra` behind.

Tracks and sample entries are those of the blocks; added are durations, the edit list that hides
what is before the cut, and when and where the footage was taken (ISO/IEC 14496-12).
"""

from __future__ import annotations

import struct
import sys
from array import array
from dataclasses import dataclass
from itertools import accumulate, chain, compress, islice
from operator import add

from appliance.export.gather import Columns
from appliance.media.mp4.boxes import BoxSpan, box, children, full_box, require, walk
from appliance.storage.boxes import timescales, video_track

NS = 1_000_000_000
MOVIE_SCALE = 1000
MOST_REFERENCES = 20_000
_EPOCH_1904 = 2_082_844_800
_UTF8 = 1
_ACCESS = struct.Struct(">QQBBB")
_MOST32 = 0xFFFF_FFFF
_STARTS_WITH_KEY = 0x9000_0000


@dataclass(frozen=True, slots=True)
class Words:
    """What a player may show of a file: title, local start with its offset, who made it."""

    title: str
    date: str
    tool: str
    comment: str


@dataclass(frozen=True, slots=True)
class Cut:
    """What of the tracks is to be seen: from `start` on, for `duration` ticks of the video."""

    start: int
    duration: int


def movie_head(head: bytes, cut: Cut, start_ns: int, words: Words) -> bytes:
    """Return `ftyp` + `moov` made from a block's `head`.

    `start_ns` is the UTC of the cut.  Raises MalformedError where `head` is none.
    """
    track, scales = video_track(head), timescales(head)
    scale = scales.get(track, 1)
    length = cut.duration * MOVIE_SCALE // scale
    created = start_ns // NS + _EPOCH_1904
    top = {span.kind: span for span in walk(head)}
    moov = require(top, b"moov")
    parts = []
    for span in walk(head, moov.body, moov.end):
        if span.kind == b"mvhd":
            parts.append(_movie_header(head, span, created, length))
        elif span.kind == b"trak":
            parts.append(_trak(head, span, cut, scale, scales, created, length))
        elif span.kind == b"mvex":
            parts.append(_extends(head, span, length))
        elif span.kind != b"udta":
            parts.append(head[span.start : span.end])
    ftyp = require(top, b"ftyp")
    return head[ftyp.start : ftyp.end] + box(b"moov", *parts, _words(words))


def _movie_header(head: bytes, span: BoxSpan, created: int, length: int) -> bytes:
    rest = head[span.body + (32 if head[span.body] == 1 else 20) : span.end]
    return full_box(
        b"mvhd", 1, 0, struct.pack(">QQIQ", created, created, MOVIE_SCALE, length), rest
    )


def _trak(
    head: bytes,
    span: BoxSpan,
    cut: Cut,
    scale: int,
    scales: dict[int, int],
    created: int,
    length: int,
) -> bytes:
    found = children(head, span)
    tkhd = require(found, b"tkhd", 84)
    version_one = head[tkhd.body] == 1
    flags = int.from_bytes(head[tkhd.body + 1 : tkhd.body + 4], "big")
    number = int.from_bytes(head[tkhd.body + (20 if version_one else 12) :][:4], "big")
    rest = head[tkhd.body + (36 if version_one else 24) : tkhd.end]
    times = struct.pack(">QQIIQ", created, created, number, 0, length)
    start = cut.start * scales.get(number, scale) // scale
    edits = struct.pack(">IQqHH", 1, length, start, 1, 0)
    parts = [full_box(b"tkhd", 1, flags, times, rest), box(b"edts", full_box(b"elst", 1, 0, edits))]
    parts += [
        head[inner.start : inner.end]
        for inner in walk(head, span.body, span.end)
        if inner.kind not in (b"tkhd", b"edts")
    ]
    return box(b"trak", *parts)


def _extends(head: bytes, span: BoxSpan, length: int) -> bytes:
    parts = [full_box(b"mehd", 1, 0, struct.pack(">Q", length))]
    parts += [
        head[inner.start : inner.end]
        for inner in walk(head, span.body, span.end)
        if inner.kind != b"mehd"
    ]
    return box(b"mvex", *parts)


def _words(words: Words) -> bytes:
    """Return `udta` as iTunes and QuickTime files have it; read by ffprobe, VLC, GStreamer."""
    handler = struct.pack(">I4s4s8x", 0, b"mdir", b"appl") + b"\0"
    items = [
        box(kind, box(b"data", struct.pack(">II", _UTF8, 0), text.encode()))
        for kind, text in (
            (b"\xa9nam", words.title),
            (b"\xa9day", words.date),
            (b"\xa9too", words.tool),
            (b"\xa9cmt", words.comment),
        )
        if text
    ]
    meta = full_box(b"meta", 0, 0, full_box(b"hdlr", 0, 0, handler), box(b"ilst", *items))
    return box(b"udta", meta)


def segment_index(references: Columns, track: int, scale: int, offset: int, end: int) -> bytes:
    """Return the `sidx` of fragments that follow it at once (section 8.16.3).

    `offset` is pts - dts of the first sample, `end` the time at which the last one ends.  A
    reference begins at a `moof`: the `uuid` box in front belongs to the one before.  Which
    fragment begins with a key frame is told as far as the store knows it.
    """
    count = len(references)
    step = -(-count // MOST_REFERENCES)
    sizes = array("Q", map(add, references.sizes, chain(references.fronts[1:], (0,))))
    times, keys = references.times, references.keys
    if step > 1:
        sizes = array("Q", (sum(sizes[at : at + step]) for at in range(0, count, step)))
        times, keys = times[::step], keys[::step]
    table = array("I", bytes(12 * len(sizes)))
    table[0::3] = array("I", [size & 0x7FFF_FFFF for size in sizes])
    table[1::3] = array("I", [
        min(max(0, following - time), _MOST32)
        for time, following in zip(times, [*times[1:], end], strict=True)
    ])  # fmt: skip
    table[2::3] = array("I", [_STARTS_WITH_KEY if key else 0 for key in keys])
    if sys.byteorder == "little":
        table.byteswap()
    fields = struct.pack(
        ">IIQQHH", track, scale, times[0] + offset, references.fronts[0], 0, len(sizes)
    )
    return full_box(b"sidx", 1, 0, fields, table.tobytes())


def random_access(references: Columns, track: int, offset: int, begin: int) -> bytes:
    """Return the `mfra` over fragments that begin with a key frame; `begin` is where they start.

    Of many, each so many-th: no more than `MOST_REFERENCES`.
    """
    ends = accumulate(map(add, references.fronts, references.sizes), initial=begin)
    rows = compress(zip(references.times, references.fronts, ends, strict=False), references.keys)
    step = max(1, -(-sum(references.keys) // MOST_REFERENCES))
    entries = b"".join(
        _ACCESS.pack(time + offset, at + front, 1, 1, 1)
        for time, front, at in islice(rows, 0, None, step)
    )
    count = len(entries) // _ACCESS.size
    tfra = full_box(b"tfra", 1, 0, struct.pack(">III", track, 0, count), entries)
    size = 8 + len(tfra) + 16
    return box(b"mfra", tfra, full_box(b"mfro", 0, 0, struct.pack(">I", size)))

"""The synthesised ends of an exported MP4: `ftyp moov sidx` in front, `mfra` behind.

Tracks and sample entries are those of the blocks; added are durations, the edit list that hides
what is before the cut, and when and where the footage was taken (ISO/IEC 14496-12).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from appliance.media.mp4.boxes import BoxSpan, box, children, full_box, require, walk
from appliance.storage.boxes import timescales, video_track

NS = 1_000_000_000
MOVIE_SCALE = 1000
MOST_REFERENCES = 20_000
_EPOCH_1904 = 2_082_844_800
_UTF8 = 1
_ACCESS_BYTES = 19


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


@dataclass(frozen=True, slots=True)
class Reference:
    """A fragment as the indexes name it.

    `time` in ticks of the video on the file's clock, `front` bytes before its `moof`, `size` bytes
    of `moof` + `mdat`.
    """

    time: int
    front: int
    size: int
    key: bool


def segment_index(
    references: Sequence[Reference], track: int, scale: int, offset: int, end: int
) -> bytes:
    """Return the `sidx` of fragments that follow it at once (section 8.16.3).

    `offset` is pts - dts of the first sample, `end` the time at which the last one ends.  A
    reference begins at a `moof`: the `uuid` box in front belongs to the one before.  Which
    fragment begins with a key frame is told as far as the store knows it.
    """
    step = -(-len(references) // MOST_REFERENCES)
    entries = bytearray()
    for at in range(0, len(references), step):
        until = min(at + step, len(references))
        following = references[until] if until < len(references) else None
        size = sum(r.size for r in references[at:until])
        size += sum(r.front for r in references[at + 1 : until + 1])
        duration = max(0, (following.time if following else end) - references[at].time)
        sap = 0x9000_0000 if references[at].key else 0
        entries += struct.pack(">III", size & 0x7FFF_FFFF, min(duration, 0xFFFF_FFFF), sap)
    first = references[0]
    fields = struct.pack(
        ">IIQQHH", track, scale, first.time + offset, first.front, 0, len(entries) // 12
    )
    return full_box(b"sidx", 1, 0, fields, bytes(entries))


def random_access(references: Sequence[Reference], track: int, offset: int, begin: int) -> bytes:
    """Return the `mfra` over fragments that begin with a key frame; `begin` is where they start."""
    entries = bytearray()
    at = begin
    for r in references:
        if r.key:
            entries += struct.pack(">QQBBB", r.time + offset, at + r.front, 1, 1, 1)
        at += r.front + r.size
    tfra = full_box(
        b"tfra", 1, 0, struct.pack(">III", track, 0, len(entries) // 19), bytes(entries)
    )
    size = 8 + len(tfra) + 16
    return box(b"mfra", tfra, full_box(b"mfro", 0, 0, struct.pack(">I", size)))

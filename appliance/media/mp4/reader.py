"""Reads fragmented MP4 back: tracks of an init segment, samples of a fragment."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from appliance.media.errors import LimitError, MalformedError
from appliance.media.mp4.boxes import BoxSpan, Buffer, children, require, walk
from appliance.media.mp4.stsd import Entry, parse_stsd
from appliance.media.types import TrackFormat

MAX_SAMPLES = 65_536
"""Samples of one fragment that are still believed: an hour of sound packets."""

MAX_TRACKS = 64
_NOT_SYNC = 0x0001_0000
_I32 = struct.Struct(">I")
_I64 = struct.Struct(">Q")


class Defaults(NamedTuple):
    """What `trex` says of samples that say nothing themselves."""

    duration: int = 0
    size: int = 0
    flags: int = 0


NO_DEFAULTS = Defaults()


@dataclass(frozen=True, slots=True)
class ReadTrack:
    """One track of an init segment.

    `entry` is the four-character code of its sample entry, `config` the body of its decoder
    configuration box (`avcC`, `hvcC`, `esds`, `dOps`; empty where there is none).  `format` is
    None for a coding that this program does not know.  `timescale` is in ticks per second.
    """

    track_id: int
    timescale: int
    entry: str
    config: bytes
    format: TrackFormat | None
    defaults: Defaults = NO_DEFAULTS

    @property
    def in_band(self) -> bool:
        """Whether parameter sets may come in the samples."""
        return self.entry in ("avc3", "hev1")


class Sample(NamedTuple):
    """One sample; times in ticks, `offset` is pts - dts, `data_offset` counts from the buffer."""

    duration: int
    size: int
    key: bool
    offset: int
    data_offset: int


class TrackSamples(NamedTuple):
    """The samples of one track in a fragment, in decoding order."""

    track_id: int
    base_dts: int
    samples: list[Sample]


def parse_init(data: Buffer) -> list[ReadTrack]:
    """Return the tracks of `ftyp` + `moov` (boxes behind `moov` are not read).

    Raises MalformedError or LimitError, nothing else, whatever the bytes.
    """
    for span in walk(data):
        if span.kind == b"moov":
            return _tracks(data, span)
    raise MalformedError("there is no moov box")


def parse_fragment(
    data: Buffer, defaults: Mapping[int, Defaults] | None = None
) -> list[TrackSamples]:
    """Return the samples of the first `moof` in `data`, which may start with other boxes.

    `defaults` come from the init segment's `trex`, needed only for other programs' files.
    Samples must lie inside `data` unless it ends with or before the `mdat` header (then only the
    moof was read).  Raises MalformedError or LimitError, nothing else.
    """
    moof, limit = _find_moof(data)
    found = [
        _track_samples(data, moof, span, defaults or {})
        for span in walk(data, moof.body, moof.end)
        if span.kind == b"traf"
    ]
    if sum(len(track.samples) for track in found) > MAX_SAMPLES:
        raise LimitError("too many samples in a fragment")
    if limit is not None:
        for track in found:
            for sample in track.samples:
                if sample.data_offset < moof.end or sample.data_offset + sample.size > limit:
                    raise MalformedError("a sample lies outside its fragment")
    return found


def _find_moof(data: Buffer) -> tuple[BoxSpan, int | None]:
    """Return the first moof and where the data ends, None when the payload is not there."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"moof":
            span = next(walk(data, at, min(len(data), at + max(size, 8))))
            behind = len(data) - span.end
            return span, len(data) if behind > 16 else None
        if size < 8:
            raise MalformedError("a box in front of moof has no usable size")
        at += size
    raise MalformedError("there is no moof box")


def _tracks(data: Buffer, moov: BoxSpan) -> list[ReadTrack]:
    defaults: dict[int, Defaults] = {}
    traks: list[BoxSpan] = []
    for span in walk(data, moov.body, moov.end):
        if span.kind == b"trak":
            traks.append(span)
        elif span.kind == b"mvex":
            for inner in walk(data, span.body, span.end):
                if inner.kind == b"trex" and inner.end - inner.body >= 24:
                    values = struct.unpack_from(">5I", data, inner.body + 4)
                    defaults[values[0]] = Defaults(*values[2:])
    if len(traks) > MAX_TRACKS:
        raise LimitError("too many tracks")
    return [_track(data, span, defaults) for span in traks]


def _track(data: Buffer, trak: BoxSpan, defaults: Mapping[int, Defaults]) -> ReadTrack:
    parts = children(data, trak)
    header = require(parts, b"tkhd", 84)
    version_one = data[header.body] == 1
    track_id = _I32.unpack_from(data, header.body + (20 if version_one else 12))[0]
    media = children(data, require(parts, b"mdia"))
    header = require(media, b"mdhd", 24)
    version_one = data[header.body] == 1
    timescale = _I32.unpack_from(data, header.body + (20 if version_one else 12))[0]
    if not timescale:
        raise MalformedError("a track has no timescale")
    handler = require(media, b"hdlr", 12)
    kind = bytes(data[handler.body + 8 : handler.body + 12])
    information = children(data, require(media, b"minf"))
    tables = children(data, require(information, b"stbl"))
    stsd = require(tables, b"stsd", 8)
    entry: Entry = parse_stsd(data, stsd, kind, timescale)
    return ReadTrack(
        track_id,
        timescale,
        entry.kind,
        entry.config,
        entry.format,
        defaults.get(track_id, NO_DEFAULTS),
    )


def _track_samples(
    data: Buffer, moof: BoxSpan, traf: BoxSpan, defaults: Mapping[int, Defaults]
) -> TrackSamples:
    track_id, base, default = 0, moof.start, NO_DEFAULTS
    base_dts = 0
    samples: list[Sample] = []
    for span in walk(data, traf.body, traf.end):
        if span.kind == b"tfhd":
            track_id, base, default = _tfhd(data, span, moof.start, defaults)
        elif span.kind == b"tfdt":
            reader = _Fields(data, span)
            base_dts = reader.u64() if reader.version == 1 else reader.u32()
        elif span.kind == b"trun":
            base = _trun(data, span, moof.start, base, default, samples)
    if not track_id:
        raise MalformedError("a track of a fragment has no tfhd")
    return TrackSamples(track_id, base_dts, samples)


def _tfhd(
    data: Buffer, span: BoxSpan, moof_start: int, defaults: Mapping[int, Defaults]
) -> tuple[int, int, Defaults]:
    reader = _Fields(data, span)
    flags = reader.flags
    track_id = reader.u32()
    duration, size, sample_flags = defaults.get(track_id, NO_DEFAULTS)
    base = moof_start
    if flags & 0x01:
        base = reader.u64()
    if flags & 0x02:
        reader.u32()
    if flags & 0x08:
        duration = reader.u32()
    if flags & 0x10:
        size = reader.u32()
    if flags & 0x20:
        sample_flags = reader.u32()
    return track_id, base, Defaults(duration, size, sample_flags)


def _trun(
    data: Buffer,
    span: BoxSpan,
    moof_start: int,
    at: int,
    default: Defaults,
    samples: list[Sample],
) -> int:
    """Append the samples of one `trun`; returns where the data of the next one would start."""
    reader = _Fields(data, span)
    flags, count = reader.flags, reader.u32()
    if len(samples) + count > MAX_SAMPLES:
        raise LimitError("too many samples in a fragment")
    if flags & 0x001:
        at = moof_start + reader.i32()
    first_flags = reader.u32() if flags & 0x004 else None
    width = sum(bool(flags & bit) for bit in (0x100, 0x200, 0x400, 0x800))
    if reader.at + 4 * width * count > span.end:
        raise MalformedError("trun is cut off")
    table = struct.unpack_from(f">{width * count}I", data, reader.at)
    columns = iter(range(width))
    durations = table[next(columns) :: width] if flags & 0x100 else (default.duration,) * count
    sizes = table[next(columns) :: width] if flags & 0x200 else (default.size,) * count
    all_flags = table[next(columns) :: width] if flags & 0x400 else (default.flags,) * count
    if first_flags is not None and count:
        all_flags = (first_flags, *all_flags[1:])
    offsets = table[next(columns) :: width] if flags & 0x800 else (0,) * count
    signed = reader.version > 0
    for duration, size, sample_flags, offset in zip(
        durations, sizes, all_flags, offsets, strict=True
    ):
        value = offset - (1 << 32) if signed and offset & 0x8000_0000 else offset
        samples.append(Sample(duration, size, not sample_flags & _NOT_SYNC, value, at))
        at += size
    return at


class _Fields:
    """Reads the fields of a full box, never past its end."""

    def __init__(self, data: Buffer, span: BoxSpan) -> None:
        self._data, self._end, self.at = data, span.end, span.body
        first = self.u32()
        self.version, self.flags = first >> 24, first & 0xFF_FFFF

    def _advance(self, size: int) -> int:
        at = self.at
        if at + size > self._end:
            raise MalformedError("a box of a fragment is cut off")
        self.at = at + size
        return at

    def u32(self) -> int:
        value: int = _I32.unpack_from(self._data, self._advance(4))[0]
        return value

    def i32(self) -> int:
        value = self.u32()
        return value - (1 << 32) if value & 0x8000_0000 else value

    def u64(self) -> int:
        value: int = _I64.unpack_from(self._data, self._advance(8))[0]
        return value

"""Writes fragmented MP4: the init segment of a stream and its fragments, from coded frames."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from appliance.media.errors import LimitError, MalformedError
from appliance.media.mp4.boxes import UNITY_MATRIX, Buffer, box, full_box
from appliance.media.mp4.entries import sample_entry
from appliance.media.types import TrackFormat, VideoFormat

KEY_FLAGS = 0x0200_0000
OTHER_FLAGS = 0x0101_0000
"""sample_flags (ISO/IEC 14496-12 section 8.8.3.1): depends on no other / a non-sync sample."""

_MOVIE_TIMESCALE = 1000
_UNDETERMINED_LANGUAGE = 0x55C4

_FTYP = box(b"ftyp", b"iso6", struct.pack(">I", 0), b"iso6iso5mp42")
_DATA_REFERENCE = box(
    b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1))
)
_EMPTY_TABLES = (
    full_box(b"stts", 0, 0, bytes(4)),
    full_box(b"stsc", 0, 0, bytes(4)),
    full_box(b"stsz", 0, 0, bytes(8)),
    full_box(b"stco", 0, 0, bytes(4)),
)

# tfhd flags (section 8.8.7), trun flags (section 8.8.8)
_DEFAULT_BASE_IS_MOOF = 0x02_0000
_DEFAULT_DURATION, _DEFAULT_FLAGS = 0x08, 0x20
_DATA_OFFSET, _FIRST_FLAGS = 0x001, 0x004
_DURATIONS, _SIZES, _FLAGS, _OFFSETS = 0x100, 0x200, 0x400, 0x800


@dataclass(frozen=True, slots=True)
class Track:
    """A track of an init segment; `in_band`: parameter sets may come in the samples too."""

    track_id: int
    format: TrackFormat
    in_band: bool = False


@dataclass(slots=True)
class TrackRun:
    """The samples of one track in one fragment, in decoding order.

    `base_dts`, `durations` and `offsets` (pts - dts, may be negative) are in ticks of the track's
    timescale; `sizes` are bytes of each sample; `data` are buffers that hold the samples one
    behind the other, cut in any way.  An empty `offsets` means all 0, an empty `keys` all True.
    """

    track_id: int
    base_dts: int
    durations: list[int]
    sizes: list[int]
    keys: list[bool] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    data: Sequence[Buffer] = ()


def init_segment(tracks: Sequence[Track], *, duration_ms: int | None = None) -> bytes:
    """Return `ftyp` + `moov` for fragments of these tracks; equal tracks give equal bytes.

    `duration_ms` is how long all fragments will last, where that is known (`mehd`).
    Raises UnsupportedError for a format without a sample entry, MalformedError for parameter sets
    that cannot be read.
    """
    if not tracks:
        raise MalformedError("a movie needs a track")
    header = full_box(
        b"mvhd",
        0,
        0,
        struct.pack(">IIII", 0, 0, _MOVIE_TIMESCALE, 0),
        struct.pack(">IH10x", 0x10000, 0x100),
        UNITY_MATRIX,
        bytes(24),
        struct.pack(">I", max(track.track_id for track in tracks) + 1),
    )
    extends = [
        full_box(b"trex", 0, 0, struct.pack(">IIIII", track.track_id, 1, 0, 0, 0))
        for track in tracks
    ]
    if duration_ms is not None:
        extends.insert(0, full_box(b"mehd", 1, 0, struct.pack(">Q", max(duration_ms, 0))))
    return _FTYP + box(b"moov", header, *map(_trak, tracks), box(b"mvex", *extends))


def _trak(track: Track) -> bytes:
    form = track.format
    if isinstance(form, VideoFormat):
        handler, media_header = b"vide", full_box(b"vmhd", 0, 1, bytes(8))
        volume, width, height = 0, min(form.width, 0xFFFF), min(form.height, 0xFFFF)
    else:
        handler, media_header = b"soun", full_box(b"smhd", 0, 0, bytes(4))
        volume, width, height = 0x100, 0, 0
    entry = sample_entry(form, in_band=track.in_band)
    return box(
        b"trak",
        full_box(
            b"tkhd",
            0,
            3,
            struct.pack(">IIIII8xHHH2x", 0, 0, track.track_id, 0, 0, 0, 0, volume),
            UNITY_MATRIX,
            struct.pack(">II", width << 16, height << 16),
        ),
        box(
            b"mdia",
            full_box(
                b"mdhd",
                0,
                0,
                struct.pack(">IIIIHH", 0, 0, form.timescale, 0, _UNDETERMINED_LANGUAGE, 0),
            ),
            full_box(b"hdlr", 0, 0, struct.pack(">I4s12x", 0, handler), b"\0"),
            box(
                b"minf",
                media_header,
                _DATA_REFERENCE,
                box(
                    b"stbl",
                    full_box(b"stsd", 0, 0, struct.pack(">I", 1), entry),
                    *_EMPTY_TABLES,
                ),
            ),
        ),
    )


def fragment(sequence: int, runs: Sequence[TrackRun]) -> list[Buffer]:
    """Return [moof, mdat header, *payloads] of one fragment (section 8.8.4 on).

    Version 1 `tfdt` (64 bits) and `trun` (signed offsets), data offsets from the start of `moof`.
    Runs without samples are left out.  Raises MalformedError when the lists of a run disagree
    with each other or with its data, LimitError past 4 GiB.
    """
    parts: list[tuple[bytes, bytes]] = []
    payload: list[Buffer] = []
    starts: list[int] = []
    total = 0
    for run in runs:
        if not run.sizes:
            continue
        starts.append(total)
        total += _checked_size(run)
        payload.extend(run.data)
        try:
            parts.append(_traf_parts(run))
        except struct.error as error:
            raise MalformedError(f"a sample of track {run.track_id} is out of range") from error
    moof_size = 24 + sum(len(head) + 4 + len(tail) for head, tail in parts)
    if moof_size + 8 + total > 0x7FFF_FFFF:
        raise LimitError(f"a fragment of {total} bytes")
    moof = [struct.pack(">I4sI4sII", moof_size, b"moof", 16, b"mfhd", 0, sequence & 0xFFFF_FFFF)]
    for start, (head, tail) in zip(starts, parts, strict=True):
        moof += (head, struct.pack(">i", moof_size + 8 + start), tail)
    return [b"".join(moof), struct.pack(">I4s", 8 + total, b"mdat"), *payload]


def _checked_size(run: TrackRun) -> int:
    count = len(run.sizes)
    if (
        len(run.durations) != count
        or (run.keys and len(run.keys) != count)
        or (run.offsets and len(run.offsets) != count)
    ):
        raise MalformedError(f"track {run.track_id}: samples and their fields differ in number")
    size = sum(run.sizes)
    if size != sum(map(len, run.data)):
        raise MalformedError(f"track {run.track_id}: samples and their data differ in size")
    return size


def _traf_parts(run: TrackRun) -> tuple[bytes, bytes]:
    """Return `traf` before and behind the data offset of its `trun`."""
    count = len(run.sizes)
    keys, offsets, durations = run.keys, run.offsets, run.durations
    flags = _DATA_OFFSET | _SIZES
    columns: list[list[int]] = []
    same_duration = durations.count(durations[0]) == count
    if not same_duration:
        flags |= _DURATIONS
        columns.append(durations)
    columns.append(run.sizes)
    key_count = keys.count(True) if keys else count
    default_flags, first = OTHER_FLAGS, b""
    if key_count == count:
        default_flags = KEY_FLAGS
    elif key_count == 1 and keys[0]:
        flags |= _FIRST_FLAGS
        first = struct.pack(">I", KEY_FLAGS)
    elif key_count:
        flags |= _FLAGS
        columns.append([KEY_FLAGS if key else OTHER_FLAGS for key in keys])
    if any(offsets):
        flags |= _OFFSETS
        columns.append([offset & 0xFFFF_FFFF for offset in offsets])
        if not -0x8000_0000 <= min(offsets) <= max(offsets) <= 0x7FFF_FFFF:
            raise MalformedError(f"track {run.track_id}: a composition offset is out of range")
    width = len(columns)
    table = [0] * (width * count)
    for at, column in enumerate(columns):
        table[at::width] = column
    entries = struct.pack(f">{len(table)}I", *table)
    tfhd_flags = _DEFAULT_BASE_IS_MOOF | _DEFAULT_FLAGS
    defaults = struct.pack(">I", default_flags)
    if same_duration:
        tfhd_flags |= _DEFAULT_DURATION
        defaults = struct.pack(">I", durations[0]) + defaults
    tfhd_size = 16 + len(defaults)
    trun_size = 20 + len(first) + len(entries)
    head = b"".join(
        (
            struct.pack(">I4sI4sII", 8 + tfhd_size + 20 + trun_size, b"traf",
                        tfhd_size, b"tfhd", tfhd_flags, run.track_id),
            defaults,
            struct.pack(">I4sIQ", 20, b"tfdt", 1 << 24, run.base_dts),
            struct.pack(">I4sII", trun_size, b"trun", 1 << 24 | flags, count),
        )
    )  # fmt: skip
    return head, first + entries

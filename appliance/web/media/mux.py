"""Access units made into pieces: one frame a fragment while live, a whole GOP for who joins."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from appliance.media.mp4.records import decoder_record
from appliance.media.mp4.writer import Track, TrackRun, fragment, init_segment
from appliance.media.types import AccessUnit, AudioFormat, TrackFormat, VideoFormat
from appliance.web.media.wire import Flag, Piece, PieceType

VIDEO_TRACK = 1
AUDIO_TRACK = 2
CHUNK_BYTES = 1 << 20
"""About how large the fragments of a GOP sent at once may become."""

MICROSECONDS = 1_000_000


def init_piece(form: TrackFormat, *, shape: str, in_band: bool = False) -> Piece:
    """Return the piece that tells a decoder about `form`.

    `shape` "fmp4": `ftyp`+`moov`; "au": the decoder configuration record alone (avcC, hvcC,
    AudioSpecificConfig).  Raises MediaError for a format without one.
    """
    flags = Flag.DISCONTINUITY | (Flag.AUDIO if isinstance(form, AudioFormat) else Flag.NONE)
    track = VIDEO_TRACK if isinstance(form, VideoFormat) else AUDIO_TRACK
    plain = shape == "au"
    payload = decoder_record(form) if plain else init_segment([Track(track, form, in_band)])
    return Piece(PieceType.INIT, flags, 0, 0, payload, frames=0)


def unit_piece(unit: AccessUnit) -> Piece:
    """Return one access unit as it is."""
    return Piece(
        PieceType.ACCESS_UNIT, _flags(unit), unit.utc_ns // 1000, _microseconds(unit), unit.data,
        unit.mono_ns,
    )  # fmt: skip


def frame_piece(unit: AccessUnit, sequence: int) -> Piece:
    """Return one access unit as a fragment of its own."""
    track = VIDEO_TRACK if unit.is_video else AUDIO_TRACK
    run = TrackRun(
        track,
        unit.dts,
        [max(unit.duration, 1)],
        [len(unit.data)],
        [unit.key],
        [unit.pts - unit.dts],
        [unit.data],
    )
    payload = b"".join(fragment(sequence, [run]))
    return Piece(
        PieceType.FRAGMENT, _flags(unit), unit.utc_ns // 1000, _microseconds(unit), payload,
        unit.mono_ns,
    )  # fmt: skip


def gop_pieces(units: Sequence[AccessUnit], sequence: int) -> Iterator[Piece]:
    """Yield the units of one video run in as few fragments as are sensible to send."""
    start = 0
    while start < len(units):
        end, size = start, 0
        while end < len(units) and (end == start or size + len(units[end].data) <= CHUNK_BYTES):
            size += len(units[end].data)
            end += 1
        yield joined_piece(units[start:end], sequence)
        sequence += 1
        start = end


def joined_piece(units: Sequence[AccessUnit], sequence: int) -> Piece:
    """Return units of one track and run as one fragment."""
    first, last = units[0], units[-1]
    durations = [max(after.dts - before.dts, 1) for before, after in itertools.pairwise(units)]
    durations.append(max(last.duration, 1))
    run = TrackRun(
        VIDEO_TRACK if first.is_video else AUDIO_TRACK,
        first.dts,
        durations,
        [len(unit.data) for unit in units],
        [unit.key for unit in units],
        [unit.pts - unit.dts for unit in units],
        [unit.data for unit in units],
    )
    payload = b"".join(fragment(sequence, [run]))
    flags = _flags(first)
    if any(unit.damaged for unit in units):
        flags |= Flag.DAMAGED
    duration_us = sum(durations) * MICROSECONDS // first.format.timescale
    return Piece(
        PieceType.FRAGMENT, flags, first.utc_ns // 1000, duration_us, payload, first.mono_ns,
        len(units),
    )  # fmt: skip


def _flags(unit: AccessUnit) -> Flag:
    flags = Flag.KEY if unit.key else Flag.NONE
    if unit.damaged:
        flags |= Flag.DAMAGED
    if not unit.is_video:
        flags |= Flag.AUDIO
    return flags


def _microseconds(unit: AccessUnit) -> int:
    return max(unit.duration, 1) * MICROSECONDS // unit.format.timescale

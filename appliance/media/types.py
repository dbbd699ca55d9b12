"""What flows from a camera to a disk and a screen: formats and access units."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from enum import StrEnum

VIDEO_TIMESCALE = 90_000
"""Ticks per second of every video track (RFC 6184 section 8.1, RFC 7798 section 7.1)."""


class MediaKind(StrEnum):
    """What a track carries."""

    VIDEO = "video"
    AUDIO = "audio"


class Codec(StrEnum):
    """Codings that can be recorded."""

    H264 = "h264"
    H265 = "h265"
    MJPEG = "mjpeg"
    MPEG4 = "mpeg4"
    AAC = "aac"
    PCMA = "pcma"
    PCMU = "pcmu"
    L16 = "l16"
    G726 = "g726"
    OPUS = "opus"


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """How to decode a video track; equal formats can share one sample entry.

    `parameter_sets` are whole NAL units without start codes: SPS and PPS for H.264; VPS, SPS and
    PPS for H.265; the VOL header as its one member for MPEG-4 part 2; empty for MJPEG.
    `codec_string` is the RFC 6381 name ("avc1.640028").  `frame_rate` is in frames per second and
    `reorder_depth` in frames; both None where the stream does not say.
    `colour` is (primaries, transfer, matrix, full_range) of ISO/IEC 23091-2, None where absent.
    """

    codec: Codec
    width: int
    height: int
    codec_string: str
    parameter_sets: tuple[bytes, ...] = ()
    frame_rate: float | None = None
    reorder_depth: int | None = None
    profile: str = ""
    colour: tuple[int, int, int, bool] | None = None

    @property
    def kind(self) -> MediaKind:
        """Always video."""
        return MediaKind.VIDEO

    @property
    def timescale(self) -> int:
        """Ticks per second of `pts`, `dts` and `duration`."""
        return VIDEO_TIMESCALE


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """How to decode an audio track; `config` is the AudioSpecificConfig of AAC, else empty."""

    codec: Codec
    sample_rate: int
    channels: int
    config: bytes = b""
    bits_per_sample: int = 0
    codec_string: str = ""

    @property
    def kind(self) -> MediaKind:
        """Always audio."""
        return MediaKind.AUDIO

    @property
    def timescale(self) -> int:
        """Ticks per second of `pts`, `dts` and `duration`: the sampling rate."""
        return self.sample_rate


TrackFormat = VideoFormat | AudioFormat


@dataclass(slots=True)
class AccessUnit:
    """One coded frame (video) or one packet's worth of coded sound (audio), in decoding order.

    Video `data` is a run of NAL units, each behind a 4-byte big-endian length, without parameter
    sets and access unit delimiters (so it fits avc1/hvc1); MJPEG and MPEG-4 are whole frames.
    `pts` and `dts` count ticks of `format.timescale` from the start of the run and are >= 0;
    `dts` strictly rises within a run and track, `pts` >= `dts`.
    `duration` is the best guess when the unit left the ingest (the next unit's dts decides).
    `utc_ns` is the instant of capture at `pts` in nanoseconds since 1970 (camera clock by RTCP
    where sane, else arrival); `mono_ns` is the local monotonic clock when its last packet came.
    `run` names a stretch without a break of the clock; it is the same for all tracks of a stream.
    `damaged` says that packets of it, or of a unit it refers to in this GOP, were lost.
    """

    format: TrackFormat
    run: int
    pts: int
    dts: int
    duration: int
    utc_ns: int
    mono_ns: int
    rtp_time: int
    key: bool
    damaged: bool
    data: bytes

    @property
    def is_video(self) -> bool:
        """Whether this is a video frame."""
        return isinstance(self.format, VideoFormat)


class RunIds:
    """Gives out run ids: rising, unique within the life of a recorder and its successors.

    A run id is a 64-bit number made of the wall clock in milliseconds at the start of the process
    (44 bits used) and a counter, so two processes never share one in practice.
    """

    def __init__(self, epoch_ms: int) -> None:
        self._ids = itertools.count((epoch_ms << 16) & 0xFFFF_FFFF_FFFF_FFFF)

    def next(self) -> int:
        """Return a run id never given out before."""
        return next(self._ids)

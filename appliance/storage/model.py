"""Words of the store: which stream, which kinds, what is handed over to be stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntFlag, StrEnum
from typing import NamedTuple

Buffer = bytes | bytearray | memoryview


class StreamName(StrEnum):
    """The streams of a camera."""

    MAIN = "main"
    SUB = "sub"
    THIRD = "third"


class StreamId(NamedTuple):
    """One stream of one channel; channels count from 1 as on the panel."""

    channel: int
    stream: StreamName


class RecordKind(IntFlag):
    """Why footage was recorded (D1-PL-06, D1-RC-06); several may hold at once."""

    NONE = 0
    GENERAL = 1
    MOTION = 2
    INTELLIGENT = 4
    POS = 8
    ALARM = 16
    MOTION_AND_ALARM = 32
    MANUAL = 64

    def effective(self) -> RecordKind:
        """The one kind shown where several overlap (D1-RC-07, D1-SR-06).

        M&A > Alarm > POS > Intelligent > Motion > General; manual recording counts as general.
        """
        for kind in _PRIORITY:
            if self & kind:
                return kind
        return RecordKind.GENERAL if self & RecordKind.MANUAL else RecordKind.NONE


_PRIORITY = (
    RecordKind.MOTION_AND_ALARM,
    RecordKind.ALARM,
    RecordKind.POS,
    RecordKind.INTELLIGENT,
    RecordKind.MOTION,
    RecordKind.GENERAL,
)


@dataclass(frozen=True, slots=True)
class NewFragment:
    """At most a second or so of one stream, ready to be stored.

    `head` is the `ftyp`+`moov` these samples belong to; a fragment with another head than its
    block starts (or returns to) a block of that head.  `body` is `moof`+`mdat` as a sequence of
    buffers.  `utc_ns`, `mono_ns` and `rtp_time` are those of the first video sample;
    `duration_ns` spans the video samples; `has_key`: whether any of them is a key frame.
    """

    stream: StreamId
    run: int
    kinds: RecordKind
    utc_ns: int
    mono_ns: int
    rtp_time: int
    duration_ns: int
    starts_with_key: bool
    has_key: bool
    head: bytes
    body: Sequence[Buffer]

"""What every depacketiser offers, what it hands out and what it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from appliance.media.errors import MediaError
from appliance.media.types import TrackFormat


@dataclass(slots=True)
class CodedFrame:
    """One coded frame (video), one frame or one packet of sound (audio), in decoding order.

    `timestamp` is the RTP time as sent (32 bits).  `data` is as `AccessUnit.data` says.  `key`:
    decoding can start here (always so for sound).  `damaged`: packets of it, or of a frame it
    refers to, were lost.  `format` is the same object until the parameter sets change.
    """

    timestamp: int
    data: bytes
    key: bool
    damaged: bool
    format: TrackFormat


@dataclass(slots=True)
class DepayStatistics:
    """What a depacketiser met; every number only rises.

    `malformed`: payloads or NAL units that break their format.  `dropped`: frames begun and not
    handed out (too large, beyond repair, no parameter sets yet).  `damaged`: frames handed out as
    damaged.  `ignored`: NAL units passed over because a recorder has no use for them (reserved
    types, filler).  `last_error` is the latest reason a parameter set or a packet was refused.
    """

    frames: int = 0
    malformed: int = 0
    dropped: int = 0
    damaged: int = 0
    ignored: int = 0
    last_error: MediaError | None = None


class Depacketiser(Protocol):
    """Turns RTP payloads, given in sequence, into frames; never raises for what a camera sends."""

    statistics: DepayStatistics

    def push(
        self, payload: memoryview, timestamp: int, marker: bool, lost: bool
    ) -> Sequence[CodedFrame]:
        """Take the payload of one packet; return the frames it completes, oldest first.

        `payload` is copied, not kept.  `timestamp` and `marker` are from the RTP header; `lost`
        says that packets before this one are missing.
        """
        ...

    def flush(self) -> Sequence[CodedFrame]:
        """Return what is complete although its end was not seen; call when the stream ends."""
        ...

    @property
    def format(self) -> TrackFormat | None:
        """The format of the next frame; None until its parameter sets are known."""
        ...


NOTHING: tuple[CodedFrame, ...] = ()
"""Returned by `push` for most packets, so that no list is made for them."""

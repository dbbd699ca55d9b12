"""The wire format of the media session ("nvr.media.1"): heads of binary messages, notices.

docs/design/media-session.md describes the whole protocol.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Any

from appliance.media.mp4.entries import codec_string
from appliance.media.types import VideoFormat
from appliance.storage.model import StreamId
from appliance.web.media.pacing import Pace, explain

SUBPROTOCOL = "nvr.media.1"
VERSION = 1
HEAD = struct.Struct(">BBHIqII")
"""Version, type, flags, id, UTC in microseconds, duration and age in microseconds."""

_U32 = 0xFFFF_FFFF
SHARED_NS = 2_000_000
"""How much the age in a message that viewers share may be off; a frame lasts 40 ms."""


class PieceType(IntEnum):
    """What the payload of a binary message is."""

    INIT = 1
    FRAGMENT = 2
    ACCESS_UNIT = 3


class Flag(IntFlag):
    """What a client must know before it looks into the payload."""

    NONE = 0
    KEY = 1
    DISCONTINUITY = 2
    DAMAGED = 4
    AUDIO = 8
    BACKWARD = 16
    LAST = 32


@dataclass(slots=True)
class Piece:
    """One binary message without the parts that differ from viewer to viewer.

    `utc_us` is the capture time of the first sample; `mono_ns` the monotonic clock when the box
    had received its last sample (0 for playback: no age); `frames` counts its samples.
    """

    kind: PieceType
    flags: Flag
    utc_us: int
    duration_us: int
    payload: bytes
    mono_ns: int = 0
    frames: int = 1
    audio: bool = field(init=False)
    key: bool = field(init=False)
    """Whether a picture can be begun with it."""
    _made: tuple[int, Flag, int, bytes] | None = field(init=False, default=None, repr=False)

    def __post_init__(self) -> None:
        """Work out once what is asked for each viewer."""
        self.audio = Flag.AUDIO in self.flags
        self.key = Flag.KEY in self.flags and not self.audio
        self.duration_us = min(max(self.duration_us, 0), _U32)

    def message(self, number: int, now_mono_ns: int, extra: Flag = Flag.NONE) -> bytes:
        """Return the whole message for the stream opened as `number`."""
        age_us = (now_mono_ns - self.mono_ns) // 1000 if self.mono_ns else 0
        head = HEAD.pack(
            VERSION,
            self.kind,
            self.flags | extra if extra else self.flags,
            number,
            self.utc_us,
            self.duration_us,
            age_us if 0 <= age_us <= _U32 else 0 if age_us < 0 else _U32,
        )
        return head + self.payload

    def shared_message(self, number: int, now_mono_ns: int, extra: Flag = Flag.NONE) -> bytes:
        """Return `message`; viewers that ask within 2 ms and use the same id get the same bytes.

        Most viewers open one stream, and their messages differ in nothing but the age.
        """
        made = self._made
        if (
            made is None
            or made[0] != number
            or made[1] is not extra
            or not 0 <= now_mono_ns - made[2] < SHARED_NS
        ):
            made = (number, extra, now_mono_ns, self.message(number, now_mono_ns, extra))
            self._made = made
        return made[3]


Notice = dict[str, Any]
"""A JSON message to the client."""


def opened(
    number: int,
    stream: StreamId,
    mode: str,
    form: VideoFormat,
    *,
    in_band: bool,
    reason: str = "",
    converted: str = "",
) -> Notice:
    """Return the notice that tells how to decode what follows.

    `converted` names the coding of the camera where the box codes the picture anew.
    """
    notice: Notice = {
        "op": "opened",
        "id": number,
        "channel": stream.channel,
        "stream": stream.stream.value,
        "mode": mode,
        "codecs": codec_string(form, in_band=in_band),
        "width": form.width,
        "height": form.height,
    }
    if reason:
        notice["reason"] = reason
    if converted:
        notice["converted"] = converted
    return notice


def stretch(number: int, from_ms: int, to_ms: int) -> Notice:
    """Return the notice that what follows, up to the flag LAST, shows the frames of a time."""
    return {"op": "stretch", "id": number, "from": from_ms, "to": to_ms}


def gap(number: int, from_ms: int, to_ms: int | None) -> Notice:
    """Return the notice that nothing was recorded in a time; `to_ms` None: up to now."""
    return {"op": "gap", "id": number, "from": from_ms, "to": to_ms}


def paced(number: int, pace: Pace) -> Notice:
    """Return the notice that tells how many of the pictures are converted."""
    return {
        "op": "state",
        "id": number,
        "state": "paced",
        "pace": pace.value,
        "text": explain(pace),
    }


def fault(number: int | None, code: str, text: str) -> Notice:
    """Return the notice that something does not work: stable code, words for people."""
    notice: Notice = {"op": "fault", "code": code, "text": text}
    if number is not None:
        notice["id"] = number
    return notice

"""Frames of the media socket.

A frame is a 4-byte big-endian length (of what follows), a type byte and a payload:

- ``J``: a JSON object; requests carry ``id`` and ``op``, answers ``id`` and ``result`` or
  ``error`` {code, text}; a format is announced as {"op": "format", "sub": n, "format": {...}}
  before the first unit that needs it.
- ``U``: one access unit: `UNIT` header, then the coded bytes.
"""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

from appliance.media.types import AccessUnit, AudioFormat, Codec, TrackFormat, VideoFormat

FRAME = struct.Struct(">IB")
JSON_FRAME = ord("J")
UNIT_FRAME = ord("U")
MAX_FRAME_BYTES = 24 << 20
"""Longest frame taken: an access unit is at most 16 MiB."""

UNIT = struct.Struct(">IHBxQqqIqqqqI")
"""Subscription, format number, flags, run, pts, dts, duration, utc, mono, rtp, received, dropped.

`received` is the wall clock in nanoseconds when the unit left the ingest; `dropped` counts the
units withheld from this subscriber since the one before.
"""

KEY = 1
DAMAGED = 2
CATCH_UP = 4
"""The unit comes from the current GOP, sent at once when a subscription starts."""


class ProtocolError(Exception):
    """The peer sent bytes that are no frame of this protocol."""


def encode_json(message: dict[str, Any]) -> bytes:
    """Return `message` as one frame."""
    body = json.dumps(message, separators=(",", ":")).encode()
    return FRAME.pack(len(body) + 1, JSON_FRAME) + body


def encode_unit(
    unit: AccessUnit,
    *,
    subscription: int,
    format_number: int,
    received_ns: int,
    dropped: int,
    catch_up: bool = False,
) -> bytes:
    """Return the frame head of `unit`; its data follow as they are."""
    flags = KEY * unit.key | DAMAGED * unit.damaged | CATCH_UP * catch_up
    return FRAME.pack(1 + UNIT.size + len(unit.data), UNIT_FRAME) + UNIT.pack(
        subscription,
        format_number,
        flags,
        unit.run,
        unit.pts,
        unit.dts,
        unit.duration,
        unit.utc_ns,
        unit.mono_ns,
        unit.rtp_time,
        received_ns,
        dropped,
    )


def format_to_json(track: TrackFormat) -> dict[str, Any]:
    """Return a format as JSON; bytes are base64."""
    if isinstance(track, VideoFormat):
        return {
            "kind": "video",
            "codec": track.codec.value,
            "width": track.width,
            "height": track.height,
            "codec_string": track.codec_string,
            "parameter_sets": [base64.b64encode(p).decode() for p in track.parameter_sets],
            "frame_rate": track.frame_rate,
            "reorder_depth": track.reorder_depth,
            "profile": track.profile,
            "colour": list(track.colour) if track.colour else None,
        }
    return {
        "kind": "audio",
        "codec": track.codec.value,
        "sample_rate": track.sample_rate,
        "channels": track.channels,
        "config": base64.b64encode(track.config).decode(),
        "bits_per_sample": track.bits_per_sample,
        "codec_string": track.codec_string,
    }


def format_from_json(message: dict[str, Any]) -> TrackFormat:
    """Return the format that `format_to_json` described.

    Raises ProtocolError where fields are missing or of the wrong kind.
    """
    try:
        if message["kind"] == "video":
            colour = message["colour"]
            return VideoFormat(
                codec=Codec(message["codec"]),
                width=int(message["width"]),
                height=int(message["height"]),
                codec_string=message["codec_string"],
                parameter_sets=tuple(base64.b64decode(p) for p in message["parameter_sets"]),
                frame_rate=message["frame_rate"],
                reorder_depth=message["reorder_depth"],
                profile=message["profile"],
                colour=(colour[0], colour[1], colour[2], bool(colour[3])) if colour else None,
            )
        return AudioFormat(
            codec=Codec(message["codec"]),
            sample_rate=int(message["sample_rate"]),
            channels=int(message["channels"]),
            config=base64.b64decode(message["config"]),
            bits_per_sample=int(message["bits_per_sample"]),
            codec_string=message["codec_string"],
        )
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise ProtocolError(f"not a format: {error}") from error

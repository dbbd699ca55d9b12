"""What the child that runs libav tells its parent: records on a stream socket.

A record is one byte of kind, four bytes of length (big-endian), then its content.
"""

from __future__ import annotations

import struct
from enum import IntEnum

RECORD = struct.Struct(">BI")
PACKET = struct.Struct(">BBqq")
"""Track number, flags, pts and dts in ticks of the track's time scale (90 kHz for video)."""

KEY = 1
NO_TIME = -(1 << 63)
MAX_RECORD_BYTES = 32 << 20


class Kind(IntEnum):
    """What a record holds."""

    TRACKS = 1
    """JSON: a list of {"track", "kind", "codec", "extradata", ...}; sent once, first."""

    PACKET = 2
    """`PACKET`, then the coded frame as libav gave it."""

    FAULT = 3
    """JSON: {"code", "detail"}; the last record."""


def record(kind: Kind, content: bytes) -> bytes:
    """Return a record as bytes."""
    return RECORD.pack(kind, len(content)) + content

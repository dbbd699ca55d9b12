"""Boxes of ISO base media files: building them and walking through them (ISO/IEC 14496-12)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from appliance.media.errors import LimitError, MalformedError

Buffer = bytes | bytearray | memoryview

_HEADER = struct.Struct(">I4s")
_LARGE = struct.Struct(">Q")
MAX_BOXES = 65_536
"""More children than this in one box is an attack, not a recording."""

UNITY_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def box(kind: bytes, *parts: Buffer) -> bytes:
    """Return one box of four-character `kind` around `parts` (section 4.2)."""
    size = 8 + sum(map(len, parts))
    if size > 0xFFFF_FFFF:
        raise LimitError(f"box {kind!r} would need {size} bytes")
    return b"".join((_HEADER.pack(size, kind), *parts))


def full_box(kind: bytes, version: int, flags: int, *parts: Buffer) -> bytes:
    """Return a box that starts with an 8-bit version and 24 bits of flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


class BoxSpan(NamedTuple):
    """Where a box lies in a buffer: `start` of its header, `body` behind it, `end` exclusive."""

    kind: bytes
    start: int
    body: int
    end: int


def walk(data: Buffer, start: int = 0, end: int | None = None) -> Iterator[BoxSpan]:
    """Yield the boxes that lie side by side in `data[start:end]`.

    A size of 0 (until the end of the file) is taken as until `end`.  Raises MalformedError when a
    box is cut off or claims to be smaller than its header, LimitError past 65,536 boxes.
    """
    end = len(data) if end is None else min(end, len(data))
    for _count in range(MAX_BOXES):
        if start == end:
            return
        if start + 8 > end:
            raise MalformedError(f"{end - start} stray bytes behind the last box")
        size, kind = _HEADER.unpack_from(data, start)
        body = start + 8
        if size == 1:
            if start + 16 > end:
                raise MalformedError(f"box {kind!r} is cut off in its header")
            size = _LARGE.unpack_from(data, body)[0]
            body += 8
        elif size == 0:
            size = end - start
        if size < body - start or start + size > end:
            raise MalformedError(f"box {kind!r} of {size} bytes does not fit where it lies")
        yield BoxSpan(kind, start, body, start + size)
        start += size
    raise LimitError("too many boxes side by side")


def children(data: Buffer, parent: BoxSpan, skip: int = 0) -> dict[bytes, BoxSpan]:
    """Return the first child of each kind inside `parent`, whose own fields take `skip` bytes."""
    found: dict[bytes, BoxSpan] = {}
    if parent.body + skip > parent.end:
        raise MalformedError(f"box {parent.kind!r} is cut off in its fields")
    for span in walk(data, parent.body + skip, parent.end):
        found.setdefault(span.kind, span)
    return found


def require(found: dict[bytes, BoxSpan], kind: bytes, size: int = 0) -> BoxSpan:
    """Return the child of `kind` with at least `size` bytes of body, or raise MalformedError."""
    span = found.get(kind)
    if span is None:
        raise MalformedError(f"box {kind!r} is missing")
    if span.end - span.body < size:
        raise MalformedError(f"box {kind!r} is cut off in its fields")
    return span

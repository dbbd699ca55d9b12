"""MPEG-4 descriptors inside `esds` boxes: writing and reading (ISO/IEC 14496-1 section 7.2)."""

from __future__ import annotations

import struct
from typing import NamedTuple

from appliance.media.errors import LimitError, MalformedError
from appliance.media.mp4.boxes import full_box

AUDIO_AAC = 0x40
VIDEO_MPEG4 = 0x20
VIDEO_JPEG = 0x6C
"""objectTypeIndication values of ISO/IEC 14496-1 table 5."""

_AUDIO_STREAM = 0x15
_VISUAL_STREAM = 0x11


def descriptor(tag: int, body: bytes) -> bytes:
    """Return a descriptor; its length takes as many bytes as it needs (7 bits in each)."""
    length = len(body)
    if length >= 1 << 28:
        raise LimitError(f"descriptor {tag} would need {length} bytes")
    coded = [length & 0x7F]
    while length := length >> 7:
        coded.append(0x80 | length & 0x7F)
    return bytes([tag, *reversed(coded)]) + body


def esds(object_type: int, specific: bytes) -> bytes:
    """Return the `esds` box of a coding; `specific` is its DecoderSpecificInfo, may be empty."""
    stream = _AUDIO_STREAM if object_type == AUDIO_AAC else _VISUAL_STREAM
    config = struct.pack(">BB", object_type, stream) + bytes(3 + 4 + 4)
    if specific:
        config += descriptor(5, specific)
    body = bytes(3) + descriptor(4, config) + descriptor(6, b"\x02")
    return full_box(b"esds", 0, 0, descriptor(3, body))


class ElementaryStream(NamedTuple):
    """What an `esds` says: the coding and its decoder's configuration."""

    object_type: int
    specific: bytes


def parse_esds(data: bytes) -> ElementaryStream:
    """Read the body of an `esds` box (version and flags included).  Raises MalformedError."""
    tag, body, _rest = _take(data[4:])
    if tag != 3 or len(body) < 3:
        raise MalformedError("esds does not start with an ES descriptor")
    flags, at = body[2], 3
    if flags & 0x80:
        at += 2
    if flags & 0x40:
        at += 1 + (body[at] if at < len(body) else 0)
    if flags & 0x20:
        at += 2
    tag, config, _rest = _take(body[at:])
    if tag != 4 or len(config) < 13:
        raise MalformedError("esds has no decoder configuration")
    specific = b""
    if len(config) > 13:
        tag, inner, _rest = _take(config[13:])
        if tag == 5:
            specific = inner
    return ElementaryStream(config[0], specific)


def _take(data: bytes) -> tuple[int, bytes, bytes]:
    """Split the first descriptor off: (tag, body, rest)."""
    if len(data) < 2:
        raise MalformedError("descriptor is cut off")
    length = 0
    for at in range(1, min(5, len(data))):
        length = length << 7 | data[at] & 0x7F
        if not data[at] & 0x80:
            if at + 1 + length > len(data):
                raise MalformedError("descriptor is longer than what holds it")
            return data[0], data[at + 1 : at + 1 + length], data[at + 1 + length :]
    raise MalformedError("descriptor has an endless length")

"""Small checksummed documents that fill whole pages: what a block says about itself.

Layout of a document: magic (8 bytes), CRC-32C of all that follows it (u32), length (u32), then
UTF-8 JSON; the rest of its room is zero.
"""

from __future__ import annotations

import json
import struct
from typing import Any

from crc32c import crc32c

from appliance.storage.errors import BlockFormatError

PAGE = 4096
"""Bytes that may be torn together; everything on disk starts and ends on such a boundary."""

_HEAD = struct.Struct(">8sII")


def round_up(size: int) -> int:
    """The next multiple of a page."""
    return -(-size // PAGE) * PAGE


def pack_document(magic: bytes, body: dict[str, Any], room: int) -> bytes:
    """Encode `body` to exactly `room` bytes; BlockFormatError if it does not fit."""
    text = json.dumps(body, separators=(",", ":"), sort_keys=True).encode()
    if _HEAD.size + len(text) > room:
        raise BlockFormatError(f"document of {len(text)} bytes does not fit into {room}")
    length = struct.pack(">I", len(text))
    data = _HEAD.pack(magic, crc32c(text, crc32c(length)), len(text)) + text
    return data + bytes(room - len(data))


def unpack_document(magic: bytes, data: bytes) -> dict[str, Any]:
    """Decode what `pack_document` wrote; BlockFormatError if any byte of it is wrong."""
    if len(data) < _HEAD.size:
        raise BlockFormatError("document cut off")
    found, crc, length = _HEAD.unpack_from(data)
    if found != magic or _HEAD.size + length > len(data):
        raise BlockFormatError("no such document")
    text = data[_HEAD.size : _HEAD.size + length]
    if crc32c(text, crc32c(struct.pack(">I", length))) != crc:
        raise BlockFormatError("document damaged")
    try:
        body = json.loads(text)
    except ValueError as error:
        raise BlockFormatError("document damaged") from error
    if not isinstance(body, dict):
        raise BlockFormatError("document damaged")
    return body

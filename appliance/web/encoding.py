"""Which compressions a browser takes, and answers sent in one of them."""

from __future__ import annotations

import asyncio
import zlib

from aiohttp import web

MIN_PACKED_BYTES = 16 << 10
"""Smaller answers gain nothing that a person would notice."""
_GZIP = 16 + zlib.MAX_WBITS
_LEVEL = 1
"""3 ms for a megabyte of JSON that repeats itself, and a twelfth of it is left."""


def offered_encodings(request: web.Request) -> set[str]:
    """Return the content codings of `Accept-Encoding`, without those refused by ";q=0"."""
    offered = set()
    for part in request.headers.get("Accept-Encoding", "").split(","):
        name, _semicolon, weight = part.strip().partition(";")
        if name and weight.replace(" ", "").rstrip("0") not in ("q=", "q=0."):
            offered.add(name.strip().lower())
    return offered


async def json_text(request: web.Request, text: str) -> web.Response:
    """Answer with JSON that is text already; a long one compressed where the browser takes that.

    For answers that hold nothing secret beside what the asker can choose: the length of a
    compressed answer tells of its content (the BREACH attack).
    """
    headers = {"Vary": "Accept-Encoding"}
    body = text.encode()
    if len(body) >= MIN_PACKED_BYTES and "gzip" in offered_encodings(request):
        body = await asyncio.to_thread(_packed, body)
        headers["Content-Encoding"] = "gzip"
    return web.Response(
        body=body, content_type="application/json", charset="utf-8", headers=headers
    )


def _packed(body: bytes) -> bytes:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    return packer.compress(body) + packer.flush()

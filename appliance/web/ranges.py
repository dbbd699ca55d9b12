"""Byte ranges and validators of HTTP (RFC 9110 sections 13 and 14): one range at a time."""

from __future__ import annotations

import re
from typing import NamedTuple

from aiohttp import web

from appliance.text import _
from appliance.web.errors import ApiError

_RANGE = re.compile(r"bytes=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*")


class Part(NamedTuple):
    """What of a file is to be sent: [start, end); `whole` if nobody asked for less."""

    start: int
    end: int
    whole: bool


def unchanged(request: web.Request, etag: str) -> bool:
    """Whether the client has this already (If-None-Match)."""
    told = request.headers.get("If-None-Match", "")
    tags = {tag.strip().removeprefix("W/") for tag in told.split(",")}
    return "*" in tags or f'"{etag}"' in tags


def wanted_part(request: web.Request, size: int, etag: str) -> Part:
    """Return what the client asks for; several ranges, or other units, count as all of it.

    With If-Range of another version it is all, so that nobody joins halves of two files.
    Raises ApiError 416 where the range lies beyond the end.
    """
    whole = Part(0, size, whole=True)
    header = request.headers.get("Range", "")
    condition = request.headers.get("If-Range")
    if condition is not None and condition.strip() != f'"{etag}"':
        return whole
    found = _RANGE.fullmatch(header)
    if found is None or not (found[1] or found[2]):
        return whole
    if not found[1]:
        start, end = max(0, size - int(found[2])), size
    else:
        start = int(found[1])
        end = min(size, int(found[2]) + 1) if found[2] else size
        if found[2] and int(found[2]) < start:
            return whole
    if start >= end:
        raise ApiError(
            416,
            "range",
            _("The file has {size} bytes; the range lies beyond.").format(size=size),
            headers={"Content-Range": f"bytes */{size}"},
        )
    return Part(start, end, whole=False)

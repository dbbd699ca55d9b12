"""GET /api/v1/download: a stretch of one stream as one MP4, sent while it is read."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime, tzinfo
from typing import Literal
from urllib.parse import quote

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.storage.model import StreamId, StreamName
from appliance.text import _
from appliance.web.errors import ApiError, FieldError
from appliance.web.media.footage import Footage, FootageTrouble
from appliance.web.media.joiner import Joiner
from appliance.web.media.parts import NS
from appliance.web.media.reel import Reel, Step
from appliance.web.media.service import media
from appliance.web.reading import invalid, read_query
from appliance.web.routing import Route, request_access

log = logging.getLogger(__name__)

MS = 1_000_000
MAX_HOURS = 24
_UNSAFE = re.compile(r"[^\w .,+()-]", re.UNICODE)


class DownloadQuery(BaseModel):
    """A stretch of one stream, in milliseconds UTC."""

    model_config = ConfigDict(extra="forbid")
    channel: int = Field(ge=1, le=4096)
    stream: Literal["main", "sub", "third"] = "main"
    start: int = Field(alias="from", ge=0, le=1 << 53)
    end: int = Field(alias="to", ge=0, le=1 << 53)


def routes() -> list[Route]:
    """Routes of this subject."""
    return [
        Route("GET", "/api/v1/download", get_download, Permission.DOWNLOAD,
              "A stretch of footage as MP4", "footage", query=DownloadQuery,
              answer_type="video/mp4", errors=("invalid", "no_footage", "volume_slow")),
    ]  # fmt: skip


async def get_download(request: web.Request) -> web.StreamResponse:
    """Answer with a fragmented MP4 that begins at the key frame before `from`.

    Times in the file are those of the footage: a break lasts as long in the file.  Where the coding
    changes the file ends, since one head cannot tell of two; X-NVR-Next then says at which
    millisecond UTC the next download goes on.
    """
    query = read_query(request, DownloadQuery)
    request_access(request).require(Permission.DOWNLOAD, query.channel)
    if not query.start < query.end <= query.start + MAX_HOURS * 3_600_000:
        text = _("The end must be after the start, and at most {most} hours later.")
        raise invalid([FieldError("to", "range", text.format(most=MAX_HOURS))])
    service = media(request)
    stream = StreamId(query.channel, StreamName(query.stream))
    try:
        first, reel = await _begin(service.footage, stream, query)
        extent = await service.footage.call(
            _extent, service.footage.reel(stream), first, query.end * MS
        )
    except FootageTrouble as error:
        raise ApiError(503, error.code, error.text) from error
    name = file_name(
        query.channel, service.settings.name_of(query.channel), first.part.utc_ns,
        service.settings.zone,
    )  # fmt: skip
    response = web.StreamResponse(headers=_headers(name, first.part.utc_ns, extent.next_ns))
    response.content_type = "video/mp4"
    joiner = Joiner(first.part, extent.end_ns)
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    await response.write(joiner.head)
    await _send(service.footage, response, joiner, reel, first, extent.end_ns)
    await response.write_eof(joiner.tail())
    return response


class Extent(BaseModel):
    """How far one head reaches: the end of the footage, and where the next begins if it does."""

    end_ns: int
    next_ns: int | None


async def _begin(footage: Footage, stream: StreamId, query: DownloadQuery) -> tuple[Step, Reel]:
    await footage.ready()
    reel = footage.reel(stream)
    step = await footage.call(reel.seek, query.start * MS)
    if step is None or step.part.utc_ns >= query.end * MS:
        raise ApiError(
            404,
            "no_footage",
            _("Nothing was recorded on D{channel} in this time.").format(channel=query.channel),
        )
    return step, reel


def _extent(reel: Reel, first: Step, end_ns: int) -> Extent:
    """Look ahead, in the indexes only, to where the head changes or the time ends."""
    last_ns = first.part.end_ns
    for stored in reel.ahead(first.part.utc_ns):
        if stored.utc_ns >= end_ns:
            break
        if stored.head != first.part.head.data:
            return Extent(end_ns=last_ns, next_ns=stored.utc_ns)
        last_ns = max(last_ns, stored.end_ns)
    return Extent(end_ns=min(last_ns, end_ns), next_ns=None)


async def _send(
    footage: Footage,
    response: web.StreamResponse,
    joiner: Joiner,
    reel: Reel,
    step: Step | None,
    end_ns: int,
) -> None:
    head = step.part.head if step else None
    while step is not None and step.part.utc_ns < end_ns and step.part.head is head:
        await response.write(b"".join(joiner.add(step.part.until(end_ns - 1))))
        try:
            step = await footage.call(reel.next)
        except FootageTrouble as error:
            log.warning("a download ends early: %s", error)
            raise ConnectionResetError(str(error)) from error


def _headers(name: str, start_ns: int, next_ns: int | None) -> dict[str, str]:
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    headers = {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}",
        "Cache-Control": "no-store",
        "X-NVR-Start": str(start_ns // MS),
    }
    if next_ns is not None:
        headers["X-NVR-Next"] = str(next_ns // MS)
    return headers


def file_name(channel: int, name: str, start_ns: int, zone: tzinfo) -> str:
    """Return a name for the file: channel, its name, local time; nothing a file system minds."""
    local = datetime.fromtimestamp(start_ns / NS, UTC).astimezone(zone)
    stamp = local.strftime("%Y-%m-%d %H.%M.%S %z")
    title = _UNSAFE.sub("_", name).strip(" .")[:60]
    return " ".join(part for part in (f"D{channel}", title, stamp) if part) + ".mp4"

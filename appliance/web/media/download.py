"""GET /api/v1/download: a stretch of one stream as one MP4, by an address that tells it all."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.export.errors import ExportError
from appliance.export.package import Package
from appliance.export.request import ExportRequest
from appliance.storage.model import StreamId, StreamName
from appliance.text import _
from appliance.web.errors import FieldError
from appliance.web.export_files import KEPT_S, Kept, source_of
from appliance.web.export_serving import api_error, make_plan, serve
from appliance.web.guard import requester
from appliance.web.reading import invalid, not_found, read_query
from appliance.web.routing import Route, request_access

MS = 1_000_000
MAX_HOURS = 24


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
              answer_type="video/mp4", errors=("invalid", "no_footage", "gone", "volume_slow")),
    ]  # fmt: skip


async def get_download(request: web.Request) -> web.StreamResponse:
    """Answer with an export of one file: length, ranges and ETag as there, without its manifest.

    Where the coding changes the file ends, since one head cannot tell of two; X-NVR-Next then says
    at which millisecond UTC the next download goes on.
    """
    query = read_query(request, DownloadQuery)
    request_access(request).require(Permission.DOWNLOAD, query.channel)
    if not query.start < query.end <= query.start + MAX_HOURS * 3_600_000:
        text = _("The end must be after the start, and at most {most} hours later.")
        raise invalid([FieldError("to", "range", text.format(most=MAX_HOURS))])
    wanted = ExportRequest(
        (StreamId(query.channel, StreamName(query.stream)),), query.start * MS, query.end * MS,
        requester(request),
    )  # fmt: skip
    try:
        plan = await make_plan(request, wanted)
        first, *others = sorted(movie.start_ns for movie in plan.movies)
        if others:
            plan = await make_plan(request, replace(wanted, end_ns=others[0]))
    except ExportError as error:
        raise api_error(error) from error
    movie = next(movie for movie in plan.movies if movie.start_ns == first)
    headers = {"X-NVR-Start": str(first // MS)}
    if others:
        headers["X-NVR-Next"] = str(others[0] // MS)
    package = Package(replace(plan, movies=(movie,)))
    source = source_of(package, movie.name)
    if source is None:
        raise not_found()
    kept = Kept(_told_as(requester(request), movie.etag), package, "", time.monotonic() + KEPT_S)
    return await serve(request, kept, source, movie.name, [query.channel], headers=headers)


def _told_as(person: str, etag: str) -> str:
    """Return what the record of events knows a download by: who takes what, however often."""
    return "download " + hashlib.sha256(f"{person} {etag}".encode()).hexdigest()[:32]

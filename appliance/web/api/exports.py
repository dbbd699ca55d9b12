"""Exports: a plan of files first, then the files, by byte ranges (D1-PB-31, D1-PB-32)."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any, Literal
from urllib.parse import quote

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.export.errors import ExportError
from appliance.export.package import ARCHIVE, Package
from appliance.export.request import MOST_REASON, MOST_STREAMS, ExportRequest
from appliance.storage.model import StreamId, StreamName
from appliance.text import _
from appliance.web.errors import ApiError
from appliance.web.export_files import EXPORTS, Exports, Kept, source_of
from appliance.web.export_serving import api_error, box_fingerprint, planned, serve
from appliance.web.guard import requester
from appliance.web.reading import not_found, read_body
from appliance.web.routing import Route, request_access

MS = 1_000_000


class StreamBody(BaseModel):
    """One stream of one channel."""

    model_config = ConfigDict(extra="forbid")
    channel: int = Field(ge=1, le=4096)
    stream: Literal["main", "sub", "third"] = "main"


class ExportBody(BaseModel):
    """What to export; times in ms UTC.  With `combine`, breaks are left out of the files."""

    model_config = ConfigDict(extra="forbid")
    streams: list[StreamBody] = Field(min_length=1, max_length=MOST_STREAMS)
    start: int = Field(alias="from", ge=0, le=1 << 53)
    end: int = Field(alias="to", ge=0, le=1 << 53)
    reason: str = Field("", max_length=MOST_REASON)
    combine: bool = False


class FileAnswer(BaseModel):
    """A file; times in ms UTC, `url` for GET, HEAD and byte ranges."""

    name: str
    channel: int
    stream: str
    start: int = Field(alias="from")
    end: int = Field(alias="to")
    bytes: int
    coding: str
    url: str


class ArchiveAnswer(BaseModel):
    """All files, the manifest and the page that verifies them, as one ZIP."""

    name: str
    bytes: int
    url: str


class GapAnswer(BaseModel):
    """A time without footage, ms UTC."""

    channel: int
    stream: str
    start: int = Field(alias="from")
    end: int = Field(alias="to")


class WarningAnswer(BaseModel):
    """Something worth knowing before the export begins."""

    code: str
    text: str
    channel: int | None


class ExportAnswer(BaseModel):
    """A plan, kept until `expires` (ms UTC) for the person who made it.

    `fingerprint` is that of the key which signs it: what a receiver compares; empty if unknown.
    """

    id: str
    name: str
    expires: int
    fingerprint: str
    bytes: int
    files: list[FileAnswer]
    archive: ArchiveAnswer
    gaps: list[GapAnswer]
    warnings: list[WarningAnswer]


def routes() -> list[Route]:
    """Routes of this subject."""
    return [
        Route("POST", "/api/v1/exports", post_export, Permission.DOWNLOAD,
              "Plan an export: files, sizes, gaps", "footage", body=ExportBody,
              answer=ExportAnswer, status=201,
              errors=("invalid", "no_footage", "gone", "busy", "volume_failed", "volume_slow")),
        Route("GET", "/api/v1/exports/{id}", get_export, Permission.DOWNLOAD,
              "A plan made before", "footage", answer=ExportAnswer, errors=("not_found",)),
        Route("GET", "/api/v1/exports/{id}/{file}", get_file, Permission.DOWNLOAD,
              "A file of an export, or all.zip; ranges of bytes too", "footage",
              answer_type="application/octet-stream", errors=("not_found", "range", "gone")),
    ]  # fmt: skip


async def lifetime(app: web.Application) -> AsyncIterator[None]:
    """Start with the application, stop with it."""
    exports = app[EXPORTS] = Exports()
    yield
    exports.close()


async def post_export(request: web.Request) -> web.Response:
    """Plan, tell, keep."""
    body = await read_body(request, ExportBody)
    access = request_access(request)
    access.require_all(Permission.DOWNLOAD, [entry.channel for entry in body.streams])
    streams = tuple(StreamId(entry.channel, StreamName(entry.stream)) for entry in body.streams)
    try:
        wanted = ExportRequest(
            streams, body.start * MS, body.end * MS, requester(request), body.reason.strip(),
            body.combine,
        )  # fmt: skip
        package = await planned(request, wanted, Package)
    except ExportError as error:
        raise api_error(error) from error
    user = access.user.name if access.user else ""
    kept = request.config_dict[EXPORTS].keep(package, user)
    return web.json_response(_answer(kept, await box_fingerprint(request)), status=201)


async def get_export(request: web.Request) -> web.Response:
    """Answer a plan made before."""
    kept = _kept(request)
    request_access(request).require_all(Permission.DOWNLOAD, kept.plan.channels)
    return web.json_response(_answer(kept, await box_fingerprint(request)))


async def get_file(request: web.Request) -> web.StreamResponse:
    """Send a file, or a range of its bytes."""
    kept = _kept(request)
    name = request.match_info["file"]
    package = kept.package
    movie = package.movies.get(name)
    channels = [movie.stream.channel] if movie else kept.plan.channels
    request_access(request).require_all(Permission.DOWNLOAD, channels)
    source = source_of(package, name)
    if source is None:
        raise not_found()
    shown = f"{kept.plan.name}.zip" if name == ARCHIVE else name
    return await serve(request, kept, source, shown, channels)


def _kept(request: web.Request) -> Kept:
    kept = request.config_dict[EXPORTS].find(request.match_info["id"], request_access(request))
    if kept is None:
        raise ApiError(
            404, "not_found", _("This export is not prepared any more. Prepare it again.")
        )
    return kept


def _answer(kept: Kept, fingerprint: str) -> dict[str, Any]:
    plan, base = kept.plan, f"/api/v1/exports/{kept.id}"
    return {
        "id": kept.id,
        "name": plan.name,
        "expires": int((time.time() + kept.until - time.monotonic()) * 1000),
        "fingerprint": fingerprint,
        "bytes": kept.package.total_bytes,
        "files": [
            {"name": m.name, "channel": m.stream.channel, "stream": m.stream.stream.value,
             "from": m.start_ns // MS, "to": m.end_ns // MS, "bytes": m.size, "coding": m.coding,
             "url": f"{base}/{quote(m.name)}"}
            for m in plan.movies
        ],
        "archive": {"name": f"{plan.name}.zip", "bytes": kept.package.archive.size,
                    "url": f"{base}/{ARCHIVE}"},
        "gaps": [
            {"channel": g.stream.channel, "stream": g.stream.stream.value,
             "from": g.start_ns // MS, "to": g.end_ns // MS}
            for g in plan.gaps
        ],
        "warnings": [
            {"code": w.code, "text": w.text, "channel": w.channel} for w in plan.warnings
        ],
    }  # fmt: skip

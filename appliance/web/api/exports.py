"""Exports: a plan of files first, then the files, by byte ranges (D1-PB-31, D1-PB-32)."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Any, Literal
from urllib.parse import quote

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.bus.errors import BusError
from appliance.export.errors import ExportError
from appliance.export.names import iso_time
from appliance.export.package import ARCHIVE, Package
from appliance.export.plan import ExportPlan, plan_export
from appliance.export.request import MOST_REASON, MOST_STREAMS, BoxIdentity, ExportRequest
from appliance.storage.errors import FootageGoneError
from appliance.storage.model import StreamId, StreamName
from appliance.text import _
from appliance.version import VERSION
from appliance.web.asking import ask
from appliance.web.context import context
from appliance.web.errors import ApiError, FieldError
from appliance.web.export_files import Exports, Kept, seal, source_of
from appliance.web.guard import requester
from appliance.web.media.footage import FootageTrouble
from appliance.web.media.service import media
from appliance.web.ranges import unchanged, wanted_part
from appliance.web.reading import invalid, not_found, read_body
from appliance.web.routing import Route, request_access
from appliance.web.transfer import Source

log = logging.getLogger(__name__)

MS = 1_000_000
_TYPES = {"mp4": "video/mp4", "zip": "application/zip", "json": "application/json",
          "html": "text/html"}  # fmt: skip


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
    """A plan, kept until `expires` (ms UTC) for the person who made it."""

    id: str
    name: str
    expires: int
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
              errors=("invalid", "no_footage", "gone", "volume_failed", "volume_slow")),
        Route("GET", "/api/v1/exports/{id}", get_export, Permission.DOWNLOAD,
              "A plan made before", "footage", answer=ExportAnswer, errors=("not_found",)),
        Route("GET", "/api/v1/exports/{id}/{file}", get_file, Permission.DOWNLOAD,
              "A file of an export, or all.zip; ranges of bytes too", "footage",
              answer_type="application/octet-stream", errors=("not_found", "range", "gone")),
    ]  # fmt: skip


EXPORTS = web.AppKey("exports", Exports)


async def lifetime(app: web.Application) -> AsyncIterator[None]:
    """Start with the application, stop with it."""
    exports = app[EXPORTS] = Exports()
    yield
    exports.transfers.close()


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
        plan = await make_plan(request, wanted)
    except ExportError as error:
        raise api_error(error) from error
    user = access.user.name if access.user else ""
    kept = request.config_dict[EXPORTS].keep(Package(plan), user)
    return web.json_response(_answer(kept), status=201)


async def make_plan(request: web.Request, wanted: ExportRequest) -> ExportPlan:
    """Plan with what the box knows now.  Raises ExportError, ApiError 503."""
    service = media(request)
    settings = service.settings
    try:
        await service.footage.ready()
        return await service.footage.call(
            plan_export, service.footage.reader, wanted, settings.names, settings.zone,
            BoxIdentity(settings.box_name, VERSION),
        )  # fmt: skip
    except FootageTrouble as error:
        raise ApiError(503, error.code, error.text) from error


def api_error(error: ExportError) -> ApiError:
    """Return an error of the export as the API says it."""
    fields = {"order": "to", "too_long": "to", "no_channels": "streams"}
    if error.code in fields:
        return invalid([FieldError(fields[error.code], error.code, error.text)])
    status = {"no_footage": 404, "gone": 409}.get(error.code, 503)
    return ApiError(status, error.code, error.text)


async def get_export(request: web.Request) -> web.Response:
    """Answer a plan made before."""
    kept = _kept(request)
    request_access(request).require_all(Permission.DOWNLOAD, kept.plan.channels)
    return web.json_response(_answer(kept))


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
    headers = {"ETag": f'"{source.etag}"', "Accept-Ranges": "bytes"}
    if unchanged(request, source.etag):
        return web.Response(status=304, headers=headers)
    part = wanted_part(request, source.size, source.etag)
    shown = f"{kept.plan.name}.zip" if name == ARCHIVE else name
    headers["Content-Disposition"] = attachment(shown)
    if not part.whole:
        headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{source.size}"
    response = web.StreamResponse(status=200 if part.whole else 206, headers=headers)
    response.content_type = _TYPES[name.rpartition(".")[2]]
    response.content_length = part.end - part.start
    await response.prepare(request)
    if request.method != "HEAD":
        await _tell(request, kept, channels)
        await _send(request, response, kept, source, (part.start, part.end), channels)
    return response


async def _send(
    request: web.Request,
    response: web.StreamResponse,
    kept: Kept,
    source: Source,
    part: tuple[int, int],
    channels: list[int],
) -> None:
    start, end = part
    transfers = request.config_dict[EXPORTS].transfers
    try:
        if start < min(end, source.seal_at):
            await transfers.send(request, response, source, start, min(end, source.seal_at))
        if end > source.seal_at:
            await seal(kept, transfers, partial(_sign, request))
            await transfers.send(request, response, source, max(start, source.seal_at), end)
        await response.write_eof()
    except (FootageGoneError, OSError, TimeoutError, ApiError) as error:
        if request.transport is not None:
            request.transport.abort()
        if not isinstance(error, ConnectionError):
            await _tell_early_end(request, kept, channels, error)


async def _sign(request: web.Request, entry: dict[str, Any]) -> dict[str, Any]:
    entry.pop("action")
    signed: dict[str, Any] = await ask(request, "exports.sign", **entry)
    return signed


async def _tell(request: web.Request, kept: Kept, channels: list[int]) -> None:
    """Note, once for each channel of a plan, that footage leaves the box."""
    wanted = kept.plan.request
    for channel in channels:
        if channel in kept.told:
            continue
        kept.told.add(channel)
        details = {
            "by": requester(request),
            "name": kept.plan.names.get(channel, ""),
            "from": iso_time(wanted.start_ns, kept.plan.zone),
            "to": iso_time(wanted.end_ns, kept.plan.zone),
            "reason": wanted.reason,
        }
        await _raise(request, "exported", f"{kept.id} {channel}", channel, details)


async def _tell_early_end(
    request: web.Request, kept: Kept, channels: list[int], error: Exception
) -> None:
    if isinstance(error, FootageGoneError):
        reason = _("Its footage was overwritten by newer one meanwhile.")
    elif isinstance(error, TimeoutError):
        reason = _("The receiver took nothing for 30 s.")
    elif isinstance(error, ApiError):
        reason = error.text
    else:
        reason = _("The footage cannot be read: {reason}.").format(reason=error)
    for channel in channels:
        details = {"by": requester(request), "name": kept.plan.names.get(channel, ""),
                   "reason": reason}  # fmt: skip
        await _raise(request, "export_ended_early", f"{kept.id} {channel}", channel, details)


async def _raise(
    request: web.Request, kind: str, key: str, channel: int, details: dict[str, str]
) -> None:
    log.info("%s: D%d %s", kind, channel, details)
    params = {"kind": kind, "key": key, "source": "web", "channel": channel, "details": details}
    try:
        await context(request).bus.request("events.raise", params, timeout_s=2)
    except BusError as error:
        log.warning("The event %s of D%d was not noted: %s", kind, channel, error)


def attachment(name: str) -> str:
    """Return Content-Disposition for a file of this name, for old and new clients."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"


def _kept(request: web.Request) -> Kept:
    kept = request.config_dict[EXPORTS].find(request.match_info["id"], request_access(request))
    if kept is None:
        raise ApiError(
            404, "not_found", _("This export is not prepared any more. Prepare it again.")
        )
    return kept


def _answer(kept: Kept) -> dict[str, Any]:
    plan, base = kept.plan, f"/api/v1/exports/{kept.id}"
    return {
        "id": kept.id,
        "name": plan.name,
        "expires": int((time.time() + kept.until - time.monotonic()) * 1000),
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

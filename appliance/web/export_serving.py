"""Serving files of exports: plan, answer with ranges, note who took what, end what went wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

from aiohttp import web

from appliance.bus.errors import BusError
from appliance.export.errors import ExportError
from appliance.export.names import iso_time
from appliance.export.plan import ExportPlan, plan_export
from appliance.export.request import BoxIdentity, ExportRequest
from appliance.storage.errors import FootageGoneError
from appliance.text import _
from appliance.version import VERSION
from appliance.web.asking import ask
from appliance.web.context import context
from appliance.web.errors import ApiError, FieldError
from appliance.web.export_files import EXPORTS, Kept, seal
from appliance.web.guard import requester
from appliance.web.media.footage import FootageTrouble
from appliance.web.media.service import media
from appliance.web.ranges import unchanged, wanted_part
from appliance.web.reading import invalid
from appliance.web.routing import request_access
from appliance.web.transfer import Source

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")
_TYPES = {"mp4": "video/mp4", "zip": "application/zip", "json": "application/json",
          "html": "text/html"}  # fmt: skip


async def make_plan(request: web.Request, wanted: ExportRequest) -> ExportPlan:
    """Plan with what the box knows now.  Raises as `planned` does."""
    return await planned(request, wanted, lambda plan: plan)


async def planned(
    request: web.Request, wanted: ExportRequest, made: Callable[[ExportPlan], Answer]
) -> Answer:
    """Plan with what the box knows now, and make something of the plan in the same thread.

    Raises ExportError, ApiError 503, ConnectionError when the client has gone.
    """
    service = media(request)
    settings = service.settings
    box = BoxIdentity(settings.box_name, VERSION)

    def work(stop: Callable[[], bool]) -> Answer:
        return made(
            plan_export(
                service.footage.reader, wanted, settings.names, settings.zone, box, stop=stop
            )
        )

    user = request_access(request).user
    try:
        await service.footage.ready()
        planner = request.config_dict[EXPORTS].planner
        return await planner.plan(request, user.name if user else "", work)
    except FootageTrouble as error:
        raise ApiError(503, error.code, error.text) from error


def api_error(error: ExportError) -> ApiError:
    """Return an error of the export as the API says it."""
    fields = {"order": "to", "too_long": "to", "too_large": "to", "no_channels": "streams"}
    if error.code in fields:
        return invalid([FieldError(fields[error.code], error.code, error.text)])
    status = {"no_footage": 404, "gone": 409}.get(error.code, 503)
    return ApiError(status, error.code, error.text)


async def box_fingerprint(request: web.Request) -> str:
    """Return the fingerprint of the key that signs, empty while nobody can tell."""
    try:
        told = await context(request).bus.request("exports.key", timeout_s=2)
        return str(told["fingerprint"])
    except (BusError, KeyError, TypeError) as error:
        log.warning("The fingerprint of the recorder's key is not known: %s", error)
        return ""


async def serve(
    request: web.Request,
    kept: Kept,
    source: Source,
    name: str,
    channels: list[int],
    *,
    headers: dict[str, str] | None = None,
    attached: bool = True,
) -> web.StreamResponse:
    """Send a file of an export under a name, or a range of its bytes; `channels` are in it.

    With `attached` browsers save it, and it counts as an export.
    """
    headers = {**(headers or {}), "ETag": f'"{source.etag}"', "Accept-Ranges": "bytes"}
    if unchanged(request, source.etag):
        return web.Response(status=304, headers=headers)
    part = wanted_part(request, source.size, source.etag)
    if attached:
        headers["Content-Disposition"] = attachment(name)
    if not part.whole:
        headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{source.size}"
    response = web.StreamResponse(status=200 if part.whole else 206, headers=headers)
    response.content_type = _TYPES[name.rpartition(".")[2]]
    response.content_length = part.end - part.start
    await response.prepare(request)
    if request.method != "HEAD":
        if attached:
            await tell_exported(request, kept, channels)
        error = await _send(request, response, kept, source, (part.start, part.end))
        if attached and error is not None:
            await _tell_early_end(request, kept, channels, error)
    return response


async def _send(
    request: web.Request,
    response: web.StreamResponse,
    kept: Kept,
    source: Source,
    part: tuple[int, int],
) -> Exception | None:
    """Send; returns what was in the way, None too where the receiver has gone by itself."""
    start, end = part
    transfers = request.config_dict[EXPORTS].transfers
    counters = context(request).counters
    counters.downloads += 1
    try:
        if start < min(end, source.seal_at):
            await transfers.send(request, response, source, start, min(end, source.seal_at))
        if end > source.seal_at:
            await seal(request, kept, transfers, partial(_sign, request))
            await transfers.send(request, response, source, max(start, source.seal_at), end)
        await response.write_eof()
    except (FootageGoneError, OSError, TimeoutError, ApiError) as error:
        if request.transport is not None:
            request.transport.abort()
        return None if isinstance(error, ConnectionError) else error
    finally:
        counters.downloads -= 1
    return None


async def _sign(request: web.Request, entry: dict[str, Any]) -> dict[str, Any]:
    entry.pop("action")
    signed: dict[str, Any] = await ask(request, "exports.sign", **entry)
    return signed


async def tell_exported(request: web.Request, kept: Kept, channels: list[int]) -> None:
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

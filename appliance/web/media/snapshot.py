"""GET /api/v1/snapshot: the picture of an instant, or of now, as JPEG or BMP (N8.10)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.media.types import AccessUnit, VideoFormat
from appliance.storage.model import StreamId
from appliance.storage.reader import FootageReader
from appliance.text import _
from appliance.web.audit import viewed
from appliance.web.errors import ApiError
from appliance.web.media.choice import candidates
from appliance.web.media.footage import Footage, FootageTrouble
from appliance.web.media.live import LiveStream, Trouble
from appliance.web.media.parts import NS
from appliance.web.media.pictures import Picture, PictureError, PictureForm
from appliance.web.media.service import MediaService, media
from appliance.web.reading import read_query
from appliance.web.routing import Route, request_access

LIVE_WAIT_S = 3.0
TOLERANCE_NS = NS
"""How far from the instant asked for a picture may be."""

MAX_BACK_S = 86_400


class SnapshotQuery(BaseModel):
    """Which picture: `at` in milliseconds UTC or "now"; `width` in pixels shrinks it.

    `back_s`: where nothing is stored at `at`, the last picture of so many seconds before it.
    `preview`: the picture is welcome, not needed; without one the answer is 204, no error.
    `format`: jpeg, or bmp for programs that want every pixel as it was decoded.
    """

    model_config = ConfigDict(extra="forbid")
    channel: int = Field(ge=1, le=4096)
    at: Literal["now"] | Annotated[float, Field(ge=0, le=1 << 53, allow_inf_nan=False)] = "now"
    stream: Literal["main", "sub", "third", "auto"] = "main"
    width: int = Field(0, ge=0, le=8192)
    back_s: int = Field(0, ge=0, le=MAX_BACK_S)
    preview: bool = False
    format: PictureForm = "jpeg"


def routes() -> list[Route]:
    """Routes of this subject."""
    return [
        Route("GET", "/api/v1/snapshot", get_snapshot, Permission.LIVE,
              "The picture of an instant, or of now", "footage", query=SnapshotQuery,
              answer_type="image/*",
              errors=("invalid", "no_footage", "no_picture", "not_decodable", "busy")),
    ]  # fmt: skip


async def get_snapshot(request: web.Request) -> web.Response:
    """Answer with a picture; X-NVR-Time says in milliseconds UTC when it was captured.

    A stream that has no picture, or none that can be decoded, gives way to the other one.
    Whoever may see a channel live may ask for "now"; an instant needs the right to play back too.
    """
    query = read_query(request, SnapshotQuery)
    live = query.at == "now"
    permission = Permission.LIVE if live else Permission.PLAYBACK
    request_access(request).require(permission, query.channel)
    service = media(request)
    try:
        if isinstance(query.at, float):
            picture = await _past(service, query, int(query.at * 1_000_000))
            viewed(request, query.channel, picture.utc_ns / 1_000_000)
        else:
            picture = await _now(service, query)
    except (PictureError, FootageTrouble) as error:
        if query.preview:
            return web.Response(status=204, headers={"Cache-Control": "no-store"})
        if isinstance(error, FootageTrouble):
            raise ApiError(503, error.code, error.text) from error
        status = 503 if error.code == "busy" else 404
        raise ApiError(status, error.code, error.text) from error
    return web.Response(
        body=picture.data,
        content_type=f"image/{query.format}",
        headers={
            "X-NVR-Time": str(picture.utc_ns // 1_000_000),
            "Cache-Control": "no-store" if live else "private, max-age=300",
        },
    )


async def _now(service: MediaService, query: SnapshotQuery) -> Picture:
    trouble: Trouble | None = None
    for stream in candidates(query.channel, query.stream):
        live = service.live.hold(stream)
        try:
            units, trouble = await _current_gop(live)
        finally:
            service.live.release(stream)
        if units:
            last_ns = max(unit.utc_ns for unit in units)
            key = (stream, units[0].run, last_ns, query.width, query.format)
            picture = await service.pictures.make(
                _at_once(units), last_ns, width=query.width, form=query.format, key=key
            )
            if picture:
                return picture
        if trouble and not trouble.final:
            break
    text = trouble.text if trouble else _("The camera sends no picture at the moment.")
    raise PictureError("no_picture", text)


async def _current_gop(live: LiveStream) -> tuple[list[AccessUnit], Trouble | None]:
    """Return the units since the last key frame, waiting a moment for the first."""
    try:
        async with asyncio.timeout(LIVE_WAIT_S):
            while True:
                outcome = await live.ready()
                if not isinstance(outcome, VideoFormat):
                    return [], outcome
                if live.gop:
                    return live.gop, None
                await live.changed()
    except TimeoutError:
        return [], live.trouble


async def _past(service: MediaService, query: SnapshotQuery, utc_ns: int) -> Picture:
    await service.footage.ready()
    trouble: PictureError | None = None
    streams = candidates(query.channel, query.stream)
    for back_ns in dict.fromkeys((0, query.back_s * NS)):
        for stream in streams:
            try:
                picture = await _stored(service, query, stream, utc_ns, back_ns)
            except PictureError as error:
                if error.code == "busy":
                    raise
                trouble = trouble or error
            else:
                if picture:
                    return picture
    raise trouble or _nothing(query.channel)


def _nothing(channel: int) -> PictureError:
    return PictureError(
        "no_footage",
        _("Nothing was recorded on D{channel} at this time.").format(channel=channel),
    )


async def _stored(
    service: MediaService, query: SnapshotQuery, stream: StreamId, utc_ns: int, back_ns: int
) -> Picture | None:
    """Return the picture of an instant, with `back_ns` the last one stored before it."""
    footage = service.footage
    if back_ns:
        last_ns = await footage.call(_last_before, footage.reader, stream, utc_ns, back_ns)
        if last_ns is None:
            return None
        utc_ns = last_ns
    key = (stream, utc_ns, query.width, query.format)
    known = service.pictures.known(key)
    if known:
        return known
    return await service.pictures.make(
        _leading_to(footage, stream, utc_ns), utc_ns, width=query.width, form=query.format, key=key
    )


async def _at_once(units: list[AccessUnit]) -> AsyncIterator[list[AccessUnit]]:
    yield units


def _last_before(reader: FootageReader, stream: StreamId, utc_ns: int, back_ns: int) -> int | None:
    """Return the last instant with footage in the `back_ns` before `utc_ns`, None if none."""
    spans = reader.timeline([stream], utc_ns - back_ns, utc_ns)
    return max(span.end_ns for span in spans) - 1 if spans else None


async def _leading_to(
    footage: Footage, stream: StreamId, utc_ns: int
) -> AsyncIterator[list[AccessUnit]]:
    """Yield the units from the key frame before an instant up to it; none in a gap."""
    reel = footage.reel(stream)
    step = await footage.call(reel.seek, utc_ns)
    if step is None or step.part.utc_ns > utc_ns + TOLERANCE_NS:
        return
    while True:
        yield step.part.reaching(utc_ns).video_units()
        if step.part.end_ns > utc_ns:
            return
        last_ns = step.part.end_ns
        step = await footage.call(reel.next)
        if step is None or not step.continues:
            if utc_ns - last_ns > TOLERANCE_NS:
                raise _nothing(stream.channel)
            return

"""GET /api/v1/timeline and /api/v1/calendar: when something was recorded."""

from __future__ import annotations

import json
import re
from datetime import datetime, tzinfo
from functools import cache
from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.storage.model import RecordKind, StreamId, StreamName
from appliance.storage.pieces import GAP_NS
from appliance.storage.reader import FootageReader
from appliance.text import _
from appliance.web.context import context
from appliance.web.encoding import json_text
from appliance.web.errors import ApiError, FieldError
from appliance.web.media.footage import FootageTrouble
from appliance.web.media.losses import Lost, lost_stretches
from appliance.web.media.service import media
from appliance.web.reading import invalid, read_query
from appliance.web.routing import Route, request_access

MS = 1_000_000
MAX_CHANNELS = 256
PIXELS = 2000
"""How many there are taken to be where the query does not say how wide one is."""

_MONTH = re.compile(r"(\d{4})-(\d{2})")
_KIND_NAMES = {
    RecordKind.MOTION_AND_ALARM: "motion_and_alarm",
    RecordKind.ALARM: "alarm",
    RecordKind.POS: "pos",
    RecordKind.INTELLIGENT: "intelligent",
    RecordKind.MOTION: "motion",
}


class TimelineQuery(BaseModel):
    """A stretch of time in milliseconds UTC; without `stream`, all streams of the channels.

    `resolution`: milliseconds that are not told apart (a pixel of whoever draws it), by default a
    2000th of the stretch.  What was recorded in a pixel makes the whole of it recorded, as the
    kind that comes first (D1-RC-07).  `locked`: only what is locked, and exactly.
    """

    model_config = ConfigDict(extra="forbid")
    channels: list[int] = Field(max_length=MAX_CHANNELS)
    stream: Literal["main", "sub", "third"] | None = None
    start: int = Field(alias="from", ge=0, le=1 << 53)
    end: int = Field(alias="to", ge=0, le=1 << 53)
    resolution: int | None = Field(default=None, ge=0, le=1 << 53)
    locked: bool = False


class CalendarQuery(BaseModel):
    """A month ("2026-11") of the box's calendar."""

    model_config = ConfigDict(extra="forbid")
    channels: list[int] = Field(max_length=MAX_CHANNELS)
    month: str = Field(max_length=7)


def routes() -> list[Route]:
    """Routes of this subject."""
    return [
        Route("GET", "/api/v1/timeline", get_timeline, Permission.PLAYBACK,
              "When channels were recorded", "footage", query=TimelineQuery,
              errors=("invalid", "volume_slow")),
        Route("GET", "/api/v1/calendar", get_calendar, Permission.PLAYBACK,
              "The days of a month on which channels were recorded", "footage",
              query=CalendarQuery, errors=("invalid", "volume_slow")),
    ]  # fmt: skip


async def get_timeline(request: web.Request) -> web.Response:
    """Answer with {"spans": [{channel, stream, from, to, kind, locked}]}, times in ms UTC.

    Stretches whose footage was lost come behind the others as kind `lost`, each with `reason`
    (overload, disk, damaged) and `text`, the same in words; of a `damaged` one, part is recorded.
    Every channel asked for has to be one the person may play back.
    """
    query = read_query(request, TimelineQuery)
    if query.end <= query.start:
        raise invalid([FieldError("to", "order", _("The end must be after the start."))])
    channels = query.channels
    request_access(request).require_all(Permission.PLAYBACK, channels)
    names = [StreamName(query.stream)] if query.stream else list(StreamName)
    streams = [StreamId(channel, name) for channel in dict.fromkeys(channels) for name in names]
    service = media(request)
    footage = service.footage
    await footage.refresh()
    pixel_ms = (query.end - query.start) // PIXELS
    if query.locked:
        pixel_ms = 0
    elif query.resolution is not None:
        pixel_ms = query.resolution
        service.pictures.expect()  # of what lies under the pointer on a bar
    lost: list[Lost] = []
    if not query.locked:
        bus = context(request).bus
        lost = await lost_stretches(bus, streams, query.start, query.end, pixel_ms)
    try:
        texts = await footage.call(_timeline, footage.reader, streams, query, pixel_ms * MS)
    except FootageTrouble as error:
        raise ApiError(503, error.code, error.text) from error
    texts += [json.dumps(stretch.as_span()) for stretch in lost]
    text = f'{{"spans":[{",".join(texts)}]}}'
    return await json_text(request, text)


def _timeline(
    reader: FootageReader, streams: list[StreamId], query: TimelineQuery, pixel_ns: int
) -> list[str]:
    start_ns, end_ns = query.start * MS, query.end * MS
    texts: list[str] = []
    for stream in streams:
        drawn = reader.overview(stream, start_ns, end_ns, pixel_ns)
        if drawn is None:
            gap_ns = max(GAP_NS, pixel_ns)
            drawn = [
                (span.start_ns, span.end_ns, int(span.kinds), span.locked)
                for span in reader.timeline(
                    [stream], start_ns, end_ns, gap_ns=gap_ns, locked_only=query.locked
                )
            ]
        head = f'{{"channel":{stream.channel},"stream":"{stream.stream.value}","from":'
        texts += [  # there may be tens of thousands
            f'{head}{begin // MS},"to":{-(-end // MS)},{_looks(kinds, locked)}}}'
            for begin, end, kinds, locked in drawn
        ]
    return texts


@cache
def _looks(kinds: int, locked: bool) -> str:
    """Return the kind that is shown and the lock; the flags' own operations are slow."""
    kind = _KIND_NAMES.get(RecordKind(kinds).effective(), "general")
    return f'"kind":"{kind}","locked":{"true" if locked else "false"}'


async def get_calendar(request: web.Request) -> web.Response:
    """Answer with {"zone", "month", "days": ["2026-11-03", ...]}, in the time zone of the box."""
    query = read_query(request, CalendarQuery)
    channels = query.channels
    request_access(request).require_all(Permission.PLAYBACK, channels)
    service = media(request)
    await service.footage.refresh()
    zone = service.settings.zone
    start_ns, end_ns = month_bounds(query.month, zone)
    try:
        days = await service.footage.call(
            service.footage.reader.days_with_footage, channels, start_ns, end_ns, zone
        )
    except FootageTrouble as error:
        raise ApiError(503, error.code, error.text) from error
    return web.json_response(
        {"zone": zone.key, "month": query.month, "days": [day.isoformat() for day in days]}
    )


def month_bounds(month: str, zone: tzinfo) -> tuple[int, int]:
    """Return the first instant of a month and of the one after it, in a time zone; ns UTC.

    A month with a change of the clocks is an hour longer or shorter.  Raises ApiError 422.
    """
    found = _MONTH.fullmatch(month)
    if not found or not 1970 <= int(found[1]) <= 9998 or not 1 <= int(found[2]) <= 12:
        raise invalid([FieldError("month", "month", _("must be a month such as 2026-11"))])
    year, number = int(found[1]), int(found[2])
    first = datetime(year, number, 1, tzinfo=zone)
    following = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=zone)
    return int(first.timestamp()) * 1_000 * MS, int(following.timestamp()) * 1_000 * MS

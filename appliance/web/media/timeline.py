"""GET /api/v1/timeline and /api/v1/calendar: when something was recorded."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache
from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.storage.model import RecordKind, StreamId, StreamName
from appliance.storage.pieces import GAP_NS
from appliance.storage.reader import FootageReader, TimelineSpan
from appliance.text import _
from appliance.web.errors import ApiError, FieldError
from appliance.web.media.footage import FootageTrouble
from appliance.web.media.parts import NS
from appliance.web.media.service import media
from appliance.web.reading import invalid, read_query
from appliance.web.routing import Route, request_access

MS = 1_000_000
MAX_CHANNELS = 256
BRIDGED = 5000
"""Breaks shorter than this part of the range asked for are not told apart: less than a pixel."""

_MONTH = re.compile(r"(\d{4})-(\d{2})")
_KIND_NAMES = {
    RecordKind.MOTION_AND_ALARM: "motion_and_alarm",
    RecordKind.ALARM: "alarm",
    RecordKind.POS: "pos",
    RecordKind.INTELLIGENT: "intelligent",
    RecordKind.MOTION: "motion",
}


class TimelineQuery(BaseModel):
    """A stretch of time in milliseconds UTC; without `stream`, all streams of the channels."""

    model_config = ConfigDict(extra="forbid")
    channels: list[int] = Field(max_length=MAX_CHANNELS)
    stream: Literal["main", "sub", "third"] | None = None
    start: int = Field(alias="from", ge=0, le=1 << 53)
    end: int = Field(alias="to", ge=0, le=1 << 53)


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

    Every channel asked for has to be one the person may play back.
    """
    query = read_query(request, TimelineQuery)
    if query.end <= query.start:
        raise invalid([FieldError("to", "order", _("The end must be after the start."))])
    channels = query.channels
    request_access(request).require_all(Permission.PLAYBACK, channels)
    names = [StreamName(query.stream)] if query.stream else list(StreamName)
    streams = [StreamId(channel, name) for channel in dict.fromkeys(channels) for name in names]
    footage = media(request).footage
    await footage.refresh()
    try:
        text = await footage.call(_timeline, footage.reader, streams, query.start, query.end)
    except FootageTrouble as error:
        raise ApiError(503, error.code, error.text) from error
    return web.Response(text=text, content_type="application/json")


def _timeline(reader: FootageReader, streams: list[StreamId], start_ms: int, end_ms: int) -> str:
    gap_ns = max(GAP_NS, (end_ms - start_ms) * MS // BRIDGED)
    spans = reader.timeline(streams, start_ms * MS, end_ms * MS, gap_ns=gap_ns)
    return f'{{"spans":[{",".join(map(_as_json, spans))}]}}'


@cache
def _kind_name(kinds: int) -> str:
    """Return the name of the kind that is shown; the flags' own operations are slow."""
    return _KIND_NAMES.get(RecordKind(kinds).effective(), "general")


def _as_json(span: TimelineSpan) -> str:
    """Return one span; written by hand because a month of 16 channels has tens of thousands."""
    kind = _kind_name(int(span.kinds))
    return (
        f'{{"channel":{span.stream.channel},"stream":"{span.stream.stream.value}",'
        f'"from":{span.start_ns // MS},"to":{-(-span.end_ns // MS)},'
        f'"kind":"{kind}","locked":{"true" if span.locked else "false"}}}'
    )


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
            _days, service.footage.reader, channels, start_ns, end_ns, zone
        )
    except FootageTrouble as error:
        raise ApiError(503, error.code, error.text) from error
    return web.json_response(
        {"zone": zone.key, "month": query.month, "days": [day.isoformat() for day in days]}
    )


def _days(
    reader: FootageReader, channels: list[int], start_ns: int, end_ns: int, zone: tzinfo
) -> list[date]:
    streams = [StreamId(channel, name) for channel in channels for name in StreamName]
    found: set[date] = set()
    for span in reader.timeline(streams, start_ns, end_ns, gap_ns=60 * NS):
        day, last = (
            datetime.fromtimestamp(at // NS, UTC).astimezone(zone).date()
            for at in (span.start_ns, span.end_ns - 1)
        )
        while day <= last:
            found.add(day)
            day += timedelta(days=1)
    return sorted(found)


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

"""The events' record: filtered, newest first."""

from __future__ import annotations

from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.web.asking import ask
from appliance.web.reading import read_query
from appliance.web.routing import Route, request_access
from appliance.web.visible import sees_event

MAX_MS = 1 << 53


class EventsQuery(BaseModel):
    """Filters; lists are written "1,2,3".  `from` and `to` are ms UTC, an event matches by overlap.

    `after` is the `next` of the page before.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=False)
    kinds: list[str] | None = Field(None, max_length=100)
    severities: list[Literal["info", "warning", "error"]] | None = None
    channels: list[int] | None = Field(None, max_length=256)
    sources: list[str] | None = Field(None, max_length=32)
    start: int | None = Field(None, alias="from", ge=0, le=MAX_MS)
    end: int | None = Field(None, alias="to", ge=0, le=MAX_MS)
    open: bool | None = None
    after: str | None = Field(None, max_length=200)
    limit: int = Field(100, ge=1, le=500)


class EventAnswer(BaseModel):
    """An event; `end` is null while it lasts, times are ms UTC."""

    model_config = ConfigDict(extra="allow")
    id: int
    kind: str
    title: str
    severity: str
    channel: int | None
    source: str
    start: int
    end: int | None
    text: str
    details: dict[str, Any]


class EventsAnswer(BaseModel):
    """A page of events, newest first; `next` is null on the last one."""

    events: list[EventAnswer]
    next: str | None


class KindsAnswer(BaseModel):
    """Every registered kind of event."""

    kinds: list[dict[str, Any]]


def routes() -> list[Route]:
    """Routes of this subject."""
    return [
        Route("GET", "/api/v1/events", get_events, Permission.EVENTS, "Search events", "events",
              query=EventsQuery, answer=EventsAnswer, errors=("supervisor_away", "invalid")),
        Route("GET", "/api/v1/events/kinds", get_kinds, Permission.SESSION, "Kinds of events",
              "events", answer=KindsAnswer, errors=("supervisor_away",)),
    ]  # fmt: skip


async def get_events(request: web.Request) -> web.Response:
    """Answer events of channels the person may see, and of the box."""
    access = request_access(request)
    query = read_query(request, EventsQuery).model_dump(exclude_none=True)
    allowed = access.channels_of(Permission.EVENTS)
    if allowed is not None:
        wanted = query.get("channels") or sorted(allowed)
        query["channels"] = access.visible(Permission.EVENTS, wanted)
        if not query["channels"]:
            return web.json_response({"events": [], "next": None})
    access.asked = True
    answer = await ask(request, "events.query", **query)
    events = [event for event in answer["events"] if sees_event(access, event)]
    return web.json_response({"events": events, "next": answer.get("next")})


async def get_kinds(request: web.Request) -> web.Response:
    """Answer what kinds there are, for filters."""
    return web.json_response(await ask(request, "events.kinds"))

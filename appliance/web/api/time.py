"""The clock: how it fares, what setting it means, setting it (D2-SY-20, D2-SY-24)."""

from __future__ import annotations

from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.bus.time_messages import TimeSource
from appliance.text import _
from appliance.web.asking import ask
from appliance.web.errors import ApiError
from appliance.web.guard import requester
from appliance.web.reading import read_body
from appliance.web.routing import Route, request_access

_SMALL = 4096


class TimeAnswer(BaseModel):
    """The clock (ms UTC), its zone with the next changes (ms UTC), and who vouches for it.

    `ahead_s`: how far the followed server is ahead of it, give or take `error_s`.
    """

    utc: int
    zone: str
    changes: list[int]
    simulated: bool
    ntp: bool
    serving: bool
    running: bool
    synchronised: bool
    reference: str
    ahead_s: float
    error_s: float
    sources: list[TimeSource]
    trust: Literal["server", "battery", "person", "nobody"]
    fault: str


class InstantBody(BaseModel):
    """A time in milliseconds since 1970 (UTC)."""

    model_config = ConfigDict(extra="forbid")
    utc: int = Field(ge=0, le=1 << 53)


class PreviewAnswer(BaseModel):
    """How far the clock would be moved, in seconds, and what that means, in sentences."""

    ahead_s: float
    meaning: list[str]


class SyncBody(BaseModel):
    """Nothing has to be said."""

    model_config = ConfigDict(extra="forbid")


def routes() -> list[Route]:
    """Routes of this subject."""
    may, away = Permission.SYSTEM, "supervisor_away"
    refusals = (
        away,
        "invalid",
        "time.out_of_range",
        "time.followed",
        "helper.absent",
        "time.not_from_here",
    )
    return [
        Route("GET", "/api/v1/time", get_time, may, "The clock and its time servers", "box",
              answer=TimeAnswer, errors=(away,)),
        Route("POST", "/api/v1/time/preview", post_preview, may,
              "What setting the clock would mean for recordings", "box", body=InstantBody,
              answer=PreviewAnswer, body_bytes=_SMALL, errors=refusals[:3]),
        Route("POST", "/api/v1/time/set", post_set, may, "Set the clock", "box",
              body=InstantBody, answer=TimeAnswer, body_bytes=_SMALL, errors=refusals),
        Route("POST", "/api/v1/time/sync", post_sync, may, "Ask the time servers at once", "box",
              body=SyncBody, answer=TimeAnswer, body_bytes=_SMALL,
              errors=(away, "time.no_server", "helper.absent")),
    ]  # fmt: skip


async def get_time(request: web.Request) -> web.Response:
    """Answer it as it is now."""
    return web.json_response(await ask(request, "time.get"))


async def post_preview(request: web.Request) -> web.Response:
    """Say it, and change nothing."""
    body = await read_body(request, InstantBody)
    return web.json_response(await ask(request, "time.preview", utc=body.utc))


async def post_set(request: web.Request) -> web.Response:
    """Set it."""
    body = await read_body(request, InstantBody)
    address = request_access(request).address
    if not (await ask(request, "firewall.may_set_time", address=address))["allowed"]:
        text = _(
            "By the page Firewall only some hosts may set the time, and yours is none of them."
        )
        raise ApiError(403, "time.not_from_here", text)
    answer = await ask(request, "time.set", utc=body.utc, by=requester(request))
    return web.json_response(answer)


async def post_sync(request: web.Request) -> web.Response:
    """Ask them, then answer how the clock fares."""
    await read_body(request, SyncBody)
    await ask(request, "time.sync")
    return web.json_response(await ask(request, "time.get"))

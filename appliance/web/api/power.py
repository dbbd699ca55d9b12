"""Switching the recorder off and starting it again: what it interrupts, said first (D2-PW-03)."""

from __future__ import annotations

from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.bus.io_messages import StartStatus
from appliance.bus.power_messages import Interrupted, LastOrder
from appliance.web.acting import caller, own_session
from appliance.web.asking import ask
from appliance.web.guard import requester
from appliance.web.new_password import verify_own
from appliance.web.reading import read_body
from appliance.web.routing import Route, request_access
from appliance.web.sign_in import SIGN_IN

_SMALL = 4096


class PowerAnswer(BaseModel):
    """What a stop would interrupt, the next planned restart (ms UTC), why it started before."""

    leaving: Literal["stay", "off", "restart"]
    interrupts: Interrupted
    planned: int | None
    last_order: LastOrder | None
    starts: list[StartStatus]


class LeaveBody(BaseModel):
    """Why, for the log; and the own password, which a person has to give and an API token has not.

    The answer comes before the recorder stops.
    """

    model_config = ConfigDict(extra="forbid")
    reason: str = Field("", max_length=200)
    password: str = Field("", max_length=256)


class PostponeBody(BaseModel):
    """Nothing has to be said."""

    model_config = ConfigDict(extra="forbid")


def routes() -> list[Route]:
    """Routes of this subject."""
    may, errors = Permission.SHUTDOWN, ("supervisor_away", "invalid", "power.leaving")
    return [
        Route("GET", "/api/v1/power", get_power, may,
              "What switching off would interrupt, and why the recorder started", "box",
              answer=PowerAnswer, errors=("supervisor_away",)),
        Route("POST", "/api/v1/power/off", post_off, may, "Switch the recorder off", "box",
              body=LeaveBody, status=202, body_bytes=_SMALL, errors=errors),
        Route("POST", "/api/v1/power/restart", post_restart, may, "Start the recorder again",
              "box", body=LeaveBody, status=202, body_bytes=_SMALL, errors=errors),
        Route("POST", "/api/v1/power/postpone", post_postpone, may,
              "Leave out the next planned restart", "box", body=PostponeBody, answer=PowerAnswer,
              body_bytes=_SMALL, errors=("supervisor_away", "power.no_plan")),
    ]  # fmt: skip


async def get_power(request: web.Request) -> web.Response:
    """Answer it as it is now."""
    return web.json_response(await ask(request, "power.get"))


async def post_off(request: web.Request) -> web.Response:
    """Order it."""
    return await _leave(request, "off")


async def post_restart(request: web.Request) -> web.Response:
    """Order it."""
    return await _leave(request, "restart")


async def post_postpone(request: web.Request) -> web.Response:
    """Leave it out."""
    await read_body(request, PostponeBody)
    return web.json_response(await ask(request, "power.postpone", by=requester(request)))


async def _leave(request: web.Request, how: str) -> web.Response:
    body = await read_body(request, LeaveBody)
    if not request_access(request).token:
        user = own_session(request).user
        await verify_own(request.config_dict[SIGN_IN], user, body.password, caller(request))
    await ask(request, "power.leave", how=how, by=requester(request), reason=body.reason)
    return web.json_response({}, status=202)

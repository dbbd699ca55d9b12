"""What is delivered outside, and whose logs come in: how it goes, a test, another try."""

from __future__ import annotations

from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, RootModel

from appliance.accounts.permission import Permission
from appliance.bus.courier_messages import CourierStatus
from appliance.bus.errors import BusError
from appliance.text import _
from appliance.web.asking import api_error, is_away
from appliance.web.context import context
from appliance.web.errors import ApiError
from appliance.web.guard import requester
from appliance.web.routing import Route, request_access

PEER = "courier"
TEST_S = 25.0
"""Connecting, encrypting and the other side's answer take 20 s at most."""


class CourierAnswer(RootModel[CourierStatus]):
    """Each way out with what waits for it; the devices whose logs come in."""


class NothingAnswer(BaseModel):
    """It was done."""


def routes() -> list[Route]:
    """Routes of this subject."""
    return [
        Route("GET", "/api/v1/courier", get_courier, Permission.LOGS,
              "What waits to be delivered outside, and who sends logs", "courier",
              answer=CourierAnswer, errors=("courier_away", "not_allowed")),
        Route("POST", "/api/v1/courier/{outlet}/retry", post_retry, Permission.SYSTEM,
              "Try at once what could not be delivered", "courier", answer=NothingAnswer,
              errors=("courier_away", "courier.unknown")),
        Route("POST", "/api/v1/log-server/test", post_test, Permission.SYSTEM,
              "Send a test line to the log server that is saved", "courier", answer=NothingAnswer,
              errors=("courier_away", "courier.failed", "courier.no_server")),
    ]  # fmt: skip


_STATUS: dict[str, Literal[409, 502]] = {"courier.failed": 502, "courier.no_server": 409}


async def ask_courier(
    request: web.Request, method: str, /, timeout_s: float = 4.0, **params: Any
) -> Any:
    """Ask the courier.  Raises ApiError."""
    try:
        return await context(request).bus.request(method, params, to=PEER, timeout_s=timeout_s)
    except BusError as error:
        if is_away(error):
            text = _(
                "The part of the box that delivers outside is starting again. Recording goes on; "
                "try again in a few seconds."
            )
            raise ApiError(503, "courier_away", text, headers={"Retry-After": "3"}) from error
        told = api_error(error)
        told.status = _STATUS.get(error.code, told.status)
        raise told from error


async def get_courier(request: web.Request) -> web.Response:
    """Answer how each outlet and the log server of the box fare."""
    request_access(request).require_everywhere(Permission.LOGS)
    return web.json_response(await ask_courier(request, "courier.status"))


async def post_retry(request: web.Request) -> web.Response:
    """Do not wait for the next attempt."""
    outlet = request.match_info["outlet"]
    return web.json_response(await ask_courier(request, "courier.retry", outlet=outlet))


async def post_test(request: web.Request) -> web.Response:
    """Send one line and say whether it got there."""
    actor = requester(request)
    return web.json_response(
        await ask_courier(request, "courier.test_log", timeout_s=TEST_S, actor=actor)
    )

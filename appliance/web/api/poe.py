"""PoE ports and sockets: what each gives and to whom, power over time, switching off and on."""

from __future__ import annotations

from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.bus.board_messages import PoeHistory, PoeStatus
from appliance.web.asking import ask
from appliance.web.reading import path_number, read_body, read_query
from appliance.web.routing import Route
from appliance.web.shapes import model_of

PoeAnswer = model_of(PoeStatus, "PoeAnswer")
HistoryAnswer = model_of(PoeHistory, "HistoryAnswer")


class HistoryQuery(BaseModel):
    """Ten minutes by the second, a day by the minute, or a week by ten minutes."""

    model_config = ConfigDict(extra="forbid")
    span: Literal["minutes", "day", "week"] = "minutes"


class AloneBody(BaseModel):
    """For how many seconds the camera of a port is not restarted; 0: no longer left alone."""

    model_config = ConfigDict(extra="forbid")
    seconds: int = Field(ge=0, le=86_400)


def routes() -> list[Route]:
    """Routes of this subject."""
    return [
        Route("GET", "/api/v1/poe", get_poe, Permission.STATUS,
              "PoE ports, their budget and the sockets of the box", "poe", answer=PoeAnswer,
              errors=("supervisor_away",)),
        Route("GET", "/api/v1/poe/{id}/history", get_history, Permission.STATUS,
              "Power of a port over time", "poe", query=HistoryQuery, answer=HistoryAnswer,
              errors=("poe.no_port", "supervisor_away")),
        Route("POST", "/api/v1/poe/{id}/cycle", post_cycle, Permission.CAMERAS,
              "Switch a port off for 5 s, so that its camera starts anew", "poe", status=204,
              errors=("poe.no_port", "poe.disabled", "poe.unreachable", "supervisor_away")),
        Route("POST", "/api/v1/poe/{id}/leave-alone", post_leave_alone, Permission.CAMERAS,
              "Do not restart the camera of a port for a time, such as for its update", "poe",
              body=AloneBody, status=204,
              errors=("invalid", "poe.no_port", "poe.alone", "supervisor_away")),
    ]  # fmt: skip


async def get_poe(request: web.Request) -> web.Response:
    """Answer how the ports are."""
    return web.json_response(await ask(request, "poe.get"))


async def get_history(request: web.Request) -> web.Response:
    """Answer the power of a port over time."""
    query = read_query(request, HistoryQuery)
    answer = await ask(request, "poe.history", port=path_number(request, "id"), span=query.span)
    return web.json_response(answer)


async def post_cycle(request: web.Request) -> web.Response:
    """Switch a port off and on."""
    await ask(request, "poe.cycle", port=path_number(request, "id"))
    return web.Response(status=204)


async def post_leave_alone(request: web.Request) -> web.Response:
    """Have a port left alone."""
    body = await read_body(request, AloneBody)
    await ask(request, "poe.leave_alone", port=path_number(request, "id"), seconds=body.seconds)
    return web.Response(status=204)

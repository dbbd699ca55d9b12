"""Serial ports, and PTZ cameras on RS-485: move, presets, tours, whether a camera answers."""

from __future__ import annotations

from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.bus.io_messages import PtzStatus, SerialStatus
from appliance.web.asking import ask
from appliance.web.reading import path_number, read_body
from appliance.web.routing import Route, request_access
from appliance.web.shapes import model_of
from board.serial.motion import ActionKind

_REFUSALS = ("ptz.no_camera", "ptz.no_bus", "ptz.busy", "serial.gone", "supervisor_away", "invalid")


SerialAnswer = model_of(SerialStatus, "SerialAnswer")
PtzAnswer = model_of(PtzStatus, "PtzAnswer")


class MoveBody(BaseModel):
    """Speeds in percent (right, up, tele positive); `client` tells one page from another."""

    model_config = ConfigDict(extra="forbid")
    client: str = Field(min_length=1, max_length=64)
    pan: int = Field(0, ge=-100, le=100)
    tilt: int = Field(0, ge=-100, le=100)
    zoom: int = Field(0, ge=-100, le=100)
    focus: int = Field(0, ge=-1, le=1)
    iris: int = Field(0, ge=-1, le=1)


class ActionBody(BaseModel):
    """An action with the number of its preset, pattern or auxiliary; a name for a new preset."""

    model_config = ConfigDict(extra="forbid")
    kind: ActionKind
    number: int = Field(0, ge=0, le=255)
    name: str = Field("", max_length=63)


class ProgramBody(BaseModel):
    """What the camera does by itself: a tour by number, a scan, a pan at a speed in percent."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["none", "tour", "scan", "auto_pan"]
    number: int = Field(0, ge=-100, le=255)


class TourBody(BaseModel):
    """A tour: presets with the seconds to stay at each; without any it is deleted."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field("", max_length=63)
    steps: list[tuple[int, int]] = Field(max_length=32)


class AskAnswer(BaseModel):
    """Whether the camera answered."""

    answered: bool


def routes() -> list[Route]:
    """Routes of this subject."""
    ptz, tag = Permission.PTZ, "ptz"
    return [
        Route("GET", "/api/v1/serial", get_serial, Permission.STATUS,
              "Serial ports and what is on them", "board", answer=SerialAnswer,
              errors=("supervisor_away",)),
        Route("GET", "/api/v1/ptz/{id}", get_ptz, ptz, "A PTZ camera on RS-485", tag,
              answer=PtzAnswer, errors=_REFUSALS),
        Route("POST", "/api/v1/ptz/{id}/move", post_move, ptz,
              "Move a camera while it is sent again and again", tag, body=MoveBody, status=204,
              errors=(*_REFUSALS, "ptz.speed")),
        Route("POST", "/api/v1/ptz/{id}/stop", post_stop, ptz,
              "Stop a camera and what it does by itself", tag, status=204, errors=_REFUSALS),
        Route("POST", "/api/v1/ptz/{id}/action", post_action, ptz,
              "Presets, patterns, auxiliaries", tag, body=ActionBody, status=204,
              errors=(*_REFUSALS, "ptz.number", "ptz.unsupported")),
        Route("POST", "/api/v1/ptz/{id}/program", post_program, ptz,
              "Have a camera run a tour, scan or pan", tag, body=ProgramBody, status=204,
              errors=(*_REFUSALS, "ptz.tour")),
        Route("PUT", "/api/v1/ptz/{id}/tours/{number}", put_tour, ptz, "Store a tour", tag,
              body=TourBody, status=204, errors=(*_REFUSALS, "ptz.tour", "ptz.number")),
        Route("POST", "/api/v1/ptz/{id}/ask", post_ask, Permission.CAMERAS,
              "Ask a camera on RS-485 whether it is there", tag, answer=AskAnswer,
              errors=_REFUSALS),
    ]  # fmt: skip


async def get_serial(request: web.Request) -> web.Response:
    """Answer how the ports are; of the cameras those that the person may move."""
    answer = await ask(request, "serial.get")
    channels = request_access(request).visible(Permission.PTZ, answer["channels"])
    return web.json_response({**answer, "channels": channels})


async def get_ptz(request: web.Request) -> web.Response:
    """Answer what a camera can do and does."""
    return web.json_response(await ask(request, "ptz.get", channel=_channel(request)))


async def post_move(request: web.Request) -> web.Response:
    """Move."""
    channel = _channel(request)
    body = await read_body(request, MoveBody)
    values: dict[str, Any] = body.model_dump()
    access = request_access(request)
    values["client"] = f"{access.session or access.token or access.address}:{body.client}"
    await ask(request, "ptz.move", channel=channel, **values)
    return web.Response(status=204)


async def post_stop(request: web.Request) -> web.Response:
    """Stop."""
    await ask(request, "ptz.stop", channel=_channel(request))
    return web.Response(status=204)


async def post_action(request: web.Request) -> web.Response:
    """Do something once."""
    channel = _channel(request)
    body = await read_body(request, ActionBody)
    await ask(request, "ptz.act", channel=channel, **body.model_dump())
    return web.Response(status=204)


async def post_program(request: web.Request) -> web.Response:
    """Have the camera do something by itself."""
    channel = _channel(request)
    body = await read_body(request, ProgramBody)
    await ask(request, "ptz.program", channel=channel, **body.model_dump())
    return web.Response(status=204)


async def put_tour(request: web.Request) -> web.Response:
    """Store a tour."""
    channel, number = _channel(request), path_number(request, "number")
    body = await read_body(request, TourBody)
    await ask(request, "ptz.tour", channel=channel, number=number, **body.model_dump())
    return web.Response(status=204)


async def post_ask(request: web.Request) -> web.Response:
    """Ask the camera (D1-ER-05, D2-FQ-08)."""
    return web.json_response(await ask(request, "ptz.ask", channel=path_number(request, "id")))


def _channel(request: web.Request) -> int:
    """Return the channel of the path; raise unless the person may move its camera."""
    channel = path_number(request, "id")
    request_access(request).require(Permission.PTZ, channel)
    return channel

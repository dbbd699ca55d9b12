"""Alarm inputs and outputs, lights and buzzer; temperatures, fans, clock and starts of the box."""

from __future__ import annotations

from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.bus.io_messages import DeviceStatus, IoStatus
from appliance.web.asking import ask
from appliance.web.guard import requester
from appliance.web.reading import not_found, read_body
from appliance.web.routing import Route
from appliance.web.shapes import model_of

MAX_PULSE_S = 300
_OUTPUTS = ("relay-", "supply-")


IoAnswer = model_of(IoStatus, "IoAnswer")
DeviceAnswer = model_of(DeviceStatus, "DeviceAnswer")


class OutputBody(BaseModel):
    """Close an output (for so many seconds, or until it is let go), or let it go."""

    model_config = ConfigDict(extra="forbid")
    on: bool
    seconds: float | None = Field(None, ge=0.1, le=MAX_PULSE_S)


class BuzzerBody(BaseModel):
    """A pattern to sound; null is silence."""

    model_config = ConfigDict(extra="forbid")
    pattern: str | None = Field(None, max_length=32)


class LedBody(BaseModel):
    """Have all lights blink (identify) or shine (lamp test), for a minute at most."""

    model_config = ConfigDict(extra="forbid")
    group: Literal["identify", "lamp_test"]
    on: bool


def routes() -> list[Route]:
    """Routes of this subject."""
    refusals = ("relay.pulse", "relay.not_auto", "io.no_output", "invalid", "supervisor_away")
    return [
        Route("GET", "/api/v1/io", get_io, Permission.STATUS,
              "Alarm inputs and outputs, lights, buttons, buzzer", "board", answer=IoAnswer,
              errors=("supervisor_away",)),
        Route("GET", "/api/v1/device", get_device, Permission.STATUS,
              "Temperatures, fans, clock and starts of the box", "board", answer=DeviceAnswer,
              errors=("supervisor_away",)),
        Route("POST", "/api/v1/io/outputs/{id}", post_output, Permission.OUTPUTS,
              "Switch an alarm output by hand", "board", body=OutputBody, status=204,
              errors=refusals),
        Route("POST", "/api/v1/io/reset", post_reset, Permission.OUTPUTS,
              "Let go of every output, and silence", "board", status=204,
              errors=("supervisor_away",)),
        Route("POST", "/api/v1/io/buzzer", post_buzzer, Permission.OUTPUTS,
              "Sound the buzzer", "board", body=BuzzerBody, status=204,
              errors=("io.no_buzzer", "buzzer.pattern", "invalid", "supervisor_away")),
        Route("POST", "/api/v1/io/leds", post_leds, Permission.OUTPUTS,
              "Have the lights of the box blink or shine", "board", body=LedBody, status=204,
              errors=("invalid", "supervisor_away")),
    ]  # fmt: skip


async def get_io(request: web.Request) -> web.Response:
    """Answer how contacts, outputs and lights are."""
    return web.json_response(await ask(request, "io.get"))


async def get_device(request: web.Request) -> web.Response:
    """Answer how warm the box is, and the rest."""
    return web.json_response(await ask(request, "device.get"))


async def post_output(request: web.Request) -> web.Response:
    """Switch an output."""
    output = request.match_info["id"]
    if not output.startswith(_OUTPUTS) or len(output) > 16:
        raise not_found()
    body = await read_body(request, OutputBody)
    await ask(
        request,
        "io.output",
        id=output,
        on=body.on,
        seconds=body.seconds,
        actor=requester(request),
    )
    return web.Response(status=204)


async def post_reset(request: web.Request) -> web.Response:
    """Let go of every output (D2-AL-23, A2.2)."""
    await ask(request, "io.reset", actor=requester(request))
    return web.Response(status=204)


async def post_buzzer(request: web.Request) -> web.Response:
    """Sound a pattern, or fall silent."""
    body = await read_body(request, BuzzerBody)
    await ask(request, "io.buzzer", pattern=body.pattern)
    return web.Response(status=204)


async def post_leds(request: web.Request) -> web.Response:
    """Assert a group of lights, or no longer."""
    body = await read_body(request, LedBody)
    await ask(request, "io.leds", group=body.group, on=body.on)
    return web.Response(status=204)

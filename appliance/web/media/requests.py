"""What a client may ask on a media session, checked before anything is done with it."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from appliance.text import _

Number = Annotated[int, Field(ge=0, le=0xFFFF_FFFF)]
Instant = Annotated[float, Field(ge=0, le=253_402_300_799_000, allow_inf_nan=False)]
"""Milliseconds UTC since 1970, until the year 9999."""

Codecs = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=32)]


class _Request(BaseModel):
    """Unknown members are passed over, so that a newer page can talk to an older box."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Open(_Request):
    """Begin to watch a stream: live, or from an instant."""

    op: Literal["open"]
    id: Number
    channel: Annotated[int, Field(ge=1, le=4096)]
    stream: Literal["main", "sub", "third", "auto"] = "auto"
    form: Literal["fmp4", "au"] = "fmp4"
    at: Instant | None = None
    codecs: Codecs | None = None
    audio: bool = False
    then: Literal["wait", "live"] = "wait"
    speed: float = 1.0
    keys: bool | None = None
    paused: bool = False


class Play(_Request):
    """Go on, at a speed; backward if it is negative.

    `keys`: backward, key frames only; None: the box decides by the speed.
    """

    op: Literal["play", "speed"]
    id: Number
    speed: float = 1.0
    keys: bool | None = None


class Pause(_Request):
    """Stand still."""

    op: Literal["pause"]
    id: Number


class Seek(_Request):
    """Go to an instant; `key`: show only the key frame there."""

    op: Literal["seek"]
    id: Number
    at: Instant
    mode: Literal["exact", "key"] = "exact"


class Step(_Request):
    """Stand still at the frame after (`by` 1) or before (-1) the one captured `at`."""

    op: Literal["step"]
    id: Number
    at: Instant
    by: Literal[-1, 1]


class Position(_Request):
    """Say which instant is on the screen, so that no more than needed is sent ahead."""

    op: Literal["position"]
    id: Number
    at: Instant


class Live(_Request):
    """Leave the past."""

    op: Literal["live"]
    id: Number


class Audio(_Request):
    """Begin or end to listen."""

    op: Literal["audio"]
    id: Number
    on: bool


class Close(_Request):
    """End a stream."""

    op: Literal["close"]
    id: Number


class Ping(_Request):
    """Measure the way to and fro."""

    op: Literal["ping"]
    t: float | int | str | None = None


Request = Open | Play | Pause | Seek | Step | Position | Live | Audio | Close | Ping
_ADAPTER: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="op")])

MAX_SPEED, MIN_SPEED = 16.0, 1 / 16
"""Of playback, forward and (negative) backward."""


class BadRequest(Exception):
    """The message is none of this protocol; `number` is its id where it has one."""

    def __init__(self, text: str, number: int | None, code: str = "bad_request") -> None:
        super().__init__(text)
        self.number = number
        self.code = code


def parse(text: str) -> Request:
    """Return the request in a text message; raises BadRequest."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise BadRequest(_("The message is not JSON."), None) from None
    number = message.get("id") if isinstance(message, dict) else None
    if not isinstance(number, int) or isinstance(number, bool):
        number = None
    try:
        request = _ADAPTER.validate_python(message)
    except ValidationError as error:
        raise BadRequest(_explain(error, message), number) from None
    speed = getattr(request, "speed", 1.0)
    if not MIN_SPEED <= abs(speed) <= MAX_SPEED:
        raise BadRequest(
            _(
                "Speed {speed} is not offered: it goes from 1/16 to {most:g}; negative is backward."
            ).format(speed=speed, most=MAX_SPEED),
            number,
            "speed",
        )
    return request


def _explain(error: Exception, message: object) -> str:
    if not isinstance(message, dict) or not isinstance(error, ValidationError):
        return _("The message is not a JSON object.")
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"][1:]) or "op"
    return _("The message is wrong at {place}: {reason}.").format(place=place, reason=first["msg"])

"""Frames of the bus: one JSON object a line, each of one of eight types."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from appliance.bus.errors import BusError, FrameError

PROTOCOL = 1
"""Version of the protocol; a peer of another one is refused."""

MAX_FRAME_BYTES = 1 << 20
"""Longest line either side accepts, newline included."""

SUPERVISOR = "supervisor"
"""Name under which the broker itself answers."""


@dataclass(frozen=True, slots=True)
class Hello:
    """First frame of a peer: who it is.  `settings_version` is 0 where it has read none."""

    name: str
    instance: str
    code_version: str
    settings_version: int = 0
    protocol: int = PROTOCOL


@dataclass(frozen=True, slots=True)
class Welcome:
    """First frame of the supervisor: who it is and which settings are in force."""

    instance: str
    code_version: str
    settings_version: int


@dataclass(frozen=True, slots=True)
class Request:
    """Ask `to` for something; `sender` is filled by the broker."""

    id: int
    method: str
    params: dict[str, Any]
    to: str = SUPERVISOR
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """The answer to the request of the same id."""

    id: int
    result: Any


@dataclass(frozen=True, slots=True)
class Failure:
    """The request of this id could not be done; id 0 is about the connection itself."""

    id: int
    code: str
    text: str
    fields: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Subscribe:
    """From now on deliver these topics."""

    topics: list[str]


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """From now on do not deliver these topics."""

    topics: list[str]


@dataclass(frozen=True, slots=True)
class Publication:
    """Something happened; `source` (a peer's name) is filled by the broker."""

    topic: str
    payload: Any
    source: str = ""


Frame = Hello | Welcome | Request | Response | Failure | Subscribe | Unsubscribe | Publication


def encode(frame: Frame) -> bytes:
    """Return the line of a frame; raise BusError if it is too long or holds what JSON cannot."""
    body: dict[str, Any] = {"t": _TAGS[type(frame)]}
    for name in frame.__slots__:
        body[name] = getattr(frame, name)
    try:
        line = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        data = line.encode() + b"\n"
    except (TypeError, ValueError) as error:
        raise BusError("bus.bad_frame", f"The message cannot be written as JSON: {error}") from None
    if len(data) > MAX_FRAME_BYTES:
        raise BusError(
            "bus.too_large", f"The message has {len(data)} bytes; {MAX_FRAME_BYTES} are allowed."
        )
    return data


def decode(line: bytes) -> Frame:
    """Return the frame of a line; raise FrameError and nothing else on anything malformed."""
    try:
        body = json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise FrameError("A line on the bus is not JSON.") from None
    if not isinstance(body, dict):
        raise FrameError("A line on the bus is not an object.")
    reader = _READERS.get(body.get("t") if isinstance(body.get("t"), str) else "")
    if reader is None:
        raise FrameError("A line on the bus is of no known type.")
    return reader(body)


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _text(body: dict[str, Any], name: str, default: str | None = None) -> str:
    value = body.get(name, default)
    if not isinstance(value, str) or len(value) > 65536:
        raise FrameError(f"Field {name} of a line on the bus is not a text.")
    return value


def _number(body: dict[str, Any], name: str, default: int | None = None) -> int:
    value = body.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
        raise FrameError(f"Field {name} of a line on the bus is not a count.")
    return value


def _topics(body: dict[str, Any]) -> list[str]:
    value = body.get("topics")
    if not isinstance(value, list) or len(value) > 64:
        raise FrameError("The topics of a line on the bus are not a short list.")
    if not all(isinstance(topic, str) and 0 < len(topic) <= 128 for topic in value):
        raise FrameError("The topics of a line on the bus are not texts.")
    return value


def _read_hello(body: dict[str, Any]) -> Hello:
    return Hello(
        _text(body, "name"),
        _text(body, "instance"),
        _text(body, "code_version"),
        _number(body, "settings_version", 0),
        _number(body, "protocol"),
    )


def _read_welcome(body: dict[str, Any]) -> Welcome:
    return Welcome(
        _text(body, "instance"), _text(body, "code_version"), _number(body, "settings_version", 0)
    )


def _read_request(body: dict[str, Any]) -> Request:
    params = body.get("params", {})
    if not isinstance(params, dict):
        raise FrameError("The parameters of a request on the bus are not an object.")
    return Request(
        _number(body, "id"),
        _text(body, "method"),
        params,
        _text(body, "to", SUPERVISOR),
        _text(body, "sender", ""),
    )


def _read_failure(body: dict[str, Any]) -> Failure:
    fields = body.get("fields", [])
    if not isinstance(fields, list) or not all(isinstance(entry, dict) for entry in fields):
        raise FrameError("The fields of a failure on the bus are not a list of objects.")
    return Failure(_number(body, "id"), _text(body, "code"), _text(body, "text"), fields)


_READERS: dict[object, Callable[[dict[str, Any]], Frame]] = {
    "hello": _read_hello,
    "welcome": _read_welcome,
    "request": _read_request,
    "response": lambda body: Response(_number(body, "id"), body.get("result")),
    "failure": _read_failure,
    "subscribe": lambda body: Subscribe(_topics(body)),
    "unsubscribe": lambda body: Unsubscribe(_topics(body)),
    "publication": lambda body: Publication(
        _text(body, "topic"), body.get("payload"), _text(body, "source", "")
    ),
}

_TAGS: dict[type, str] = {
    Hello: "hello",
    Welcome: "welcome",
    Request: "request",
    Response: "response",
    Failure: "failure",
    Subscribe: "subscribe",
    Unsubscribe: "unsubscribe",
    Publication: "publication",
}

"""Lines on the helper's socket: one JSON object each, a request or what answers it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from appliance.helper.contract import HelperError

MAX_LINE_BYTES = 1 << 20
"""Longest line either side accepts, newline included."""

MAX_VERB_CHARACTERS = 64


@dataclass(frozen=True, slots=True)
class Call:
    """A verb is asked for; `params` is not checked yet."""

    id: int
    verb: str
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """It was done (`code` is "", `answer` says the rest), or not (`code`, `text`, `fields`)."""

    id: int
    answer: dict[str, Any] = field(default_factory=dict)
    code: str = ""
    text: str = ""
    fields: list[dict[str, str]] = field(default_factory=list)


def encode(frame: Call | Result) -> bytes:
    """Return the line; raise HelperError if it is too long."""
    body = {name: getattr(frame, name) for name in frame.__slots__}
    line = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n"
    data = line.encode()
    if len(data) > MAX_LINE_BYTES:
        raise HelperError(
            "helper.refused", f"{len(data)} bytes are too many for one message to the helper."
        )
    return data


def decode_call(line: bytes) -> Call:
    """Return the call of a line; raise HelperError "helper.bad_frame" and nothing else."""
    body = _object(line)
    number, verb, params = _number(body), body.get("verb"), body.get("params", {})
    if number == 0:
        raise _bad("its number")
    if not isinstance(verb, str) or not 0 < len(verb) <= MAX_VERB_CHARACTERS:
        raise _bad("its verb")
    if not isinstance(params, dict) or set(body) - {"id", "verb", "params"}:
        raise _bad("its parameters")
    return Call(number, verb, params)


def decode_result(line: bytes) -> Result:
    """Return the result of a line; raise HelperError "helper.bad_frame" and nothing else."""
    body = _object(line)
    number, answer, fields = _number(body), body.get("answer", {}), body.get("fields", [])
    code, text = body.get("code", ""), body.get("text", "")
    if not isinstance(answer, dict) or not isinstance(code, str) or not isinstance(text, str):
        raise _bad("its answer")
    if not isinstance(fields, list) or not all(isinstance(entry, dict) for entry in fields):
        raise _bad("its fields")
    return Result(number, answer, code, text, fields)


def _object(line: bytes) -> dict[str, Any]:
    try:
        body = json.loads(line)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise _bad("it is no JSON object")
    return body


def _number(body: dict[str, Any]) -> int:
    value = body.get("id")
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
        raise _bad("its number")
    return value


def _bad(what: str) -> HelperError:
    return HelperError("helper.bad_frame", f"A message on the helper's socket is wrong: {what}.")

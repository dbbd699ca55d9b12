"""Reading what a client sent: bounded in size and time, every wrong field told at once."""

from __future__ import annotations

import asyncio
import json
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from appliance.text import _
from appliance.web.errors import ApiError, FieldError
from appliance.web.routing import DEFAULT_BODY_BYTES, Registry

BODY_S = 15.0
"""Time a client has to send the body of a request."""
REGISTRY = web.AppKey("registry", Registry)
M = TypeVar("M", bound=BaseModel)


class Strict(BaseModel):
    """A body or query without any fields but its own."""

    model_config = ConfigDict(extra="forbid")


async def read_json(request: web.Request) -> Any:
    """Return the JSON value of the body.  Raises ApiError 400, 408, 413 or 415."""
    if request.content_type != "application/json":
        raise ApiError(
            415, "not_json", _("Send the body as JSON, with Content-Type: application/json.")
        )
    route = request.config_dict[REGISTRY].find(request)
    most = route.body_bytes if route else DEFAULT_BODY_BYTES
    body = bytearray()
    too_large = (request.content_length or 0) > most
    try:
        async with asyncio.timeout(BODY_S):
            while not too_large and (chunk := await request.content.readany()):
                body += chunk
                too_large = len(body) > most
    except TimeoutError:
        raise ApiError(408, "too_slow", _("The request took too long to arrive.")) from None
    if too_large:
        raise ApiError(
            413,
            "too_large",
            _("The request is too long; {most} bytes are allowed.").format(most=most),
        )
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise ApiError(400, "bad_json", _("The body of the request is not JSON.")) from None


async def read_body(request: web.Request, model: type[M]) -> M:
    """Return the body as `model`.  Raises ApiError 422 with every wrong field, and see above."""
    value = await read_json(request)
    return _validated(model, value)


def read_query(request: web.Request, model: type[M]) -> M:
    """Return the query string as `model`: each name once, lists as "1,2,3".

    Raises ApiError 422 with every wrong field.
    """
    lists = {
        name
        for name, info in model.model_fields.items()
        if "list" in str(info.annotation) or "tuple" in str(info.annotation)
    }
    values: dict[str, Any] = {}
    aliases = {info.alias or name: name for name, info in model.model_fields.items()}
    for name, text in request.query.items():
        if aliases.get(name, name) in lists:
            values[name] = [part for part in text.split(",") if part]
        else:
            values[name] = text
    return _validated(model, values)


def path_number(request: web.Request, name: str) -> int:
    """Return a parameter of the path that counts something.  Raises ApiError 404."""
    text = request.match_info[name]
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise not_found()
    return int(text)


def not_found() -> ApiError:
    """Return the error for what is not there."""
    return ApiError(404, "not_found", _("There is nothing at this address."))


def invalid(fields: list[FieldError]) -> ApiError:
    """Return the error that names every wrong field."""
    text = (
        fields[0].text
        if len(fields) == 1
        else _("{count} entries are not right; each says why.").format(count=len(fields))
    )
    return ApiError(422, "invalid", text, fields)


def _validated(model: type[M], value: Any) -> M:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        fields = [
            FieldError(".".join(map(str, e["loc"])) or "", e["type"], _words(e))
            for e in error.errors(include_url=False, include_input=False)
        ]
        raise invalid(fields) from None


def _words(error: Any) -> str:
    context = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return _("This is needed.")
        case "extra_forbidden":
            return _("There is no such entry.")
        case "string_too_long":
            return _("At most {most} characters.").format(most=context.get("max_length"))
        case "string_too_short":
            return _("At least {least} characters.").format(least=context.get("min_length"))
        case "greater_than_equal":
            return _("At least {least}.").format(least=context.get("ge"))
        case "less_than_equal":
            return _("At most {most}.").format(most=context.get("le"))
        case "int_parsing" | "int_type" | "float_parsing" | "float_type":
            return _("This has to be a number.")
        case "literal_error" | "enum":
            return _("One of: {choices}.").format(choices=context.get("expected"))
    return str(error["msg"])


def _refuse_constant(name: str) -> None:
    raise ValueError(name)

"""The "test" button: whether an address gives a picture with this user and password."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.text import _
from appliance.web.api.box import FaultAnswer
from appliance.web.errors import ApiError, FieldError
from appliance.web.probing.runner import Prober, TooManyTestsError
from appliance.web.reading import invalid, read_body
from appliance.web.routing import Route

PROBER = web.AppKey("prober", Prober)
_SCHEMES = ("rtsp://", "rtsps://", "http://", "https://")


class TestBody(BaseModel):
    """What to try; the stored password of a channel is not used: it is not handed out for tests."""

    model_config = ConfigDict(extra="forbid")
    url: str = Field(min_length=1, max_length=1024)
    username: str = Field("", max_length=64)
    password: str = Field("", max_length=256)
    transport: Literal["tcp", "udp", "multicast", "tls", "http"] = "tcp"
    allow_basic: bool = False
    engine: Literal["auto", "native", "libav"] = "auto"


class TestAnswer(BaseModel):
    """`picture` is a JPEG as a data URL; `fault` says in words why there is none."""

    ok: bool
    picture: str | None
    formats: list[dict[str, Any]]
    fault: FaultAnswer | None


def routes() -> list[Route]:
    """Routes of this subject."""
    return [
        Route("POST", "/api/v1/channels/test", post_test, Permission.CAMERAS,
              "Try a camera's address and return a picture", "channels", body=TestBody,
              answer=TestAnswer, errors=("invalid", "busy")),
    ]  # fmt: skip


async def lifetime(app: web.Application) -> AsyncIterator[None]:
    """End the children with the application."""
    app[PROBER] = Prober()
    yield
    await app[PROBER].close()


async def post_test(request: web.Request) -> web.Response:
    """Try; takes up to 20 s."""
    body = await read_body(request, TestBody)
    if not body.url.lower().startswith(_SCHEMES):
        text = _("Write the address as rtsp://address/path.")
        raise invalid([FieldError("url", "scheme", text)])
    try:
        result = await request.config_dict[PROBER].run(body.model_dump())
    except TooManyTestsError:
        text = _("Two cameras are being tested already. Try again in a few seconds.")
        raise ApiError(429, "busy", text, headers={"Retry-After": "5"}) from None
    return web.json_response(result)

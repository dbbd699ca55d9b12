"""The "test" button: whether an address gives a picture with this user and password."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.text import _
from appliance.web.api.box import FaultAnswer
from appliance.web.api.incoming import MEASURED, Measured, beyond, incoming_now
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
    channel: int | None = Field(None, ge=1, le=4096)
    """The channel this is, if it has one: what it sends now is then not counted twice."""


class TestAnswer(BaseModel):
    """`picture` is a JPEG as a data URL; `fault` says in words why there is none.

    `bitrate_bps` is what the camera sends, measured over one GOP or 3 s; `incoming_bps` what all
    cameras send now and `limit_bps` what they may, where known.  `warning` says that the camera
    would be too much.
    """

    ok: bool
    picture: str | None
    formats: list[dict[str, Any]]
    fault: FaultAnswer | None
    bitrate_bps: int | None = None
    incoming_bps: int | None = None
    limit_bps: int | None = None
    warning: str | None = None


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
    app[MEASURED] = Measured()
    yield
    await app[PROBER].close()


async def post_test(request: web.Request) -> web.Response:
    """Try; takes up to 20 s."""
    body = await read_body(request, TestBody)
    if not body.url.lower().startswith(_SCHEMES):
        text = _("Write the address as rtsp://address/path.")
        raise invalid([FieldError("url", "scheme", text)])
    try:
        result = await request.config_dict[PROBER].run(body.model_dump(exclude={"channel"}))
    except TooManyTestsError:
        text = _("Two cameras are being tested already. Try again in a few seconds.")
        raise ApiError(429, "busy", text, headers={"Retry-After": "5"}) from None
    if result["ok"] and (rate := result.get("bitrate_bps")):
        result = {**result, **await _against_limit(request, body, rate)}
    return web.json_response(result)


async def _against_limit(request: web.Request, body: TestBody, rate: int) -> dict[str, Any]:
    """Compare what the camera sends with what the box may take in, and keep it for its adding."""
    request.config_dict[MEASURED].note(body.url, rate)
    now = await incoming_now(request)
    if now is None:
        return {}
    others = now.bps - sum(now.of(body.channel).values())
    fits = others + rate <= now.limit_bps
    return {
        "incoming_bps": now.bps,
        "limit_bps": now.limit_bps,
        "warning": None if fits else beyond(others, rate, now.limit_bps),
    }

"""Keeping footage from being overwritten, and letting it go again (D1-SR-08)."""

from __future__ import annotations

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.recording.mediasock.client import MediaClient, RecorderAway, Refused
from appliance.text import _
from appliance.web.errors import ApiError, FieldError
from appliance.web.media.service import media
from appliance.web.reading import invalid, read_body
from appliance.web.routing import Route, request_access

MAX_MS = 1 << 53
_MS = 1_000_000


class LockBody(BaseModel):
    """A stretch of one channel, in ms UTC; blocks that touch it are locked or unlocked."""

    model_config = ConfigDict(extra="forbid")
    channel: int = Field(ge=1, le=256)
    start: int = Field(alias="from", ge=0, le=MAX_MS)
    end: int = Field(alias="to", ge=0, le=MAX_MS)
    locked: bool


class LockAnswer(BaseModel):
    """How many blocks changed."""

    changed: int


def routes() -> list[Route]:
    """Routes of this subject."""
    return [
        Route("POST", "/api/v1/locks", post_lock, Permission.LOCK,
              "Lock or unlock a stretch of footage", "footage", body=LockBody, answer=LockAnswer,
              errors=("invalid", "recorder_away")),
    ]  # fmt: skip


async def post_lock(request: web.Request) -> web.Response:
    """Let the recorder of the channel, who writes the volume, lock the blocks."""
    body = await read_body(request, LockBody)
    request_access(request).require(Permission.LOCK, body.channel)
    if body.end <= body.start:
        text = _("The end has to be after the start.")
        raise invalid([FieldError("to", "order", text)])

    async def lock(client: MediaClient) -> int:
        return await client.lock(body.channel, body.start * _MS, body.end * _MS, locked=body.locked)

    try:
        changed = await media(request).recorders.of_channel(body.channel, lock)
    except RecorderAway as error:
        text = _(
            "The recorder of this channel does not answer just now, nothing was changed. "
            "Try again in a few seconds."
        )
        raise ApiError(503, "recorder_away", text, headers={"Retry-After": "3"}) from error
    except Refused as error:
        raise ApiError(400, error.code, error.text) from error
    media(request).footage.outdated()
    return web.json_response({"changed": changed})

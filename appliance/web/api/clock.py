"""A person's word that the clock is right, after it jumped (D2-ST-03)."""

from __future__ import annotations

from aiohttp import web

from appliance.accounts.permission import Permission
from appliance.recording.mediasock.client import RecorderAway, Refused
from appliance.text import _
from appliance.web.errors import ApiError
from appliance.web.media.service import media
from appliance.web.routing import Route, request_access


def routes() -> list[Route]:
    """Routes of this subject."""
    return [
        Route("POST", "/api/v1/clock/accept", post_accept, Permission.STORAGE,
              "Confirm date and time, so that footage is deleted by age again", "footage",
              errors=("recorder_away", "volume_failed")),
    ]  # fmt: skip


async def post_accept(request: web.Request) -> web.Response:
    """Tell the recorders, who stopped deleting by age when the clock jumped."""
    request_access(request).require(Permission.STORAGE)
    try:
        await media(request).recorders.accept_clock()
    except RecorderAway as error:
        text = _("A recorder does not answer just now. Try again in a few seconds.")
        raise ApiError(503, "recorder_away", text, headers={"Retry-After": "3"}) from error
    except Refused as error:
        raise ApiError(400, error.code, error.text) from error
    return web.json_response({})

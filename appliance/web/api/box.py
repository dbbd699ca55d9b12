"""Channels with their state, trying a camera again, the status of the box."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from appliance.accounts.permission import Permission
from appliance.text import _
from appliance.web import box_state
from appliance.web.asking import ask, ask_bus
from appliance.web.box_state import BOX
from appliance.web.context import context
from appliance.web.errors import ApiError
from appliance.web.reading import not_found, path_number
from appliance.web.routing import Route, request_access
from appliance.web.visible import visible_channels, visible_status

GROUP_CHANNELS = 8
"""Channels of one recorder; group n has the channels 8n-7 to 8n."""
lifetime = box_state.lifetime


class FaultAnswer(BaseModel):
    """What is wrong: for programs, for people, since when (ms UTC)."""

    code: str
    text: str
    since: int | None = None


class ChannelAnswer(BaseModel):
    """A channel and how it fares.

    `state` is off, connecting, playing, waiting, refused, stopped or unknown; `streams` maps
    main/sub to codec, width, height, fps, bitrate_bps, codec_string, loss and faults.
    """

    model_config = ConfigDict(extra="allow")
    id: int
    name: str
    enabled: bool
    mode: str
    state: str
    fault: FaultAnswer | None
    recording: bool
    not_recording: FaultAnswer | None
    kinds: list[str]
    last_frame_utc: int | None
    streams: dict[str, Any]


class StatusAnswer(BaseModel):
    """The box as a whole; sizes in bytes, times in ms UTC."""

    model_config = ConfigDict(extra="allow")
    box: dict[str, Any]
    health: dict[str, Any]
    processes: list[dict[str, Any]]
    volumes: list[dict[str, Any]]
    channels: list[dict[str, Any]]
    host: dict[str, Any]
    events: dict[str, int]


def routes() -> list[Route]:
    """Routes of this subject."""
    return [
        Route("GET", "/api/v1/channels", get_channels, Permission.SESSION,
              "Channels the person may see, with their state", "channels", answer=ChannelAnswer,
              answer_list=True, errors=("supervisor_away",)),
        Route("POST", "/api/v1/channels/{id}/retry", post_retry, Permission.CAMERAS,
              "Try a camera again now that its password or address was put right", "channels",
              status=204, errors=("not_found", "recorder_away")),
        Route("GET", "/api/v1/status", get_status, Permission.STATUS, "Status of the box",
              "status", answer=StatusAnswer, errors=("supervisor_away",)),
    ]  # fmt: skip


async def get_channels(request: web.Request) -> web.Response:
    """Answer what is known of each channel; the last known while the supervisor is away."""
    channels = await request.config_dict[BOX].channels()
    return web.json_response(visible_channels(request_access(request), channels))


async def post_retry(request: web.Request) -> web.Response:
    """Let the recorder of the channel connect again at once."""
    number = path_number(request, "id")
    box = request.config_dict[BOX]
    await box.channels()
    if not box.known_channel(number):
        raise not_found()
    recorder = f"recorder@{(number - 1) // GROUP_CHANNELS + 1}"
    try:
        await ask_bus(context(request).bus, "channel.retry", {"channel": number}, to=recorder)
    except ApiError as error:
        if error.status != 503:
            raise
        text = _("The recorder of this channel is starting; it tries the camera by itself.")
        raise ApiError(503, "recorder_away", text) from error
    return web.Response(status=204)


async def get_status(request: web.Request) -> web.Response:
    """Answer the supervisor's view of the box."""
    status = await ask(request, "status.get")
    return web.json_response(visible_status(request_access(request), status))

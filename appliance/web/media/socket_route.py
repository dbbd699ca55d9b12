"""WS /api/v1/media: the media session of browser and screen."""

from __future__ import annotations

import socket
from functools import partial

from aiohttp import web

from appliance.accounts.permission import Permission
from appliance.text import _
from appliance.web.audit import viewed
from appliance.web.context import context
from appliance.web.errors import ApiError
from appliance.web.frames import FrameSocket
from appliance.web.media import requests
from appliance.web.media.outbox import Lane
from appliance.web.media.playback import Player
from appliance.web.media.service import media
from appliance.web.media.session import MediaSession
from appliance.web.media.wire import SUBPROTOCOL
from appliance.web.routing import Route, request_access
from appliance.web.websocket import open_websocket

MAX_MESSAGE_BYTES = 8 * 1024
UNSENT_BYTES = 32 * 1024
_TCP_NOTSENT_LOWAT = 25  # include/uapi/linux/tcp.h; the module socket has no name for it


def routes() -> list[Route]:
    """Routes of this subject."""
    return [
        Route("GET", "/api/v1/media", get_media, Permission.SESSION,
              "The media session: live and playback (docs/design/media-session.md)", "footage",
              answer_type="application/octet-stream", status=101, websocket=True,
              errors=("subprotocol",)),
    ]  # fmt: skip


async def get_media(request: web.Request) -> web.StreamResponse:
    """Serve one session; each message is checked for what its person may do."""
    offered = request.headers.get("Sec-WebSocket-Protocol", "")
    if SUBPROTOCOL not in (name.strip() for name in offered.split(",")):
        raise ApiError(
            400,
            "subprotocol",
            _("This address speaks the WebSocket subprotocol {name}.").format(name=SUBPROTOCOL),
        )
    service = media(request)

    def player(wanted: requests.Open, lane: Lane) -> Player:
        seen = partial(viewed, request, wanted.channel)
        return Player(wanted, lane, service.footage, service.converter, seen)

    async with open_websocket(
        request, protocols=(SUBPROTOCOL,), max_message_bytes=MAX_MESSAGE_BYTES
    ) as opened:
        _keep_little_unsent(request)
        sender = FrameSocket(request, opened)
        access, note = request_access(request), partial(viewed, request)
        counters = context(request).counters
        counters.viewers += 1
        try:
            await MediaSession(access, service.live, player, opened, sender, note).run()
        finally:
            counters.viewers -= 1
    return opened


def _keep_little_unsent(request: web.Request) -> None:
    """Let the kernel hold little that is not on its way: what waits there cannot be dropped.

    By default it takes megabytes, which on a line of 1 Mbit/s are half a minute of old pictures.
    """
    found = request.transport.get_extra_info("socket") if request.transport else None
    if found is not None and found.family != socket.AF_UNIX:
        found.setsockopt(socket.IPPROTO_TCP, _TCP_NOTSENT_LOWAT, UNSENT_BYTES)

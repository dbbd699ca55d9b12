"""Opening a WebSocket: same origin only, bounded messages, closed when the session ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

from aiohttp import WSCloseCode, web

from appliance.web.context import connect
from appliance.web.routing import request_access

SESSION_ENDED = 4401
"""Close code told to a page whose session ended; it shows the sign-in."""
SERVER_STOPS = WSCloseCode.GOING_AWAY
MAX_MESSAGE_BYTES = 64 * 1024
PING_S = 20.0
CLOSE_S = 2.0


@dataclass(slots=True, eq=False)
class _Open:
    """An open socket; `closing` is set while it is being closed from outside its handler.

    `owner` is the id of the session or API token that opened it.
    """

    owner: str
    socket: web.WebSocketResponse
    closing: asyncio.Task[bool] | None = None


_SOCKETS = web.AppKey("websockets", set[_Open])


@contextlib.asynccontextmanager
async def open_websocket(
    request: web.Request,
    *,
    protocols: Sequence[str] = (),
    max_message_bytes: int = MAX_MESSAGE_BYTES,
) -> AsyncIterator[web.WebSocketResponse]:
    """Answer `request` with a WebSocket for the time of the block.

    The guard of the application has checked permission and Origin.  The socket is pinged every
    20 s, takes messages up to `max_message_bytes`, and is closed with 4401 when the session or API
    token ends.
    A subprotocol the client offers none of is not an error here: look at `ws_protocol`.
    """
    socket = web.WebSocketResponse(
        protocols=protocols,
        max_msg_size=max_message_bytes,
        heartbeat=PING_S,
        timeout=CLOSE_S,
        compress=False,
    )
    await socket.prepare(request)
    sockets = request.config_dict[_SOCKETS]
    access = request_access(request)
    entry = _Open(access.session or access.token, socket)
    sockets.add(entry)
    try:
        if not access.alive:  # it ended while the socket was being opened
            await _close([entry], SESSION_ENDED, b"session ended")
        yield socket
    finally:
        sockets.discard(entry)
        if entry.closing is not None:
            await asyncio.wait({entry.closing})
        elif not socket.closed:
            await socket.close()


async def lifetime(app: web.Application) -> AsyncIterator[None]:
    """Keep the register of open sockets; at the end tell them that the server stops."""
    app[_SOCKETS] = set()
    connect(app.on_shutdown, _stop)
    yield


async def _stop(app: web.Application) -> None:
    sockets = app[_SOCKETS]
    await _close(sockets, SERVER_STOPS, b"server stops")


def sessions_with_sockets(app: web.Application) -> set[str]:
    """Return the ids of sessions and tokens that have a WebSocket open: somebody is watching."""
    return {entry.owner for entry in app[_SOCKETS] if entry.owner}


def count(app: web.Application) -> int:
    """Return how many WebSockets are open."""
    return len(app[_SOCKETS])


async def close_owned(app: web.Application, owner: str) -> None:
    """Close the WebSockets of a session or API token that ended."""
    sockets = app[_SOCKETS]
    ended = {entry for entry in sockets if entry.owner == owner}
    await _close(ended, SESSION_ENDED, b"session ended")


async def _close(entries: Iterable[_Open], code: int, message: bytes) -> None:
    """Close with a code; the handlers wait for it, so that the code goes out before they end."""
    closing = []
    for entry in list(entries):
        if entry.closing is None:
            entry.closing = asyncio.create_task(entry.socket.close(code=code, message=message))
        closing.append(entry.closing)
    for result in await asyncio.gather(*closing, return_exceptions=True):
        if isinstance(result, BaseException) and not isinstance(result, OSError | RuntimeError):
            raise result

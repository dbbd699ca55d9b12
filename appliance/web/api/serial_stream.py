"""RS-232 for a program on the network: a WebSocket whose binary messages are the line's bytes.

The network's side of `appliance.supervisor.serial_pipe`: TLS, the session or API token and the
right are those of every other address.
"""

from __future__ import annotations

import asyncio
import contextlib
import time

from aiohttp import WSMsgType, web

from appliance.accounts.permission import Permission
from appliance.text import _
from appliance.web.audit import NOTES, note
from appliance.web.context import context
from appliance.web.errors import ApiError
from appliance.web.routing import Route, request_access
from appliance.web.serial_door import LINE
from appliance.web.websocket import open_websocket

CHUNK = 4096
MAX_MESSAGE_BYTES = 16 * 1024
CONNECT_S = 3.0


def routes() -> list[Route]:
    """Routes of this subject."""
    return [
        Route("GET", "/api/v1/serial/rs232", get_stream, Permission.SYSTEM,
              "The bytes of RS-232 in both directions, as binary messages of a WebSocket", "board",
              answer_type="application/octet-stream", status=101, websocket=True,
              errors=("serial.off",)),
    ]  # fmt: skip


async def get_stream(request: web.Request) -> web.StreamResponse:
    """Carry bytes until one side ends; one program at a time has the line."""
    path = context(request).paths.run / LINE
    try:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_unix_connection(path, limit=CHUNK)
    except (OSError, TimeoutError) as error:
        text = _("RS-232 is not passed through. Switch that on under System, Serial ports.")
        raise ApiError(409, "serial.off", text) from error
    try:
        async with open_websocket(request, max_message_bytes=MAX_MESSAGE_BYTES) as opened:
            await _note(request)
            outward = asyncio.create_task(_outward(reader, opened))
            try:
                await _inward(opened, writer)
            finally:
                outward.cancel()
                await asyncio.gather(outward, return_exceptions=True)
        return opened
    finally:
        writer.close()


async def _note(request: web.Request) -> None:
    """Enter in the log who has the line: once an hour of each session or token."""
    access = request_access(request)
    hour = int(time.time()) // 3600
    if request.config_dict[NOTES].is_new(f"{access.session or access.token} rs232 {hour}"):
        await note(request, "serial_opened")


async def _inward(opened: web.WebSocketResponse, writer: asyncio.StreamWriter) -> None:
    """Take messages; texts are no bytes and end the connection."""
    async for message in opened:
        if message.type is not WSMsgType.BINARY:
            break
        writer.write(message.data)
        try:
            await writer.drain()
        except OSError:
            break


async def _outward(reader: asyncio.StreamReader, opened: web.WebSocketResponse) -> None:
    """Send what the line says; its end (switched off, device gone, taken) ends the connection."""
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK):
            await opened.send_bytes(data)
    await opened.close()

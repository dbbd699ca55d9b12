"""Binary messages written whole: read by another implementation, in order, refused when closed."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from aiohttp import ClientSession, WSMsgType, web
from aiohttp.test_utils import TestServer

from appliance.web.frames import FrameSocket, binary_head

LENGTHS = [0, 1, 125, 126, 16_384, 16_385, 65_535, 65_536, 200_000]


def test_heads_are_those_of_rfc_6455():
    assert binary_head(5) == bytes([0x82, 5])
    assert binary_head(126) == bytes([0x82, 126, 0, 126])
    assert binary_head(65_535) == bytes([0x82, 126, 255, 255])
    assert binary_head(65_536) == bytes([0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0])


@contextlib.asynccontextmanager
async def client_of(send):
    """A client of a WebSocket on which the server runs `send(request, socket, sender)`."""

    async def handler(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        await send(request, socket, FrameSocket(request, socket))
        await socket.close()
        return socket

    app = web.Application()
    app.router.add_get("/", handler)
    async with (
        TestServer(app) as server,
        ClientSession() as session,
        session.ws_connect(server.make_url("/"), max_msg_size=0) as client,
    ):
        yield client


async def test_a_client_reads_every_length_in_the_order_it_was_sent():
    async def send(_request, _socket, sender):
        for number, length in enumerate(LENGTHS):
            data = bytes([number]) * length
            if not sender.write(data):
                await sender.send_bytes(data)
            await sender.send_bytes(data)
            await sender.send_str(str(number))

    async with client_of(send) as client:
        for number, length in enumerate(LENGTHS):
            for _twice in range(2):
                assert await client.receive_bytes(timeout=10) == bytes([number]) * length
            assert await client.receive_str(timeout=10) == str(number)
        assert (await client.receive(timeout=10)).type is WSMsgType.CLOSE


async def test_a_peer_that_does_not_read_is_waited_for_and_nothing_piles_up():
    buffered = 0
    full = asyncio.Event()

    async def send(request, _socket, sender):
        nonlocal buffered
        piece = bytes(60_000)
        while sender.write(piece):
            await asyncio.sleep(0)
        buffered = request.transport.get_write_buffer_size()
        full.set()
        for _number in range(1000):
            await sender.send_bytes(piece)

    async with client_of(send) as client, asyncio.timeout(30):
        await full.wait()
        assert buffered < 200_000
        assert len([message async for message in client]) >= 1000


async def test_nothing_is_written_behind_the_close():
    done = asyncio.Event()

    async def send(_request, socket, sender):
        await socket.close()
        assert not sender.write(b"late")
        with pytest.raises(ConnectionResetError):
            await sender.send_bytes(b"late")
        done.set()

    async with client_of(send) as client, asyncio.timeout(10):
        assert (await client.receive()).type is WSMsgType.CLOSE
        await done.wait()

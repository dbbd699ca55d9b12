"""Binary messages written whole: read by another implementation, in order, refused when closed."""

from __future__ import annotations

import asyncio

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


async def _serve(handler):
    app = web.Application()
    app.router.add_get("/", handler)
    server = TestServer(app)
    await server.start_server()
    return server


async def test_a_client_reads_every_length_in_the_order_it_was_sent():
    async def handler(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        sender = FrameSocket(request, socket)
        for number, length in enumerate(LENGTHS):
            data = bytes([number]) * length
            if not sender.write(data):
                await sender.send_bytes(data)
            await sender.send_bytes(data)
            await sender.send_str(str(number))
        await socket.close()
        return socket

    server = await _serve(handler)
    try:
        async with ClientSession() as session, session.ws_connect(server.make_url("/")) as client:
            for number, length in enumerate(LENGTHS):
                for _twice in range(2):
                    assert await client.receive_bytes(timeout=10) == bytes([number]) * length
                assert await client.receive_str(timeout=10) == str(number)
            assert (await client.receive(timeout=10)).type is WSMsgType.CLOSE
    finally:
        await server.close()


async def test_a_peer_that_does_not_read_is_waited_for_and_nothing_piles_up():
    state = {}
    full = asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        sender = FrameSocket(request, socket)
        piece = bytes(60_000)
        while sender.write(piece):
            await asyncio.sleep(0)
        state["buffered"] = request.transport.get_write_buffer_size()
        full.set()
        for _number in range(1000):
            await sender.send_bytes(piece)
        await socket.close()
        return socket

    server = await _serve(handler)
    try:
        async with (
            ClientSession() as session,
            session.ws_connect(server.make_url("/"), max_msg_size=0) as client,
        ):
            async with asyncio.timeout(30):
                await full.wait()
                assert state["buffered"] < 200_000
                told = 0
                async for message in client:
                    assert len(message.data) == 60_000
                    told += 1
            assert told >= 1000
    finally:
        await server.close()


async def test_nothing_is_written_behind_the_close():
    outcome = {}
    done = asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        sender = FrameSocket(request, socket)
        await socket.close()
        outcome["written"] = sender.write(b"late")
        with pytest.raises(ConnectionResetError):
            await sender.send_bytes(b"late")
        done.set()
        return socket

    server = await _serve(handler)
    try:
        async with ClientSession() as session, session.ws_connect(server.make_url("/")) as client:
            assert (await client.receive(timeout=10)).type is WSMsgType.CLOSE
        async with asyncio.timeout(10):
            await done.wait()
        assert outcome == {"written": False}
    finally:
        await server.close()

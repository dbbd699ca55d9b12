"""Connections within bounds, slow clients, ports in use: with real sockets on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import json
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from appliance.certificates.device import renewed
from appliance.web.certificate import server_context
from appliance.web.connections import (
    BETWEEN_REQUESTS_S,
    FIRST_REQUEST_S,
    MAX_PER_ADDRESS,
    MAX_REFUSING,
    SILENT_S,
    STALLED_S,
    Connections,
)
from appliance.web.guard import CONNECTIONS
from appliance.web.listener import Listener
from appliance.web.servers import Place, Servers, Trouble, places


async def until(condition: Callable[[], bool]) -> None:
    """Wait for the condition, at most 5 s."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


class SmallServer:
    """An application with a fast, a waiting and a large answer behind a listener."""

    def __init__(self, clock: Any, most: int) -> None:
        self.connections = Connections(clock, most=most)
        self.release = asyncio.Event()
        self.started = 0

    async def quick(self, request: web.Request) -> web.Response:
        with self.connections.busy(request.protocol):
            return web.Response(text="quick")

    async def slow(self, request: web.Request) -> web.Response:
        with self.connections.busy(request.protocol):
            self.started += 1
            await self.release.wait()
            return web.Response(text="slow")

    async def large(self, request: web.Request) -> web.StreamResponse:
        with self.connections.busy(request.protocol):
            response = web.StreamResponse()
            await response.prepare(request)
            with contextlib.suppress(ConnectionError):
                while True:
                    await response.write(b"x" * 65536)
            return response


@pytest.fixture
async def small(clock: Any) -> AsyncIterator[SmallServer]:
    server = SmallServer(clock, 4)
    app = web.Application()
    app.router.add_get("/quick", server.quick)
    app.router.add_get("/slow", server.slow)
    app.router.add_get("/large", server.large)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    server.listener = Listener(runner.server, server.connections)
    await server.listener.start("127.0.0.1", 0)
    yield server
    server.release.set()
    await server.listener.close()
    await runner.cleanup()


@contextlib.asynccontextmanager
async def connected(small: SmallServer) -> AsyncIterator[Any]:
    reader, writer = await asyncio.open_connection("127.0.0.1", small.listener.port)
    yield reader, writer
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def get(connection: Any, path: str) -> tuple[int, bytes]:
    reader, writer = connection
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    return int(head.split()[1]), await reader.readexactly(length)


async def test_one_connection_too_many_is_told_so(small: SmallServer) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(4):
            connection = await stack.enter_async_context(connected(small))
            connection[1].write(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await until(lambda: small.started == 4)
        fifth = await stack.enter_async_context(connected(small))
        status, body = await get(fifth, "/quick")
        answer = json.loads(body)
        assert (status, answer["code"]) == (503, "too_many_connections")
        assert "4 connections" in answer["text"]
        assert small.connections.refused == 1
        assert len(small.connections) == 4


async def test_an_idle_connection_gives_way_to_a_new_one(small: SmallServer) -> None:
    async with contextlib.AsyncExitStack() as stack:
        first = await stack.enter_async_context(connected(small))
        assert await get(first, "/quick") == (200, b"quick")
        for _ in range(3):
            connection = await stack.enter_async_context(connected(small))
            connection[1].write(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await until(lambda: small.started == 3)
        fifth = await stack.enter_async_context(connected(small))
        assert await get(fifth, "/quick") == (200, b"quick")
        assert await first[0].read() == b""


async def test_connections_that_say_nothing_give_way_after_two_seconds(
    small: SmallServer, clock: Any
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(4):
            await stack.enter_async_context(connected(small))
        await until(lambda: len(small.connections) == 4)
        early = await stack.enter_async_context(connected(small))
        assert (await get(early, "/quick"))[0] == 503
        clock.now += SILENT_S + 0.1
        late = await stack.enter_async_context(connected(small))
        assert (await get(late, "/quick"))[0] == 200


async def test_refusals_are_bounded_too(small: SmallServer) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(4):
            connection = await stack.enter_async_context(connected(small))
            connection[1].write(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await until(lambda: small.started == 4)
        for _ in range(MAX_REFUSING):
            await stack.enter_async_context(connected(small))
        await until(lambda: small.connections.refusing == MAX_REFUSING)
        beyond = await stack.enter_async_context(connected(small))
        with contextlib.suppress(ConnectionResetError):
            assert await beyond[0].read() == b""
    await until(lambda: small.connections.refusing == 0)


def test_one_machine_cannot_have_all_connections(clock: Any) -> None:
    connections = Connections(clock)
    taken = [connections.admit("10.0.0.7") for _ in range(MAX_PER_ADDRESS)]
    assert all(taken)
    assert connections.admit("10.0.0.7") is None
    assert connections.admit("10.0.0.8") is not None
    assert connections.admit("::1") is not None
    first = taken[0]
    assert first is not None
    first.served = 1
    assert connections.admit("10.0.0.7") is not None
    assert len(connections) == MAX_PER_ADDRESS + 2


async def test_a_head_that_dribbles_in_is_cut_off(small: SmallServer, clock: Any) -> None:
    async with connected(small) as (reader, writer):
        writer.write(b"GET /quick HTTP/1.1\r\nX: ")
        await until(lambda: len(small.connections) == 1)
        clock.now += FIRST_REQUEST_S - 1
        small.connections.sweep()
        writer.write(b"y")
        clock.now += 2
        small.connections.sweep()
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
        assert small.connections.timed_out == 1


async def test_a_second_request_may_come_later_but_not_too_late(
    small: SmallServer, clock: Any
) -> None:
    async with connected(small) as connection:
        assert (await get(connection, "/quick"))[0] == 200
        clock.now += FIRST_REQUEST_S + 5
        small.connections.sweep()
        assert (await get(connection, "/quick"))[0] == 200
        clock.now += BETWEEN_REQUESTS_S + 1
        small.connections.sweep()
        with contextlib.suppress(ConnectionResetError):
            assert await connection[0].read() == b""


async def test_a_long_answer_in_work_is_not_cut_off(small: SmallServer, clock: Any) -> None:
    async with connected(small) as connection:
        connection[1].write(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await until(lambda: small.started == 1)
        clock.now += 3600
        small.connections.sweep()
        small.release.set()
        assert (await connection[0].readuntil(b"slow")).endswith(b"slow")


async def test_a_client_that_reads_nothing_is_let_go(small: SmallServer, clock: Any) -> None:
    async with connected(small) as (_reader, writer):
        writer.transport.pause_reading()
        writer.write(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")

        def stuck() -> bool:
            return any(
                c.transport is not None and c.transport.get_write_buffer_size() > 0
                for c in small.connections._open
            )

        await until(stuck)
        small.connections.sweep()
        clock.now += STALLED_S + 1
        small.connections.sweep()
        small.connections.sweep()
        await until(lambda: len(small.connections) == 0)
        assert small.connections.timed_out == 1


# -- ports -------------------------------------------------------------------------------------


@pytest.fixture
def tls() -> ssl.SSLContext:
    now = datetime.datetime.now(datetime.UTC)
    return server_context(renewed(None, frozenset({"127.0.0.1"}), now)[0])


@pytest.fixture
async def servers(
    app: web.Application, tls: ssl.SSLContext
) -> AsyncIterator[tuple[Servers, list[list[Trouble]]]]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    told: list[list[Trouble]] = []

    async def tell(troubles: list[Trouble]) -> None:
        told.append(troubles)

    found = Servers(runner.server, app[CONNECTIONS], lambda: tls, tell)
    yield found, told
    await found.close()
    await runner.cleanup()


def busy_port() -> socket.socket:
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    return taken


async def test_a_port_in_use_is_told_and_the_others_serve(servers: Any) -> None:
    server, told = servers
    with busy_port() as taken:
        port = taken.getsockname()[1]
        bad, good = Place("127.0.0.1", port, tls=False), Place("127.0.0.1", 0, tls=False)
        await server.want(frozenset({bad, good}))
        assert set(server.ports) == {good}
        assert [trouble.code for trouble in told[-1]] == ["port_in_use"]
        assert str(port) in told[-1][0].text
        assert "Web access" in told[-1][0].text
    await server._align()
    assert set(server.ports) == {good, bad}
    assert told[-1] == []


async def test_a_port_that_is_no_longer_wanted_is_let_go(servers: Any) -> None:
    server, _told = servers
    place = Place("127.0.0.1", 0, tls=False)
    await server.want(frozenset({place}))
    port = server.ports[place]
    await server.want(frozenset())
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


def test_plain_http_is_for_this_machine_only() -> None:
    wanted = places(8443, 8080)
    assert {place.host for place in wanted if not place.tls} == {"127.0.0.1", "::1"}
    assert all(place.tls for place in places(8443, None))


async def test_https_answers_and_plain_http_on_its_port_is_told_what_to_type(
    servers: Any,
) -> None:
    server, _told = servers
    place = Place("127.0.0.1", 0, tls=True)
    await server.want(frozenset({place}))
    port = server.ports[place]
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    request = f"GET /api/v1/session HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    writer.write(request)
    assert b" 401 " in await reader.readline()
    assert writer.get_extra_info("ssl_object").version() == "TLSv1.3"
    writer.close()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    assert b"400 Bad Request" in answer
    assert b"https://" in answer
    writer.close()


async def test_tls_1_1_is_refused(servers: Any) -> None:
    server, _told = servers
    place = Place("127.0.0.1", 0, tls=True)
    await server.want(frozenset({place}))
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    with pytest.warns(DeprecationWarning):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        old.minimum_version = ssl.TLSVersion.TLSv1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection("127.0.0.1", server.ports[place], ssl=old)

"""RS-232 on a TCP port of its own: TLS, an API token, then the bytes of the line."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from appliance.bus.errors import BusError
from appliance.certificates.device import own_names, renewed
from appliance.settings.pages.serial import SerialPage
from appliance.web import serial_door
from appliance.web.certificate import server_context
from appliance.web.serial_door import GREETING, LINE, SerialDoor
from tests.web.conftest import PASSWORD
from tests.web.test_process import free_port, until

EVERY = bytes(range(256))


@dataclass
class Line:
    """What is wired to RS-232: answers everything backward."""

    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        while data := await reader.read(4096):
            writer.write(data[::-1])
        writer.close()


class Door:
    """The door with its settings, and clients of it."""

    def __init__(self, supervisor: Any, line: Line, port: int) -> None:
        self.supervisor = supervisor
        self.line = line
        self.port = port
        self.values = SerialPage(rs232="transparent", tcp_port=port).model_dump()
        self.events: list[dict[str, Any]] = []
        self.connected = False
        supervisor.answer("settings.get", self._settings)
        supervisor.answer("events.raise", lambda params: self.events.append(params) or {})
        supervisor.answer("events.end", {})
        supervisor.answer(
            "serial.get", lambda _p: {"ports": [{"kind": "rs232", "connected": self.connected}]}
        )

    def _settings(self, params: dict[str, Any]) -> dict[str, Any]:
        if params["page"] != "serial":
            raise BusError("settings.no_page", "no such page")
        return {"values": self.values, "version": 1}

    def change(self, **values: Any) -> None:
        self.values = self.values | values
        self.supervisor.server.publish("settings.changed", {"page": "serial", "version": 2})

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return await asyncio.open_connection("127.0.0.1", self.port, ssl=context)

    async def say(self, line: bytes) -> tuple[bytes, asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await self.connect()
        writer.write(line)
        async with asyncio.timeout(10):
            return await reader.readline(), reader, writer

    def kinds(self) -> list[str]:
        return [event["kind"] for event in self.events]


@pytest.fixture
async def line(paths: Any) -> AsyncIterator[Line]:
    line = Line()
    server = await asyncio.start_unix_server(line.serve, paths.run / LINE)
    yield line
    server.close()


@pytest.fixture
async def door(
    app: web.Application, bus: Any, paths: Any, supervisor: Any, line: Line
) -> AsyncIterator[Door]:
    made = Door(supervisor, line, free_port())
    pair, _why = renewed(None, own_names(), datetime.datetime.now(datetime.UTC))
    opened = SerialDoor(app, bus, server_context(pair), paths.run / LINE)
    await opened.start()
    await until(lambda: opened.port == made.port)
    made.door = opened  # type: ignore[attr-defined]
    yield made
    await opened.close()


async def token_of(admin: Any, right: str = "system") -> tuple[str, str]:
    body = {"name": "plc", "rights": {right: "*"}, "password": PASSWORD}
    status, made = await admin.ask("POST", "/api/v1/tokens", body)
    assert status == 201, made
    return made["token"], made["record"]["id"]


async def test_a_token_opens_the_line_and_the_log_says_who_from_where(
    door: Door, admin: Any
) -> None:
    token, _number = await token_of(admin)
    answer, reader, writer = await door.say(token.encode() + b"\r\n")
    assert answer == GREETING
    writer.write(EVERY)
    assert await reader.readexactly(256) == EVERY[::-1]
    opened = next(event for event in door.events if event["kind"] == "serial_opened")
    assert (opened["details"]["user"], opened["details"]["address"]) == ("admin", "127.0.0.1")
    assert token not in str(door.events)
    door.line.writers[0].close()
    assert await reader.read() == b""
    writer.close()


async def test_without_a_valid_token_of_the_right_nothing_is_carried(
    door: Door, admin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serial_door, "REFUSED_S", 0.0)
    weak, _number = await token_of(admin, "status")
    for said in (b"hello\n", b"nvr_" + b"0" * 43 + b"\n", weak.encode() + b"\n", b"x" * 5000):
        answer, reader, writer = await door.say(said)
        assert answer.startswith(b"ERROR "), said
        assert await reader.read() == b""
        writer.close()
    assert not door.line.writers
    assert door.kinds().count("serial_refused") == 1  # once a minute from an address
    assert "serial_opened" not in door.kinds()


async def test_a_token_that_is_taken_back_ends_what_it_opened(door: Door, admin: Any) -> None:
    token, number = await token_of(admin)
    answer, reader, writer = await door.say(token.encode() + b"\n")
    assert answer == GREETING
    await admin.ask("DELETE", f"/api/v1/tokens/{number}")
    async with asyncio.timeout(10):
        assert await reader.read() == b""
    writer.close()


async def test_a_line_that_is_in_use_is_told(door: Door, admin: Any) -> None:
    token, _number = await token_of(admin)
    door.connected = True
    answer, _reader, writer = await door.say(token.encode() + b"\n")
    assert answer == b"ERROR Another program has RS-232.\r\n"
    writer.close()


async def test_only_addresses_that_may_come_are_answered(door: Door, admin: Any) -> None:
    token, _number = await token_of(admin)
    door.change(tcp_from="10.0.0.0/8, 192.168.1.7")
    await until(lambda: door.door._page.tcp_from != "")  # type: ignore[attr-defined]
    with pytest.raises(OSError):  # before a word of TLS
        await door.say(token.encode() + b"\n")
    door.change(tcp_from="127.0.0.0/8")
    await until(lambda: "127" in door.door._page.tcp_from)  # type: ignore[attr-defined]
    answer, _reader, writer = await door.say(token.encode() + b"\n")
    assert answer == GREETING
    writer.close()


async def test_switching_it_off_closes_port_and_connections(door: Door, admin: Any) -> None:
    token, _number = await token_of(admin)
    answer, reader, writer = await door.say(token.encode() + b"\n")
    assert answer == GREETING
    door.change(rs232="off")
    async with asyncio.timeout(10):
        assert await reader.read() == b""
    writer.close()
    with pytest.raises(OSError):
        await door.connect()


async def test_a_port_that_somebody_has_is_an_event(door: Door) -> None:
    taken = await asyncio.start_server(lambda _r, w: w.close(), "0.0.0.0", 0)
    door.change(tcp_port=taken.sockets[0].getsockname()[1])
    await until(lambda: "port_unusable" in door.kinds())
    taken.close()


async def test_those_who_only_knock_do_not_fill_the_box(door: Door, admin: Any) -> None:
    token, _number = await token_of(admin)
    silent = [
        await asyncio.open_connection("127.0.0.1", door.port)
        for _ in range(serial_door.MOST_OPENING)
    ]
    await until(lambda: len(door.door._opening) == serial_door.MOST_OPENING)  # type: ignore[attr-defined]
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    assert await reader.read() == b""
    writer.close()
    for _reader, knocking in silent:
        knocking.close()
    await until(lambda: not door.door._opening)  # type: ignore[attr-defined]
    answer, _reader, writer = await door.say(token.encode() + b"\n")
    assert answer == GREETING
    writer.close()


async def test_plain_tcp_is_not_spoken(door: Door, admin: Any) -> None:
    token, _number = await token_of(admin)
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(token.encode() + b"\n")
    async with asyncio.timeout(15):
        assert GREETING not in await reader.read()
    writer.close()
    assert not door.line.writers


@pytest.mark.parametrize(
    "text", ["10.0.0.0/33", "everybody", "1.2.3", ", ".join(["10.0.0.1"] * 17)]
)
def test_networks_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be addresses|too many"):
        SerialPage(tcp_from=text)

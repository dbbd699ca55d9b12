"""Contacts, device status and serial PTZ over the API: orders to the supervisor, and who may."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from appliance.accounts.permission import Permission, User
from appliance.bus.errors import BusError

PTZ = {
    "channel": 2, "protocol": "Pelco-D", "address": 1, "baud": 9600, "actions": [],
    "last_preset": 255, "presets": [], "tours": [], "program": "none", "program_number": 0,
    "moving": False, "fault": "", "lease_s": 0.6,
}  # fmt: skip


async def test_an_output_is_switched_by_its_name(admin: Any, supervisor: Any) -> None:
    supervisor.answer("io.output", {})
    body = {"on": True, "seconds": 5}
    status, _answer = await admin.ask("POST", "/api/v1/io/outputs/relay-1", body)
    assert status == 204
    method, params = supervisor.asked[-1]
    assert method == "io.output"
    assert (params["id"], params["on"], params["seconds"]) == ("relay-1", True, 5)
    assert (await admin.ask("POST", "/api/v1/io/outputs/door", body))[0] == 404


async def test_a_pulse_of_an_hour_is_refused_at_its_field(admin: Any, supervisor: Any) -> None:
    supervisor.answer("io.output", {})
    body = {"on": True, "seconds": 3600}
    status, answer = await admin.ask("POST", "/api/v1/io/outputs/relay-1", body)
    assert status == 422
    assert answer["fields"][0]["path"] == "seconds"
    assert "io.output" not in [method for method, _params in supervisor.asked]


async def test_why_an_output_does_not_follow_is_told(admin: Any, supervisor: Any) -> None:
    text = "The relay-1 is set to Off and follows nobody. Set its mode to Auto."
    supervisor.answer("io.output", BusError("relay.not_auto", text))
    status, answer = await admin.ask("POST", "/api/v1/io/outputs/relay-1", {"on": True})
    assert (status, answer["code"], answer["text"]) == (400, "relay.not_auto", text)


async def test_who_sees_the_status_may_not_switch(page_as: Any, supervisor: Any) -> None:
    for name in ("io.get", "device.get", "io.output", "io.reset", "io.buzzer", "io.leds"):
        supervisor.answer(name, {})
    guard = page_as(User("guard", frozenset({Permission.STATUS})))
    assert (await guard.ask("GET", "/api/v1/io"))[0] == 200
    assert (await guard.ask("GET", "/api/v1/device"))[0] == 200
    for path, body in (
        ("outputs/relay-1", {"on": True}), ("reset", {}), ("buzzer", {"pattern": "test"}),
        ("leds", {"group": "identify", "on": True}),
    ):  # fmt: skip
        assert (await guard.ask("POST", f"/api/v1/io/{path}", body))[0] == 403


async def test_a_camera_is_moved_by_who_may_on_its_channel_only(
    page_as: Any, supervisor: Any
) -> None:
    supervisor.answer("ptz.move", {})
    supervisor.answer("ptz.get", PTZ)
    supervisor.answer("serial.get", {"ports": [], "box": "off", "channels": [1, 2, 3]})
    rights = frozenset({Permission.PTZ, Permission.STATUS})
    guard = page_as(User("guard", rights, frozenset({2})))
    body = {"client": "page", "pan": 50}
    assert (await guard.ask("POST", "/api/v1/ptz/2/move", body))[0] == 204
    method, params = supervisor.asked[-1]
    assert (method, params["channel"], params["pan"]) == ("ptz.move", 2, 50)
    assert params["client"].endswith(":page")
    assert params["client"] != "page"  # nobody stops what another session moves
    assert (await guard.ask("POST", "/api/v1/ptz/1/move", body))[0] == 403
    assert (await guard.ask("GET", "/api/v1/ptz/1"))[0] == 403
    assert (await guard.ask("GET", "/api/v1/ptz/2"))[0] == 200
    assert (await guard.ask("GET", "/api/v1/serial"))[1]["channels"] == [2]


async def test_wrong_speeds_are_named_each(admin: Any, supervisor: Any) -> None:
    body = {"client": "page", "pan": 101, "tilt": "up", "focus": 2}
    status, answer = await admin.ask("POST", "/api/v1/ptz/1/move", body)
    assert status == 422
    assert {field["path"] for field in answer["fields"]} == {"pan", "tilt", "focus"}


async def test_rs232_carries_bytes_for_whoever_may_and_ends_with_the_line(
    admin: Any, page_as: Any, paths: Any, supervisor: Any
) -> None:
    supervisor.answer("events.raise", {"id": 1, "new": True})
    status, answer = await admin.ask("GET", "/api/v1/serial/rs232")
    assert (status, answer["code"]) == (409, "serial.off")
    lines: list[asyncio.StreamWriter] = []

    async def line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append(writer)
        while data := await reader.read(100):
            writer.write(data[::-1])

    server = await asyncio.start_unix_server(line, paths.run / "rs232.sock")
    async with admin.client.ws_connect("/api/v1/serial/rs232") as socket:
        await socket.send_bytes(bytes(range(90)))
        assert await socket.receive_bytes() == bytes(range(90))[::-1]
        lines[0].close()
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
    async with admin.client.ws_connect("/api/v1/serial/rs232"):
        pass
    told = [params for method, params in supervisor.asked if method == "events.raise"]
    opened = [event["details"] for event in told if event["kind"] == "serial_opened"]
    assert [note["user"] for note in opened] == ["admin"]
    guard = page_as(User("guard", frozenset({Permission.STATUS})))
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await guard.client.ws_connect("/api/v1/serial/rs232")
    assert caught.value.status == 403
    server.close()

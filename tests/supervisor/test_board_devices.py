"""Contacts, serial ports and climate in the supervisor: real services and drivers on the bench."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.bus.client import BusClient, connected_client
from appliance.bus.errors import BusError
from appliance.bus.server import BusServer
from appliance.events.book import EventBook
from appliance.events.query import EventFilter
from appliance.paths import Paths
from appliance.settings.document import DocumentFiles
from appliance.settings.store import SettingsStore
from appliance.settings.vault import Vault
from appliance.supervisor.board_devices import BoardDevices
from appliance.supervisor.board_io import Orders
from appliance.supervisor.settings_service import SettingsService
from board.profile.load import load
from board.sim.bench import Bench


class Box:
    """A supervisor's bus, events, settings and devices of the simulated board."""

    def __init__(self, folder: Path) -> None:
        self.store = SettingsStore(
            DocumentFiles(folder / "settings"), Vault.open(folder / "keys" / "device.key")
        )
        self.folder = folder
        self.bus = BusServer(
            folder / "bus.sock", instance="test", settings_version=lambda: self.store.version
        )
        self.events = EventBook(folder / "events.db")
        self.settings = SettingsService(
            self.bus, self.store, changed=self._changed, told=lambda _kind, _details: None
        )
        self.ordered: list[str] = []
        self.devices = BoardDevices(
            self.bus,
            self.events,
            self.settings,
            Paths.below(folder),
            Orders(lambda: self.ordered.append("off"), lambda: self.ordered.append("reset")),
        )
        self.bench: Bench | None = None

    def _changed(self, page: str) -> None:
        self.devices.settings_changed(page)

    async def start(self, board: str | None = "simulated") -> None:
        await self.events.start()
        await self.settings.open()
        await self.bus.start()
        profile = load(board) if board else None
        if profile is not None and profile.board.hardware == "simulated":
            self.bench = Bench(profile)
        Paths.below(self.folder).run.mkdir(parents=True, exist_ok=True)
        await self.devices.start(profile, self.bench, "none")

    async def stop(self) -> None:
        await self.devices.close()
        await self.bus.close()
        await self.events.close()
        self.settings.close()

    async def set(self, page: str, item: Any, **changes: Any) -> None:
        await self.settings.change(lambda: self.store.change(page, item, changes), "test")

    def act(self, action: str, **params: Any) -> None:
        assert self.bench is not None
        self.bench.act("io", action, params)

    def hands(self) -> dict[str, Any]:
        assert self.bench is not None
        state: dict[str, Any] = self.bench.state()["io"]
        return state

    def on(self, output: str) -> bool:
        return next(entry["on"] for entry in self.hands()["outputs"] if entry["id"] == output)

    def lasting(self) -> dict[str, str]:
        return {event.kind: event.as_dict()["text"] for event in self.events.open_events}


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    box = Box(tmp_path)
    await box.start()
    yield box
    await box.stop()


@pytest.fixture
async def client(box: Box) -> AsyncIterator[BusClient]:
    async with connected_client(box.folder / "bus.sock", "web", "test") as client:
        yield client


async def test_each_input_and_output_of_the_board_has_settings_of_its_own(box: Box) -> None:
    assert [item["id"] for item in box.store.raw("alarm_inputs")["items"]] == [1, 2, 3, 4]
    outputs = [item["id"] for item in box.store.raw("alarm_outputs")["items"]]
    assert outputs == ["relay-1", "relay-2", "supply-1"]


async def test_an_alarm_closes_its_output_sounds_lights_and_is_an_event(
    box: Box, client: BusClient
) -> None:
    await box.set("alarm_inputs", 2, name="Back door", output="relay-1", buzzer=True)
    await until(lambda: box.devices.io is not None and box.devices.io.parts.links is not None)
    box.act("contact", number=2, on=True)
    await until(lambda: box.on("relay-1"))
    await until(lambda: {"alarm_input", "output_on"} <= box.lasting().keys())
    assert box.lasting()["alarm_input"] == "Alarm: Back door."
    assert box.lasting()["output_on"] == "Relay 1 is on. Back door"
    io = await client.request("io.get")
    assert io["inputs"][1]["active"] is True
    assert io["outputs"][0]["held"] == {"Back door": None}
    assert io["buzzer"] == "alarm"
    assert "alarm" in io["groups"]
    assert next(led["pattern"] for led in io["leds"] if led["name"] == "alarm") == "on"
    box.act("contact", number=2, on=False)
    await until(lambda: not box.on("relay-1"))
    await until(lambda: box.lasting() == {})
    assert (await client.request("io.get"))["buzzer"] == ""


async def test_a_key_switch_disarms_alarms_but_they_are_recorded(
    box: Box, client: BusClient
) -> None:
    """D2-AL-15."""
    await box.set("alarm_inputs", 1, name="Key", disarms=True, output="relay-2", buzzer=True)
    await box.set("alarm_inputs", 2, name="Back door", output="relay-1", buzzer=True)
    box.act("contact", number=1, on=True)
    await until(lambda: "disarmed" in box.lasting())
    box.act("contact", number=2, on=True)
    await until(lambda: "alarm_input" in box.lasting())
    io = await client.request("io.get")
    assert io["disarmed_by"] == ["Key"]
    assert (io["inputs"][0]["disarms"], io["buzzer"]) == (True, "")
    assert not box.on("relay-1")
    assert not box.on("relay-2")
    assert box.lasting()["alarm_input"] == "Alarm: Back door."
    box.act("contact", number=1, on=False)
    await until(lambda: box.on("relay-1"))
    assert "disarmed" not in box.lasting()
    box.act("contact", number=1, on=True)
    await until(lambda: not box.on("relay-1"))
    await box.set("alarm_inputs", 1, disarms=False)
    await until(lambda: box.on("relay-1") and "disarmed" not in box.lasting())


async def test_a_person_switches_an_output_and_everything_is_reset(
    box: Box, client: BusClient
) -> None:
    await client.request("io.output", {"id": "supply-1", "on": True})
    assert box.on("supply-1")
    await client.request("io.reset", {})
    await until(lambda: not box.on("supply-1"))
    await client.request("io.output", {"id": "relay-2", "on": True, "seconds": 1})
    await until(lambda: not box.on("relay-2"))


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"id": "relay-1", "on": True, "seconds": 3600}, "relay.pulse"),
        ({"id": "relay-1", "on": True, "seconds": "long"}, "io.bad_request"),
        ({"id": "relay-9", "on": True}, "io.no_output"),
        ({}, "io.no_output"),
    ],
)
async def test_what_cannot_be_switched_is_refused(
    box: Box, client: BusClient, params: dict[str, Any], code: str
) -> None:
    with pytest.raises(BusError) as caught:
        await client.request("io.output", params)
    assert caught.value.code == code
    assert not box.on("relay-1")


async def test_an_output_that_is_off_is_told_where_its_alarm_cannot_close_it(box: Box) -> None:
    await box.set("alarm_inputs", 1, output="relay-2")
    await box.set("alarm_outputs", "relay-2", mode="off")
    box.act("contact", number=1, on=True)
    await until(lambda: "link_refused" in box.lasting())
    assert "Set its mode to Auto" in box.lasting()["link_refused"]
    await box.set("alarm_outputs", "relay-2", mode="auto")
    await until(lambda: box.on("relay-2"))
    await until(lambda: "link_refused" not in box.lasting())


async def test_manual_is_on_at_once(box: Box) -> None:
    await box.set("alarm_outputs", "relay-1", mode="manual")
    await until(lambda: box.on("relay-1"))
    await until(lambda: "Manual" in box.lasting().get("output_on", ""))


async def test_buttons_order_the_supervisor(box: Box) -> None:
    box.act("button", name="power", on=True)
    await until(lambda: box.ordered == ["off"])
    box.act("button", name="power", on=False)
    events, _after = await box.events.query(EventFilter.parse({"kinds": ["button_pressed"]}))
    assert "switches off" in events[0].as_dict()["text"]


async def test_identify_and_lamp_test_are_seen_on_the_lights(box: Box, client: BusClient) -> None:
    await client.request("io.leds", {"group": "lamp_test", "on": True})
    await until(lambda: all(led["lit"] for led in box.hands()["leds"]))
    await client.request("io.leds", {"group": "lamp_test", "on": False})
    await until(lambda: not all(led["lit"] for led in box.hands()["leds"]))
    with pytest.raises(BusError):
        await client.request("io.leds", {"group": "disk_fault", "on": True})


async def test_outputs_open_and_counters_are_kept_when_the_supervisor_ends(tmp_path: Path) -> None:
    box = Box(tmp_path)
    await box.start()
    assert box.devices.io is not None
    box.devices.io.parts.outputs["relay-1"].set_mode("manual")
    assert box.on("relay-1")
    await box.stop()
    assert not box.on("relay-1")
    again = Box(tmp_path)
    await again.start()
    assert again.devices.io is not None
    assert again.devices.io.parts.outputs["relay-1"].operations == 1
    await again.stop()


async def test_a_dome_is_moved_by_settings_and_stops_with_its_client(
    box: Box, client: BusClient
) -> None:
    with pytest.raises(BusError) as caught:
        await client.request("ptz.move", {"channel": 1, "client": "a", "pan": 50})
    assert caught.value.code == "ptz.no_camera"
    camera = {"main_url": "rtsp://10.0.0.9/1"}
    await box.settings.change(lambda: box.store.add("channels", camera)[1], "test")
    await box.set("ptz", 1, protocol="pelco_d", address=1)

    def dome() -> dict[str, Any]:
        found: dict[str, Any] = box.hands()["domes"][0]
        return found

    async def has_camera() -> bool:
        return (await client.request("serial.get"))["channels"] == [1]

    async with asyncio.timeout(10):
        while not await has_camera():
            await asyncio.sleep(0.01)
    async with asyncio.timeout(10):
        while dome()["pan"] <= 0:
            await client.request("ptz.move", {"channel": 1, "client": "a", "pan": 50})
            await asyncio.sleep(0.05)
    await until(lambda: dome()["pan"] == 0)  # nobody renewed it
    await client.request(
        "ptz.act", {"channel": 1, "kind": "preset_set", "number": 4, "name": "Gate"}
    )
    assert (await client.request("ptz.get", {"channel": 1}))["presets"] == [
        {"number": 4, "name": "Gate"}
    ]
    assert (await client.request("ptz.ask", {"channel": 1}))["answered"] is True
    with pytest.raises(BusError) as caught:
        await client.request("ptz.program", {"channel": 1, "kind": "tour", "number": 3})
    assert caught.value.code == "ptz.tour"
    steps = [[4, 1], [5, 1]]
    await client.request("ptz.tour", {"channel": 1, "number": 1, "name": "Round", "steps": steps})
    await client.request("ptz.program", {"channel": 1, "kind": "tour", "number": 1})
    await until(lambda: dome()["preset"] == 4)
    await until(lambda: dome()["preset"] == 5)
    await client.request("ptz.stop", {"channel": 1})
    assert (await client.request("ptz.get", {"channel": 1}))["program"] == "none"


async def test_wrong_values_are_refused_and_disturb_nothing(box: Box, client: BusClient) -> None:
    for method in ("io.output", "io.leds", "ptz.get", "ptz.move", "ptz.act", "ptz.tour", "ptz.ask",
                   "ptz.program", "ptz.stop"):  # fmt: skip
        for params in ({}, {"id": 5, "channel": "x", "number": []}, {"channel": True, "on": None},
                       {"channel": -1, "group": {}, "steps": 3}):  # fmt: skip
            with pytest.raises(BusError) as caught:
                await client.request(method, params)
            assert caught.value.code != "bus.failed"
    assert (await client.request("io.get"))["fitted"]


async def test_a_serial_device_that_vanishes_is_an_event_until_it_is_back(box: Box) -> None:
    box.act("serial", name="rs-485", on=False)
    await box.set("serial", None, box=True)  # something to say, so that it is noticed
    await until(lambda: "serial_gone" in box.lasting())
    box.act("serial", name="rs-485", on=True)
    await until(lambda: "serial_gone" not in box.lasting())


async def test_an_alarm_box_gives_alarm_and_is_missed(box: Box) -> None:
    await box.set("serial", None, box=True)
    await until(lambda: box.devices.serial is not None)
    box.act("box", number=3, on=True)
    await until(lambda: "alarm_input" in box.lasting())
    assert box.lasting()["alarm_input"] == "Alarm: Alarm box, input 3."
    await box.set("serial", None, box_address=9)
    await until(lambda: "alarm_input" not in box.lasting())
    await until(lambda: "alarm_box_silent" in box.lasting())
    await box.set("serial", None, box=False)
    await until(lambda: "alarm_box_silent" not in box.lasting())


async def test_serial_sockets_that_are_switched_off_are_silent(box: Box) -> None:
    """Whatever their pages say (D2-AP-52)."""
    socket = Paths.below(box.folder).run / "rs232.sock"
    await box.set("serial", None, rs232="transparent", box=True)
    serial = box.devices.serial
    assert serial is not None
    await until(lambda: socket.exists() and serial._box is not None)
    await box.set("services", None, serial=False)
    await until(lambda: not socket.exists() and serial._box is None)
    await box.set("services", None, serial=True)
    await until(lambda: socket.exists() and serial._box is not None)


async def test_rs232_is_off_until_it_is_switched_on_and_then_carries_bytes(
    box: Box, client: BusClient
) -> None:
    socket = Paths.below(box.folder).run / "rs232.sock"
    assert not socket.exists()
    await box.set("serial", None, rs232="transparent")
    await until(socket.exists)
    reader, writer = await asyncio.open_unix_connection(socket)
    writer.write(bytes(range(256)))
    await writer.drain()
    assert box.devices._bench is not None
    line = box.devices._bench.serial["sim:rs232"]
    await until(lambda: b"".join(data for data, _baud in line.heard) == bytes(range(256)))
    line.say(b"\xff\x00answer")
    assert await reader.readexactly(8) == b"\xff\x00answer"
    other_reader, other = await asyncio.open_unix_connection(socket)
    assert await other_reader.read() == b""  # one program at a time
    other.close()
    writer.close()
    await box.set("serial", None, rs232="off")
    await until(lambda: not socket.exists())


async def test_the_device_tells_temperatures_fans_clock_and_why_it_started(
    box: Box, client: BusClient
) -> None:
    device = await client.request("device.get")
    assert [sensor["name"] for sensor in device["sensors"]] == ["board", "processor"]
    assert device["clock"]["utc"] is not None
    assert [start["cause"] for start in device["starts"]] == ["first"]
    assert box.devices.climate is not None
    assert box.devices.climate.celsius("board") == 35.0


async def test_without_a_board_everything_answers_that_nothing_is_fitted(tmp_path: Path) -> None:
    box = Box(tmp_path)
    await box.start(None)
    async with connected_client(tmp_path / "bus.sock", "web", "test") as client:
        assert (await client.request("io.get"))["fitted"] is False
        assert (await client.request("serial.get"))["ports"] == []
        assert (await client.request("device.get"))["sensors"] == []
    await box.stop()

"""The board in the supervisor: real services on a bus, real drivers on the bench."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.bus.board_messages import PoeChipStatus, PoePortStatus
from appliance.bus.client import BusClient, connected_client
from appliance.bus.errors import BusError
from appliance.bus.server import BusServer
from appliance.events.book import EventBook
from appliance.health.checks.lasting_events import LastingEvents
from appliance.health.facts import Facts
from appliance.paths import Paths
from appliance.settings.document import DocumentFiles
from appliance.settings.store import SettingsStore
from appliance.settings.vault import Vault
from appliance.supervisor.board_devices import BoardDevices
from appliance.supervisor.board_io import Orders
from appliance.supervisor.board_service import BoardService
from appliance.supervisor.settings_service import SettingsService


class Box:
    """A supervisor's bus, events, settings and board."""

    def __init__(self, folder: Path) -> None:
        store = SettingsStore(
            DocumentFiles(folder / "settings"), Vault.open(folder / "keys" / "device.key")
        )
        self.folder = folder
        self.path = folder / "bus.sock"
        self.bus = BusServer(self.path, instance="test", settings_version=lambda: store.version)
        self.events = EventBook(folder / "events.db")
        self.settings = SettingsService(
            self.bus, store, changed=self._changed, told=lambda _kind, _details: None
        )
        self.board: BoardService | None = None

    def _changed(self, page: str) -> None:
        if self.board is not None:
            self.board.settings_changed(page)

    async def start(self) -> None:
        await self.events.start()
        await self.settings.open()
        await self.bus.start()

    async def put_in(self, board: str) -> BoardService:
        devices = BoardDevices(
            self.bus,
            self.events,
            self.settings,
            Paths.below(self.folder),
            Orders(lambda: None, lambda: None),
        )
        kept = self.folder / "board"
        self.board = BoardService(self.bus, self.events, self.settings, board, devices, kept)
        await self.board.start("none")
        return self.board

    async def stop(self) -> None:
        if self.board is not None:
            await self.board.close()
        await self.bus.close()
        await self.events.close()
        self.settings.close()

    def open_kinds(self) -> set[str]:
        return {event.kind for event in self.events.open_events}


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    box = Box(tmp_path)
    await box.start()
    yield box
    await box.stop()


@pytest.fixture
async def client(box: Box) -> AsyncIterator[BusClient]:
    async with connected_client(box.path, "cli@1", "test") as client:
        yield client


async def status(client: BusClient) -> dict[str, Any]:
    found: dict[str, Any] = await client.request("poe.get")
    return found


async def until(client: BusClient, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            if condition(now := await status(client)):
                return now
            await asyncio.sleep(0.05)


async def act(client: BusClient, action: str, **params: Any) -> None:
    await client.request("bench.act", {"part": "poe", "action": action, "params": params})


async def test_a_camera_plugged_into_the_bench_is_powered_and_told(
    box: Box, client: BusClient
) -> None:
    await box.put_in("simulated")
    await act(client, "plug", port=3, kind="camera")
    now = await until(client, lambda s: s["ports"][2]["state"] == "on")
    assert now["ports"][2]["pd_class"] == 2
    assert box.board is not None
    drawn, most = box.board.power_w() or (0.0, 0.0)
    assert (round(drawn), most) == (4, 130.0)
    assert now["booked_w"] == 7.0
    assert now["most_w"] == 130.0
    now = await until(client, lambda s: bool(s["sockets"][2]["behind"]))
    socket = now["sockets"][2]
    assert (socket["link"], socket["speed_mbps"], socket["full_duplex"]) == (True, 100, True)
    assert set(now["ports"][2]) == set(PoePortStatus.__annotations__)
    assert set(now["chips"][0]) == set(PoeChipStatus.__annotations__)
    history = await client.request("poe.history", {"port": 3, "span": "minutes"})
    assert history["step_s"] == 1.0


async def test_each_port_has_an_entry_of_settings_that_is_obeyed(
    box: Box, client: BusClient
) -> None:
    await box.put_in("simulated")
    items = box.settings.store.raw("poe")["items"]
    assert [item["id"] for item in items] == list(range(1, 9))
    await act(client, "plug", port=2, kind="camera")
    await until(client, lambda s: s["ports"][1]["state"] == "on")
    await client.request(
        "settings.patch", {"page": "poe", "item": 2, "changes": {"enabled": False}}
    )
    now = await until(client, lambda s: s["ports"][1]["state"] == "disabled")
    assert now["ports"][1]["enabled"] is False


async def test_ports_are_neither_added_nor_removed_by_people(box: Box, client: BusClient) -> None:
    await box.put_in("simulated")
    with pytest.raises(BusError, match="Nothing can be added"):
        await client.request("settings.add", {"page": "poe", "values": {"id": 9}})
    with pytest.raises(BusError, match="Nothing can be removed"):
        await client.request("settings.remove", {"page": "poe", "item": 3})
    assert len(box.settings.store.raw("poe")["items"]) == 8


async def test_faults_heat_and_dead_controllers_are_events_that_end(
    box: Box, client: BusClient
) -> None:
    await box.put_in("simulated")
    await act(client, "plug", port=1, kind="camera")
    await until(client, lambda s: s["ports"][0]["state"] == "on")
    await act(client, "short", port=1, on=True)
    now = await until(client, lambda s: s["ports"][0]["state"] == "fault")
    assert "short circuit" in now["ports"][0]["text"]
    assert "poe_fault" in box.open_kinds()
    found = LastingEvents().look(Facts(events=tuple(box.events.open_events)))
    finding = next(finding for finding in found if finding.code == "poe_fault")
    assert (finding.what, finding.level, finding.id) == ("board", "error", 1)
    assert finding.text.startswith("Port 1 is switched off. There is a short circuit")
    await act(client, "pull", port=1)
    await until(client, lambda s: s["ports"][0]["state"] == "searching")
    assert "poe_fault" not in box.open_kinds()
    await act(client, "heat", celsius=50.0)
    now = await until(client, lambda s: s["derated"])
    assert now["budget_w"] == 100.0
    assert "poe_derated" in box.open_kinds()
    await act(client, "break_chip", chip="B", on=True)
    now = await until(client, lambda s: s["ports"][7]["state"] == "unreachable")
    assert "No chip answers" in now["chips"][1]["failure"]
    assert now["ports"][0]["state"] == "searching"
    assert "poe_chip" in box.open_kinds()


async def test_cycling_is_refused_in_words(box: Box, client: BusClient) -> None:
    await box.put_in("simulated")
    with pytest.raises(BusError, match="no such PoE port") as caught:
        await client.request("poe.cycle", {"port": 99})
    assert caught.value.code == "poe.no_port"
    with pytest.raises(BusError, match="named by its number"):
        await client.request("poe.cycle", {"port": "3"})
    with pytest.raises(BusError, match="minutes, a day or a week"):
        await client.request("poe.history", {"port": 3, "span": "year"})


async def test_the_bench_refuses_nonsense_in_words(box: Box, client: BusClient) -> None:
    await box.put_in("simulated")
    for action, params, words in (
        ("plug", {"port": 3, "kind": "toaster"}, "no toaster"),
        ("plug", {"port": 33, "kind": "camera"}, "no port 33"),
        ("heat", {"celsius": 900}, "has to be"),
        ("load", {"port": 3, "watts": 5}, "Nothing is plugged"),
        ("dance", {}, "cannot 'dance'"),
    ):
        with pytest.raises(BusError, match=words):
            await act(client, action, **params)


async def test_a_wrong_profile_is_an_event_and_nothing_else_stops(
    box: Box, client: BusClient, tmp_path: Path
) -> None:
    wrong = tmp_path / "mine.toml"
    wrong.write_text('[board]\nid = "mine"\nname = "Mine"\ncolour = "red"\n')
    await box.put_in(str(wrong))
    assert (await status(client))["fitted"] is False
    event = next(e for e in box.events.open_events if e.kind == "board_unusable")
    assert "mine.toml, line 4" in event.details["reason"]


async def test_a_board_without_poe_says_so(box: Box, client: BusClient, tmp_path: Path) -> None:
    plain = tmp_path / "plain.toml"
    plain.write_text('[board]\nid = "plain"\nname = "Plain box"\n')
    await box.put_in(str(plain))
    now = await status(client)
    assert (now["fitted"], now["board"], now["ports"]) == (False, "Plain box", [])


async def test_histories_are_kept_over_a_restart(box: Box, client: BusClient) -> None:
    board = await box.put_in("simulated")
    await act(client, "plug", port=2, kind="camera")
    now = await until(client, lambda s: s["ports"][1]["energy_wh"] > 0.001)
    await board.close()
    kept = json.loads((box.folder / "board" / "poe-history.json").read_text())
    assert kept["ports"]["2"]["energy_mwh"] >= now["ports"][1]["energy_wh"] * 1000
    assert kept["ports"]["3"]["energy_mwh"] == 0
    box.board = None

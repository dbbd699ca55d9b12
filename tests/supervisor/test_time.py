"""The clock: settings applied through the real verbs to a simulated computer, watched, set."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from appliance.bus.client import BusClient
from appliance.bus.errors import BusError
from appliance.bus.server import BusServer
from appliance.events.book import EventBook
from appliance.events.query import EventFilter
from appliance.helper.registry import load_domains
from appliance.helper.server import HelperServer
from appliance.helper.sim.systemd import active
from appliance.helper.sim_system import Machine, SimulatedSystem
from appliance.settings.document import DocumentFiles
from appliance.settings.store import SettingsStore
from appliance.settings.vault import Vault
from appliance.supervisor.helper_service import HelperService
from appliance.supervisor.time_service import Around, TimeService

DAY_S = 86_400.0


class Box:
    """A time service, the helper of a simulated computer, and a face that asks."""

    def __init__(self, root: Path) -> None:
        self.machine = Machine(root / "computer")
        self.system = SimulatedSystem(self.machine)
        self.server = HelperServer(
            root / "helper.sock", load_domains(), self.system, uids={os.getuid()}
        )
        self.helper = HelperService(root / "helper.sock")
        self.bus = BusServer(root / "bus.sock", instance="s")
        self.events = EventBook(root / "events.db")
        self.store = SettingsStore(DocumentFiles(root / "settings"), Vault.open(root / "key"))
        self.recording = 2
        self.rtc_ahead_s: float | None = 0.4
        self.looked = 0
        around = Around(
            lambda: (self.recording, 2), lambda: self.rtc_ahead_s, self._look, simulated=True
        )
        self.service = TimeService(self.bus, self.events, self.store, self.helper, around)
        self.face = BusClient(root / "bus.sock", "web", "w")
        self.task: asyncio.Task[None] | None = None

    def _look(self) -> None:
        self.looked += 1

    async def start(self) -> None:
        self.store.open()
        await self.events.start()
        await self.bus.start()
        await self.server.start()
        self.helper.start()
        self.task = asyncio.create_task(self.face.run())

    async def stop(self) -> None:
        assert self.task is not None
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.helper.close()
        await self.server.close()
        await self.bus.close()
        await self.events.close()

    def set(self, **values: Any) -> None:
        self.store.change("time", None, values)

    def servers(self, **ahead_s: float | None) -> None:
        """Set these servers, with clocks so far ahead; None for one that is silent."""
        entries = {
            f"{name}.example": {"ahead_s": ahead or 0.0, "silent": ahead is None}
            for name, ahead in ahead_s.items()
        }
        self.machine.save("ntp", {"servers": entries})
        self.set(servers=[{"host": name, "port": 123} for name in entries])

    async def settle(self) -> Any:
        """Apply what is set and look twice, as the service does by itself."""
        await self.service.apply()
        await self.service.look()
        if self.service._stale.is_set():
            await self.service.apply()
            await self.service.look()
        return await self.face.request("time.get")

    def file(self, name: str) -> str:
        path = self.machine.path(name)
        return path.read_text() if path.exists() else ""

    def open_kinds(self) -> list[str]:
        return [event.kind for event in self.events.open_events]


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    box = Box(tmp_path)
    await box.start()
    yield box
    await box.stop()


def states(status: Any) -> dict[str, str]:
    return {source["name"]: source["state"] for source in status["sources"]}


async def test_what_is_set_reaches_chrony_and_the_zone(box: Box) -> None:
    box.store.change("general", None, {"zone": "Europe/Berlin"})
    box.set(
        servers=[{"host": "192.168.1.1", "port": 1123}],
        serve=True,
        serve_to=[{"network": "192.168.1.0/24"}],
    )
    status = await box.settle()
    written = box.file("/etc/chrony/chrony.conf")
    assert "server 192.168.1.1 port 1123 " in written
    assert "allow 192.168.1.0/24\n" in written
    assert active(box.machine, "chrony")
    zone = box.machine.path("/etc/localtime")
    assert os.readlink(zone) == "/usr/share/zoneinfo/Europe/Berlin"
    assert (status["synchronised"], status["trust"]) == (True, "server")
    assert len(status["changes"]) == 2
    assert status["fault"] == ""


async def test_without_servers_and_clients_nothing_runs_or_listens(box: Box) -> None:
    box.set(ntp=False)
    status = await box.settle()
    assert not active(box.machine, "chrony")
    assert (status["running"], status["trust"], status["sources"]) == (False, "battery", [])
    box.rtc_ahead_s = None
    assert (await box.face.request("time.get"))["trust"] == "nobody"


async def test_a_server_that_lies_by_a_day_is_not_followed_and_is_named(box: Box) -> None:
    box.servers(liar=DAY_S)
    status = await box.settle()
    assert (status["synchronised"], states(status)) == (False, {"liar.example": "too_far"})
    [event] = [e for e in box.events.open_events if e.kind == "time_server_wrong"]
    assert "liar.example" in str(event.details) and "1 d 0 h" in str(event.details)
    assert box.service.facts().synchronised is False
    box.servers(liar=0.002)
    status = await box.settle()
    assert status["synchronised"]
    assert "time_server_wrong" not in box.open_kinds()


async def test_of_three_servers_the_one_that_lies_is_outvoted(box: Box) -> None:
    box.servers(a=0.001, liar=DAY_S, b=0.002, gone=None)
    status = await box.settle()
    assert states(status) == {
        "a.example": "used",
        "liar.example": "wrong",
        "b.example": "combined",
        "gone.example": "silent",
    }
    assert status["synchronised"]
    assert box.service.facts().server_ahead_s == pytest.approx(0.001)
    assert box.open_kinds() == ["time_server_wrong"]


async def test_a_clock_that_lost_its_time_takes_any_step_once_and_then_no_large_one(
    box: Box,
) -> None:
    box.rtc_ahead_s = None
    box.servers(right=5 * DAY_S)
    await box.service.apply()
    assert "maxchange" not in box.file("/etc/chrony/chrony.conf")
    await box.service.look()
    assert box.service._stale.is_set()  # it is synchronised now
    await box.service.apply()
    assert "maxchange 3600 0 -1" in box.file("/etc/chrony/chrony.conf")


async def test_settings_that_chrony_does_not_take_change_nothing_and_are_said(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    await box.settle()
    before = box.file("/etc/chrony/chrony.conf")
    monkeypatch.setattr("appliance.helper.sim.chrony.DIRECTIVES", {"server"})
    box.servers(a=0.0)
    status = await box.settle()
    assert "Invalid directive at line" in status["fault"]
    assert box.file("/etc/chrony/chrony.conf") == before
    assert not box.machine.path("/etc/chrony/candidate.conf").exists()
    assert active(box.machine, "chrony")
    assert "time_not_applied" in box.open_kinds()
    monkeypatch.undo()
    assert (await box.settle())["fault"] == ""
    assert "time_not_applied" not in box.open_kinds()


async def test_an_absent_helper_is_tried_again_until_it_is_there(box: Box) -> None:
    await box.server.close()
    await box.helper.close()
    box.helper = box.service._helper = HelperService(box.server._path)
    box.helper.start()
    assert not await _apply_at_once(box)
    assert box.service._stale.is_set()
    box.server = HelperServer(box.server._path, load_domains(), box.system, uids={os.getuid()})
    await box.server.start()
    assert await box.service.apply()
    assert "time_not_applied" not in box.open_kinds()


async def _apply_at_once(box: Box) -> bool:
    call = box.helper.call

    async def impatient(request: Any, **_options: Any) -> Any:
        return await call(request, wait_s=0.05)

    box.helper.call = impatient  # type: ignore[method-assign]
    try:
        return await box.service.apply()
    finally:
        box.helper.call = call  # type: ignore[method-assign]


async def test_setting_the_clock_says_first_what_it_means_and_then_who_did_it(box: Box) -> None:
    box.set(ntp=False)
    now = (await box.settle())["utc"]
    wanted = now + 7_200_000
    preview = await box.face.request("time.preview", {"utc": wanted})
    assert preview["ahead_s"] == pytest.approx(7_200, abs=5)
    assert "gap of" in preview["meaning"][0]
    assert abs(box.machine.utc_s() * 1000 - now) < 60_000  # nothing was set yet
    status = await box.face.request("time.set", {"utc": wanted, "by": "eva@10.0.0.2"})
    assert abs(status["utc"] - wanted) < 60_000
    assert status["trust"] == "person"
    assert box.looked == 1
    found, _next = await box.events.query(EventFilter())
    [event] = [event for event in found if event.kind == "time_set"]
    assert event.details["actor"] == "eva@10.0.0.2"


async def test_a_clock_that_follows_a_server_is_not_set_by_hand(box: Box) -> None:
    status = await box.settle()
    with pytest.raises(BusError) as caught:
        await box.face.request("time.set", {"utc": status["utc"], "by": "eva"})
    assert caught.value.code == "time.followed"


@pytest.mark.parametrize("utc", [0, -1, "now", True, None, 1.5, 5_000_000_000_000])
async def test_a_time_that_cannot_be_is_refused(box: Box, utc: Any) -> None:
    box.set(ntp=False)
    for method in ("time.preview", "time.set"):
        with pytest.raises(BusError) as caught:
            await box.face.request(method, {"utc": utc, "by": "eva"})
        assert caught.value.code == "time.out_of_range"
        assert caught.value.fields[0]["path"] == "utc"


async def test_the_servers_are_asked_at_once_when_there_are_any(box: Box) -> None:
    await box.settle()
    assert await box.face.request("time.sync") == {}
    box.set(ntp=False)
    with pytest.raises(BusError) as caught:
        await box.face.request("time.sync")
    assert caught.value.code == "time.no_server"

"""USB sticks (D1-PL-12): a place while plugged in, none once ejected, pulled or forbidden."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.events.book import EventBook
from appliance.helper.server import HelperServer
from appliance.helper.sim_system import Machine, SimulatedSystem
from appliance.helper.verbs import sticks
from appliance.paths import Paths
from appliance.supervisor import sticks_service
from appliance.supervisor.helper_service import HelperService
from appliance.supervisor.sticks_service import SticksService
from board.profile.places import UsbSocket
from board.sim.udev import SimUdev

SOCKETS = (UsbSocket(1, "usb-0:1.1", "2.0"), UsbSocket(2, "usb-0:1.2", "2.0"))


class Bus:
    def __init__(self) -> None:
        self.methods: dict[str, Callable[..., Any]] = {}

    def handle(self, method: str, handler: Callable[..., Any], *, roles: set[str]) -> None:
        assert roles == {"jobs"}
        self.methods[method] = handler


class Box:
    def __init__(self, root: Path) -> None:
        self.paths = Paths.below(root)
        self.paths.state.mkdir(parents=True)
        self.paths.run.mkdir()
        self.machine = Machine(self.paths.computer)
        self.udev = SimUdev(self.paths.computer / "usb.json", SOCKETS)
        self.book = EventBook(self.paths.state / "events.db")
        self.bus = Bus()
        self.allowed = True
        self.server = HelperServer(
            self.paths.helper_socket,
            [sticks.DOMAIN],
            SimulatedSystem(self.machine),
            uids={os.getuid()},
        )
        self.helper = HelperService(self.paths.helper_socket)
        self.service = self.make()

    def make(self) -> SticksService:
        return SticksService(
            self.bus,  # type: ignore[arg-type]
            self.book,
            self.helper,
            self.paths,
            lambda: self.allowed,
        )

    @property
    def places(self) -> dict[str, Path]:
        folder = self.paths.places
        found = folder.iterdir() if folder.is_dir() else []
        return {link.name: link.resolve() for link in found}

    @property
    def lasting(self) -> list[tuple[str, Any]]:
        return sorted((event.kind, event.details["stick"]) for event in self.book.open_events)

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not true():
                await asyncio.sleep(0.01)

    async def release(self, folder: Path) -> bool:
        answer = await self.bus.methods["sticks.release"]({"folder": str(folder)}, None)
        released: bool = answer["released"]
        return released


@pytest.fixture
async def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Box]:
    monkeypatch.setattr(sticks_service, "RETRY_S", 0.05)
    made = Box(tmp_path)
    await made.book.start()
    await made.server.start()
    made.helper.start()
    made.service.start(made.udev, SOCKETS)
    yield made
    await made.service.close()
    await made.helper.close()
    await made.server.close()
    await made.book.close()


async def test_a_stick_is_a_place_by_its_label_until_it_is_pulled(box: Box) -> None:
    box.udev.plug(1, "exfat")
    await box.until(lambda: "Holiday films" in box.places)
    assert box.places["Holiday films"].is_dir()
    assert box.lasting == [("stick_plugged", "Holiday films")]
    box.udev.pull(1)
    await box.until(lambda: not box.places)
    await box.until(lambda: box.lasting == [])
    assert box.machine.state("mounts") == {}


async def test_two_of_one_name_are_told_apart(box: Box) -> None:
    box.udev.plug(1, "fat")
    box.udev.plug(2, "fat")
    await box.until(lambda: set(box.places) == {"STICK", "STICK 2"})
    assert len(set(box.places.values())) == 2


async def test_what_was_ejected_stays_so_until_it_is_plugged_in_anew(box: Box) -> None:
    box.udev.plug(1, "fat")
    await box.until(lambda: "STICK" in box.places)
    assert await box.release(box.places["STICK"])
    assert box.places == {} and box.machine.state("mounts") == {}
    box.udev.plug(2, "exfat")
    await box.until(lambda: set(box.places) == {"Holiday films"})
    box.udev.pull(1)
    box.udev.plug(1, "fat")
    await box.until(lambda: set(box.places) == {"Holiday films", "STICK"})


async def test_a_folder_that_is_no_stick_is_not_released(box: Box, tmp_path: Path) -> None:
    assert not await box.release(tmp_path)


async def test_a_stick_that_cannot_be_read_is_told_once_and_forgotten_when_pulled(box: Box) -> None:
    box.udev.plug(1, "torn")
    await box.until(lambda: box.lasting == [("stick_unreadable", "TORN")])
    assert box.places == {}
    box.udev.pull(1)
    await box.until(lambda: box.lasting == [])


async def test_sticks_that_are_forbidden_are_let_go_of_at_once(box: Box) -> None:
    box.udev.plug(1, "fat")
    await box.until(lambda: "STICK" in box.places)
    box.allowed = False
    box.service.settings_changed("services")
    await box.until(lambda: not box.places and not box.machine.state("mounts"))
    box.allowed = True
    box.service.settings_changed("services")
    await box.until(lambda: "STICK" in box.places)


async def test_a_helper_that_is_not_there_is_waited_for(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    await box.server.close()
    calls = 0
    real = box.helper.call

    async def counted(request: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        return await real(request, **{**more, "wait_s": 0.02})

    monkeypatch.setattr(box.helper, "call", counted)
    box.udev.plug(1, "fat")
    await box.until(lambda: calls >= 2)
    assert box.places == {}
    await box.server.start()
    await box.until(lambda: "STICK" in box.places)


async def test_a_new_supervisor_finds_what_is_mounted_and_clears_old_places(box: Box) -> None:
    box.udev.plug(1, "fat")
    await box.until(lambda: "STICK" in box.places)
    await box.service.close()
    (box.paths.places / "OLD").symlink_to(box.machine.path("/media/nvr/sdq1"))
    own = box.paths.state / "own"
    own.mkdir()
    (box.paths.places / "Network folder").symlink_to(own)
    box.service = box.make()
    box.service.start(box.udev, SOCKETS)
    await box.until(lambda: set(box.places) == {"STICK", "Network folder"})

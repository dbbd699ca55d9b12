"""The battery-backed clock sets the system's, once a boot; starts are told and kept."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from appliance.bus.server import BusServer
from appliance.events.book import EventBook
from appliance.supervisor.board_climate import ClimateService
from appliance.supervisor.board_io_events import IoEvents
from board.climate.hwmon import Hwmon
from board.climate.reboot import Signs
from board.profile.load import load


class Start:
    """One start of the computer (of a boot of its own, or a restart of the program only)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.set: list[float] = []
        self.allowed = True

    def put_rtc(self, utc_s: float) -> None:
        (self.folder / "rtc" / "rtc0").mkdir(parents=True, exist_ok=True)
        (self.folder / "rtc" / "rtc0" / "since_epoch").write_text(str(int(utc_s)))

    def _set(self, utc_s: float) -> None:
        if not self.allowed:
            raise PermissionError(1, "Operation not permitted")
        self.set.append(utc_s)

    async def run(self, boot_id: str, ending: str, signs: Signs | None = None) -> list[str]:
        """Start and stop; return the causes kept, the newest first."""
        bus = BusServer(self.folder / "bus.sock", instance="test")
        events = EventBook(self.folder / "events.db")
        await events.start()
        service = ClimateService(
            bus,
            IoEvents(events),
            load("reference"),
            self.folder / "starts.json",
            boot_id=boot_id,
            hwmon=Hwmon(self.folder / "hwmon"),
            rtc_root=self.folder / "rtc",
            signs=lambda: signs or Signs(None, kernel_crashed=False),
            set_clock=self._set,
            synchronised=self.folder / "synchronized",
        )
        await service.start(ending)
        await service.close()
        await events.close()
        return [start["cause"] for start in service.starts]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    return Start(tmp_path)


async def test_the_clock_is_set_at_a_boot_and_not_when_the_program_starts_again(
    start: Start,
) -> None:
    start.put_rtc(time.time() + 86_400)
    await start.run("one", "none")
    assert len(start.set) == 1
    assert abs(start.set[0] - time.time() - 86_400) < 60
    await start.run("one", "crashed")
    assert len(start.set) == 1
    await start.run("two", "power")
    assert len(start.set) == 2


@pytest.mark.parametrize("utc_s", [0, 946_684_800])
async def test_a_clock_that_lost_its_time_sets_nothing(start: Start, utc_s: int) -> None:
    start.put_rtc(utc_s)
    await start.run("one", "none")
    assert start.set == []


async def test_a_time_server_is_believed_more(start: Start) -> None:
    start.put_rtc(time.time() + 86_400)
    (start.folder / "synchronized").touch()
    await start.run("one", "none")
    assert start.set == []


async def test_without_the_right_to_set_it_everything_else_goes_on(start: Start) -> None:
    start.put_rtc(time.time() + 86_400)
    start.allowed = False
    assert await start.run("one", "none") == ["first"]


async def test_each_boot_has_its_cause_and_restarts_of_the_program_have_none(start: Start) -> None:
    await start.run("one", "none")
    await start.run("one", "crashed")
    await start.run("two", "clean")
    await start.run("three", "power")
    causes = await start.run("four", "power", Signs(0x20, kernel_crashed=False))
    assert causes == ["watchdog", "power", "ordered", "first"]


@pytest.mark.parametrize("content", ["", "[]", '{"boot": 1, "starts": [{"cause": "magic"}]}'])
async def test_a_damaged_list_of_starts_begins_anew(start: Start, content: str) -> None:
    (start.folder / "starts.json").write_text(content)
    assert await start.run("one", "power") == ["power"]

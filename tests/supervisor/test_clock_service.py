"""Jumps of the clock: one event each, whoever notices it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from appliance.bus.client import connected_client
from appliance.bus.errors import BusError
from appliance.bus.server import BusServer
from appliance.clock_watch import ClockWatch
from appliance.supervisor.clock_service import ClockService

NS = 1_000_000_000


class Box:
    """A supervisor's clock service, with clocks that go as they are told."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.wall, self.mono = 1_700_000_000 * NS, 100 * NS
        self.told: list[str] = []
        self.server = BusServer(path, instance="s")
        self.service = ClockService(
            self.server,
            lambda details: self.told.append(details["seconds"]),
            ClockWatch(lambda: self.wall, lambda: self.mono),
        )

    def go(self, wall_s: float, mono_s: float) -> None:
        self.wall += round(wall_s * NS)
        self.mono += round(mono_s * NS)

    async def hear(self, name: str, seconds: Any, noticed_s: Any) -> Any:
        async with connected_client(self.path, name, "x") as recorder:
            told = {"seconds": seconds, "noticed_s": noticed_s}
            return await recorder.request("clock.jumped", told)


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    made = Box(tmp_path / "bus.sock")
    await made.server.start()
    yield made
    await made.server.close()


async def test_a_jump_is_told_once_and_slewing_is_not(box: Box) -> None:
    box.go(1.4, 1)
    box.service.look()
    assert box.told == []
    box.go(3601, 1)
    box.service.look()
    box.service.look()
    assert box.told == ["+3600.0"]
    box.go(-86_400, 0)
    box.service.look()
    assert box.told == ["+3600.0", "-86400.0"]


async def test_a_jump_that_recorders_notice_too_is_one_event(box: Box) -> None:
    box.go(61, 1)
    assert await box.hear("recorder@1", 60.0, 100.8) == {"new": False}  # before our own look
    box.service.look()
    assert await box.hear("recorder@2", 60.001, 101.2) == {"new": False}
    assert box.told == ["+60.0"]


async def test_two_jumps_shortly_after_each_other_are_two_events(box: Box) -> None:
    box.go(61, 1)
    box.service.look()
    box.go(-59, 1)
    assert await box.hear("recorder@1", -60.0, 102.0) == {"new": False}
    assert box.told == ["+60.0", "-60.0"]


async def test_a_jump_while_there_was_no_supervisor_is_told_by_recorders_once(box: Box) -> None:
    assert await box.hear("recorder@1", 3600.0, 40.0) == {"new": True}
    assert await box.hear("recorder@2", 3600.0, 40.6) == {"new": False}
    assert box.told == ["+3600.0"]


@pytest.mark.parametrize("wrong", [None, "60", True])
async def test_a_jump_that_is_no_number_is_refused(box: Box, wrong: Any) -> None:
    with pytest.raises(BusError, match="told in seconds"):
        await box.hear("recorder@1", wrong, 40.0)
    assert box.told == []

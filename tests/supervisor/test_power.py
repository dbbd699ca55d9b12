"""Stopping and restarting: what it interrupts, who ordered it, and restarts by plan when idle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance.bus.client import BusClient
from appliance.bus.errors import BusError
from appliance.bus.server import BusServer
from appliance.events.book import EventBook
from appliance.events.query import EventFilter
from appliance.settings.document import DocumentFiles
from appliance.settings.store import SettingsStore
from appliance.settings.vault import Vault
from appliance.supervisor.power_service import PowerService, Surroundings
from appliance.supervisor.restart_plan import due_now, next_due

PLAN = {"automatic": True, "day": "sunday", "at": "03:30", "patience_min": 60}
SUNDAY = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)  # 03:30 in Berlin


def test_the_next_restart_is_on_the_wall_clock_of_the_box() -> None:
    assert next_due(PLAN, "Europe/Berlin", SUNDAY - timedelta(days=3)) == SUNDAY
    assert next_due(PLAN, "Europe/Berlin", SUNDAY) == SUNDAY
    assert next_due(PLAN, "Europe/Berlin", SUNDAY + timedelta(seconds=1)) == SUNDAY + timedelta(7)
    daily = {**PLAN, "day": "every"}
    assert next_due(daily, "UTC", SUNDAY) == datetime(2026, 11, 22, 3, 30, tzinfo=UTC)
    assert next_due({**PLAN, "automatic": False}, "UTC", SUNDAY) is None


@pytest.mark.parametrize(
    ("at", "day", "expected"),
    [
        ("02:30", datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("02:30", datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_time_that_is_skipped_or_comes_twice_happens_once(
    at: str, day: datetime, expected: datetime
) -> None:
    due = next_due({**PLAN, "at": at}, "Europe/Berlin", day)
    assert due == expected
    again = expected + timedelta(minutes=59)
    assert due_now({**PLAN, "at": at}, "Europe/Berlin", again, expected) is None


def test_a_planned_restart_is_due_as_long_as_its_patience_lasts() -> None:
    assert due_now(PLAN, "Europe/Berlin", SUNDAY - timedelta(seconds=1), None) is None
    assert due_now(PLAN, "Europe/Berlin", SUNDAY, None) == SUNDAY
    assert due_now(PLAN, "Europe/Berlin", SUNDAY + timedelta(minutes=60), None) == SUNDAY
    assert due_now(PLAN, "Europe/Berlin", SUNDAY + timedelta(minutes=62), None) is None
    assert due_now(PLAN, "Europe/Berlin", SUNDAY + timedelta(minutes=5), SUNDAY) is None


class Box:
    """A power service with a real bus, event book and settings; the clock stands until moved."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / "bus.sock"
        self.now = SUNDAY - timedelta(days=1)
        self.bus = BusServer(self.path, instance="s")
        self.events = EventBook(root / "events.db")
        self.store = SettingsStore(DocumentFiles(root / "settings"), Vault.open(root / "key"))
        self.ordered: list[str] = []
        self.gone = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []
        self.jobs: list[dict[str, Any]] = []
        self.use = {"viewers": 0, "downloads": 0}
        self.service = self.make()

    def make(self) -> PowerService:
        self.bus = BusServer(self.path, instance="s")
        around = Surroundings(lambda: (3, 4), list, self._order)
        return PowerService(
            self.bus, self.events, self.store, self.root, around, clock=lambda: self.now
        )

    def _order(self, how: str) -> None:
        self.ordered.append(how)
        self.gone.set()

    async def start(self) -> None:
        self.store.open()
        await self.events.start()
        await self.bus.start()

    async def peer(self, name: str) -> BusClient:
        client = BusClient(self.path, name, name)

        async def jobs(_params: dict[str, Any]) -> Any:
            return {"jobs": self.jobs}

        async def use(_params: dict[str, Any]) -> Any:
            return self.use

        client.handle("jobs.list", jobs)
        client.handle("use.get", use)
        self.tasks.append(asyncio.create_task(client.run()))
        async with asyncio.timeout(5):
            await client.connected.wait()
        return client

    def plan(self, **values: Any) -> None:
        self.store.change("general", None, {"zone": "Europe/Berlin"})
        self.store.change("restart", None, {**PLAN, **values})

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events.open_events]

    async def told(self) -> list[str]:
        found, _next = await self.events.query(EventFilter())
        return [event.kind for event in found]

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.bus.close()
        await self.events.close()


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    box = Box(tmp_path)
    await box.start()
    yield box
    await box.stop()


async def test_what_a_stop_interrupts_is_told(box: Box) -> None:
    box.jobs = [{"title": "Export of D1", "state": "running"}, {"title": "old", "state": "done"}]
    box.use = {"viewers": 2, "downloads": 1}
    await box.peer("jobs")
    web = await box.peer("web")
    status = await web.request("power.get")
    assert status["interrupts"] == {
        "recording": 3,
        "channels": 4,
        "jobs": ["Export of D1"],
        "viewers": 2,
        "downloads": 1,
        "unknown": [],
    }


async def test_an_order_is_noted_with_who_and_why_and_done_once(box: Box) -> None:
    web = await box.peer("web")
    await web.request("power.leave", {"how": "off", "by": "eva@10.0.0.2", "reason": "new  disk\n"})
    with pytest.raises(BusError) as caught:
        await web.request("power.leave", {"how": "restart", "by": "max", "reason": ""})
    assert caught.value.code == "power.leaving"
    async with asyncio.timeout(5):
        await box.gone.wait()
    assert box.ordered == ["off"]
    last = (await web.request("power.get"))["last_order"]
    assert (last["how"], last["by"], last["reason"]) == ("off", "eva@10.0.0.2", "new disk")
    assert box.make()._last == last  # the next life knows it


@pytest.mark.parametrize("params", [{}, {"how": "explode", "by": "x"}, {"how": "off", "by": 3}])
async def test_an_order_that_is_none_is_refused(box: Box, params: dict[str, Any]) -> None:
    web = await box.peer("web")
    with pytest.raises(BusError) as caught:
        await web.request("power.leave", params)
    assert caught.value.code == "power.bad_request"
    assert box.service._leaving == "stay"


async def test_only_faces_give_orders(box: Box) -> None:
    recorder = await box.peer("recorder@1")
    with pytest.raises(BusError) as caught:
        await recorder.request("power.leave", {"how": "off", "by": "x"})
    assert caught.value.code == "bus.forbidden"


async def test_a_planned_restart_is_announced_waits_for_the_jobs_and_happens_once(
    box: Box,
) -> None:
    box.plan()
    box.jobs = [{"title": "Export", "state": "running"}]
    await box.peer("jobs")
    await box.service.look()
    assert box.kinds() == []
    box.now = SUNDAY - timedelta(minutes=4)
    await box.service.look()
    assert box.kinds() == ["restart_planned"]
    box.now = SUNDAY + timedelta(minutes=10)
    await box.service.look()
    assert box.ordered == []
    box.jobs = []
    await box.service.look()
    async with asyncio.timeout(5):
        await box.gone.wait()
    assert box.ordered == ["restart"]
    assert box.kinds() == []
    box.gone.clear()
    again = box.make()  # the next life, a minute later, still within the patience
    box.now += timedelta(minutes=1)
    await again.look()
    assert again._leaving == "stay"


async def test_a_box_that_is_never_idle_leaves_the_restart_out_and_says_so(box: Box) -> None:
    box.plan()
    box.use = {"viewers": 0, "downloads": 1}
    await box.peer("web")
    for minutes in (-3, 0, 30, 60, 62):
        box.now = SUNDAY + timedelta(minutes=minutes)
        await box.service.look()
    assert box.ordered == []
    assert box.kinds() == []
    assert "restart_left_out" in await box.told()


async def test_a_restart_that_was_put_off_happens_a_week_later(box: Box) -> None:
    box.plan()
    box.now = SUNDAY - timedelta(minutes=3)
    await box.service.look()
    web = await box.peer("web")
    status = await web.request("power.postpone", {"by": "eva"})
    assert status["planned"] == round((SUNDAY + timedelta(days=7)).timestamp() * 1000)
    assert box.kinds() == []
    box.now = SUNDAY + timedelta(minutes=1)
    await box.service.look()
    assert box.ordered == []
    box.now = SUNDAY + timedelta(days=7)
    await box.service.look()
    assert box.service._leaving == "restart"


async def test_a_plan_that_is_taken_away_is_not_announced_any_more(box: Box) -> None:
    box.plan()
    box.now = SUNDAY - timedelta(minutes=3)
    await box.service.look()
    box.plan(automatic=False)
    await box.service.look()
    assert box.kinds() == []


async def test_the_front_panel_orders_without_asking(box: Box) -> None:
    box.service.front_panel()
    async with asyncio.timeout(5):
        await box.gone.wait()
    assert box.ordered == ["off"]
    assert "shutdown_ordered" in await box.told()


async def test_a_damaged_note_of_the_last_order_stops_nobody(box: Box) -> None:
    (box.root / "power.json").write_text('{"settled": "x"')
    again = box.make()
    assert again._last is None

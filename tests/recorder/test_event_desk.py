"""Events a recorder raises over a real bus."""

import asyncio
import contextlib

import pytest

from appliance.bus.client import BusClient
from appliance.bus.server import BusServer
from appliance.recorder.event_desk import EventDesk


class Supervisor:
    """The other end: a real bus server that notes what it is told."""

    def __init__(self, path):
        self.path = path
        self.told = []
        self.news = asyncio.Event()

    async def start(self):
        self.server = BusServer(self.path, instance="s")
        for method in ("events.raise", "events.end", "events.sync"):
            self.server.handle(method, self._note(method))
        await self.server.start()

    def _note(self, method):
        async def note(params, peer):
            self.told.append((method, params))
            self.news.set()
            return {}

        return note

    async def heard(self, count):
        async with asyncio.timeout(10):
            while len(self.told) < count:
                self.news.clear()
                await self.news.wait()
        return self.told


@pytest.fixture
async def talk(tmp_path):
    supervisor = Supervisor(tmp_path / "bus.sock")
    bus = BusClient(supervisor.path, "recorder@1", "x")
    desk = EventDesk(bus, "recorder@1")
    tasks = [asyncio.create_task(bus.run()), asyncio.create_task(desk.run())]
    yield supervisor, desk
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    with contextlib.suppress(AttributeError):
        await supervisor.server.close()


async def test_an_event_is_told_on_its_edges_only(talk):
    supervisor, desk = talk
    await supervisor.start()
    await supervisor.heard(1)
    for _ in range(3):
        desk.set("camera_offline", "D1", True, channel=1, name="Gate")
    desk.set("camera_offline", "D1", False)
    desk.set("camera_offline", "D1", False)
    told = await supervisor.heard(3)
    assert [method for method, _ in told] == ["events.sync", "events.raise", "events.end"]
    assert told[1][1]["details"] == {"name": "Gate"}


async def test_events_that_began_while_the_supervisor_was_away_are_told_when_it_is_back(talk):
    supervisor, desk = talk
    desk.set("no_volume", "volumes", True, reason="x")
    desk.once("clock_jump", seconds="+3")
    await supervisor.start()
    told = await supervisor.heard(3)
    kinds = {params.get("kind") for method, params in told if method == "events.raise"}
    assert kinds == {"no_volume", "clock_jump"}


async def test_a_new_supervisor_learns_what_is_still_open(talk):
    supervisor, desk = talk
    await supervisor.start()
    desk.set("volume_full", "v1", True, volume="v1")
    await supervisor.heard(2)
    await supervisor.server.close()
    supervisor.told.clear()
    await supervisor.start()
    told = await supervisor.heard(2)
    sync = {"source": "recorder@1", "keys": [{"kind": "volume_full", "key": "v1"}]}
    assert ("events.sync", sync) in told
    assert any(method == "events.raise" and p["kind"] == "volume_full" for method, p in told)

"""A recorder of a group on folders of its own, and the supervisor's end of its bus."""

import asyncio
import contextlib
import sys
from pathlib import Path

import pytest

from appliance.bus.client import BusClient
from appliance.bus.server import BusServer
from appliance.paths import Paths
from appliance.recorder.event_desk import EventDesk
from appliance.recorder.group import GroupRecorder

sys.path.insert(0, str(Path(__file__).parent.parent / "recording"))
sys.path.insert(0, str(Path(__file__).parent))


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


@pytest.fixture
async def group(tmp_path):
    """A group that does not tick by itself."""
    paths = Paths.below(tmp_path)
    paths.state.mkdir(parents=True)
    made = GroupRecorder(paths, 1)
    yield made
    await made.stop()


@pytest.fixture
def config(tmp_path):
    """Two channels whose cameras do not answer, and a volume."""
    from made_config import group_config

    return group_config(tmp_path)

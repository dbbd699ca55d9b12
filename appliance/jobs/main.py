"""The process of the jobs: `python -m appliance.jobs`."""

from __future__ import annotations

import asyncio
import logging
import secrets
import signal
from typing import Any

from appliance import log
from appliance.bus.client import BusClient
from appliance.bus.errors import BusError
from appliance.bus.orphan import orphaned
from appliance.jobs.audit import Audit
from appliance.jobs.book import JobBook
from appliance.jobs.desk import Desk, Telling
from appliance.jobs.model import Job
from appliance.jobs.orders import Orders
from appliance.jobs.place_watch import PlaceWatch
from appliance.jobs.runner import JobRunner
from appliance.paths import Paths

_log = logging.getLogger(__name__)

ORPHAN_S = 600.0
"""Without a supervisor for so long and without a job, the process ends: nobody can ask it."""

FOLDER = "jobs"
"""Folder of the state in which the book and the results lie."""


class JobsProcess:
    """One life of the process; `run` ends when it is told to stop."""

    def __init__(self, paths: Paths) -> None:
        self.bus = BusClient(paths.bus_socket, "jobs", secrets.token_hex(8))
        self._telling = Telling(self.bus)
        self._audit = Audit(self.bus)
        self.runner = JobRunner(JobBook(paths.state / FOLDER), self._told)
        self.places = PlaceWatch(paths, self._telling.places)
        self._telling.ejected = self._ejected
        self._ended = asyncio.Event()
        self._turns = 0
        self._tasks: set[asyncio.Task[None]] = set()
        Desk(self.bus, self.runner, self.places, Orders(paths, self.bus, self.places))
        self.bus.handle("process.stop", self._on_stop)

    def stop(self) -> None:
        """End in order."""
        self._ended.set()

    async def run(self) -> None:
        """Do jobs until `stop`.  Raises BusError where the supervisor refuses this process."""
        await self.runner.open()
        tasks = [
            asyncio.create_task(self.bus.run(), name="bus"),
            asyncio.create_task(self.bus.beat(self._progress), name="heartbeat"),
            asyncio.create_task(self.places.run(), name="places"),
            asyncio.create_task(self._watch_orphanhood(), name="orphan watch"),
            asyncio.create_task(self._ended.wait(), name="stop"),
        ]
        try:
            done, _pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await self.runner.close()
            await self._audit.close()
            for task in (*tasks, *self._tasks):
                task.cancel()
            await asyncio.gather(*tasks, *self._tasks, return_exceptions=True)

    def _told(self, job: Job) -> None:
        self._telling.job(job)
        self._audit.job(job)

    def _progress(self) -> dict[str, Any]:
        self._turns += 1
        return {"progress": {"turns": self._turns, "moves": self.runner.moves}}

    async def _watch_orphanhood(self) -> None:
        await orphaned(self.bus.connected, ORPHAN_S, lambda: self.runner.busy)
        _log.warning("No supervisor for %d minutes; the jobs end", ORPHAN_S // 60)

    def _ejected(self, place: str) -> None:
        task = asyncio.create_task(self._take_off(place))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take_off(self, wanted: str) -> None:
        place = await self.places.find(wanted)
        if place is None:
            return
        await self.places.eject(place)
        try:
            await self.bus.request("sticks.release", {"folder": str(place.path)})
        except BusError as error:
            _log.warning("An ejected stick was written out, but not unmounted: %s", error.text)

    async def _on_stop(self, _params: dict[str, Any]) -> dict[str, Any]:
        asyncio.get_running_loop().call_later(0.05, self.stop)
        return {}


async def serve(paths: Paths) -> None:
    """Run one process until a signal or the supervisor ends it."""
    process = JobsProcess(paths)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, process.stop)
    await process.run()


def main() -> int:
    """Serve until told to stop; 1 where the supervisor refuses this process."""
    log.configure("jobs")
    try:
        asyncio.run(serve(Paths.from_environment()))
    except BusError as error:
        _log.error("%s", error.text)
        return 1
    return 0

"""Process of one group's recorder: `python -m appliance.recorder --group 1`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import json
import logging
import os
import signal
import uuid
from pathlib import Path
from typing import IO, Any

from appliance import log as logs
from appliance.bus.client import BusClient
from appliance.bus.errors import BusError
from appliance.bus.orphan import orphaned
from appliance.paths import Paths
from appliance.recorder.event_desk import EventDesk
from appliance.recorder.group import ABANDONED_EVERY_S, GROUP_SIZE, GroupRecorder
from appliance.recorder.operations import Operations
from appliance.recorder.reporter import Reporter
from appliance.recorder.settings_feed import SettingsFeed
from appliance.recorder.tag_desk import TagDesk
from appliance.recording.mediasock.server import MediaServer

log = logging.getLogger(__name__)

ORPHAN_S = 600.0
"""In development a recorder ends after so long without a supervisor."""

EXIT_LOCKED = 75
"""EX_TEMPFAIL: another recorder of this group is alive."""


class GroupTakenError(Exception):
    """Another process records this group."""


def hold_group(path: Path, instance: str) -> IO[str]:
    """Take the lock of a group for the life of this process; raises GroupTakenError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise GroupTakenError(f"{path.name} is held by another recorder") from None
    file.truncate(0)
    json.dump({"pid": os.getpid(), "instance": instance}, file)
    file.flush()
    return file


class RecorderProcess:
    """Joins the group with the bus and the media socket."""

    def __init__(self, paths: Paths, group: int, instance: str, *, outlive: bool) -> None:
        self.group = GroupRecorder(paths, group)
        self.bus = BusClient(paths.bus_socket, f"recorder@{group}", instance)
        self.desk = EventDesk(self.bus, f"recorder@{group}")
        self.reporter = Reporter(self.group, self.bus, self.desk)
        self.tags = TagDesk(self.group, self.bus)
        self.operations = Operations(self.group, self.reporter)
        self.media = MediaServer(
            paths.media_socket(group), self.group.hubs, self.operations.table()
        )
        self.feed = SettingsFeed(self.bus, self.group.apply, group=group, group_size=GROUP_SIZE)
        self.ended = asyncio.Event()
        self._outlive = outlive
        self.bus.handle("process.stop", self._on_stop)
        for name, method in self.operations.bus_methods().items():
            self.bus.handle(name, method)

    async def _on_stop(self, params: dict[str, Any]) -> dict[str, Any]:
        log.info("asked to stop: %s", params.get("reason", ""))
        self.ended.set()
        return {}

    def _progress(self) -> dict[str, Any]:
        packets = durable = 0
        wanting = False
        for channel in self.group.channels.values():
            for pipeline in channel:
                packets += pipeline.units_in
                durable += pipeline.durable_bytes
                playing = pipeline.state is not None and pipeline.state.phase.value == "playing"
                wanting = wanting or playing
        return {"progress": {"units": packets, "durable_bytes": durable}, "idle": not wanting}

    async def _watch_orphanhood(self) -> None:
        await orphaned(self.bus.connected, ORPHAN_S)
        log.warning("no supervisor for %d minutes; recording ends", ORPHAN_S // 60)
        self.ended.set()

    async def _settle_abandoned(self) -> None:
        while True:
            await asyncio.sleep(ABANDONED_EVERY_S)
            await self.group.settle_abandoned()

    async def run(self) -> None:
        """Record until told to stop."""
        await self.media.start()
        self.group.start()
        reports = asyncio.create_task(self.reporter.run(), name="reports")
        jobs = [
            reports,
            asyncio.create_task(self.bus.run(), name="bus"),
            asyncio.create_task(self.bus.beat(self._progress), name="heartbeat"),
            asyncio.create_task(self.feed.run(), name="settings"),
            asyncio.create_task(self.desk.run(), name="events"),
            asyncio.create_task(self._settle_abandoned(), name="abandoned"),
            asyncio.create_task(self.tags.run(), name="tags"),
            asyncio.create_task(self.ended.wait(), name="end"),
        ]
        if not self._outlive:
            jobs.append(asyncio.create_task(self._watch_orphanhood(), name="orphan watch"))
        try:
            done, _pending = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            for job in done:
                if not self.ended.is_set():
                    job.result()
        finally:
            reports.cancel()  # volumes that are closed now are not missing
            await self.group.stop()
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
            await self.media.stop()


async def record(paths: Paths, group: int, *, outlive: bool) -> None:
    """Run the recorder of a group until SIGTERM, SIGINT or `process.stop`."""
    instance = uuid.uuid4().hex[:12]
    with hold_group(paths.recorder_lock(group), instance):
        process = RecorderProcess(paths, group, instance, outlive=outlive)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, process.ended.set)
        await process.run()


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and run; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m appliance.recorder", description=__doc__)
    parser.add_argument("--group", type=int, default=1, help="number of the group, from 1")
    parser.add_argument(
        "--outlive",
        action="store_true",
        help="go on without a supervisor for ever (a service of its own on the box)",
    )
    chosen = parser.parse_args(arguments)
    logs.configure(f"recorder@{chosen.group}")
    runner = asyncio.run
    with contextlib.suppress(ImportError):
        import uvloop

        runner = uvloop.run
    try:
        runner(record(Paths.from_environment(), chosen.group, outlive=chosen.outlive))
    except GroupTakenError as error:
        log.error("%s", error)
        return EXIT_LOCKED
    except BusError as error:
        log.error("The supervisor refused this recorder: %s", error.text)
        return 1
    return 0

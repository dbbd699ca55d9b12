"""Events of exports to places: that footage left the box, by whom and why (D1-PB-31)."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from appliance.bus.client import BusClient
from appliance.bus.errors import BusError
from appliance.jobs.model import Job, JobState

_log = logging.getLogger(__name__)

KINDS = frozenset({"export_to_place", "reencode", "snapshots_to_place"})
_WRITES = frozenset({"writing", "encoding"})


class Audit:
    """Raises `exported` when an export begins to be written, `export_ended_early` if it fails.

    When it begins: what was half written on a stick that was pulled has left the box, too.
    """

    def __init__(self, bus: BusClient) -> None:
        self._bus = bus
        self._told: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def job(self, job: Job) -> None:
        """Take a change of a job."""
        if job.kind not in KINDS:
            return
        begun = job.id in self._told
        if not begun and job.progress is not None and job.progress.phase in _WRITES:
            self._told.add(job.id)
            self._tell("exported", job, job.order["reason"])
        if job.state.ended:
            self._told.discard(job.id)
            if begun and job.state is not JobState.DONE:
                self._tell("export_ended_early", job, job.text)

    async def close(self) -> None:
        """Wait until everything is told, for a second at most."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1)

    def _tell(self, kind: str, job: Job, reason: str) -> None:
        task = asyncio.create_task(self._raise(kind, job.order, reason))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _raise(self, kind: str, order: dict[str, Any], reason: str) -> None:
        for channel in sorted({channel for channel, _name in order["streams"]}):
            details = {
                "by": order["by"],
                "name": order["names"].get(str(channel), ""),
                "from": _stamp(order["from"], order["zone"]),
                "to": _stamp(order["to"], order["zone"]),
                "reason": reason,
            }
            event = {"kind": kind, "channel": channel, "source": "jobs", "details": details}
            try:
                await self._bus.request("events.raise", event)
            except BusError as error:
                _log.error("That D%s was exported is not in the events: %s", channel, error.text)


def _stamp(ms: int, zone: str) -> str:
    """Return an instant as the web process writes it for downloads."""
    at = datetime.fromtimestamp(ms / 1000, UTC).astimezone(ZoneInfo(zone))
    return at.isoformat(timespec="milliseconds")

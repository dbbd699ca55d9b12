"""How the box is: one answer made of processes, recorders' reports, settings and the computer.

What and how well is recorded is told of each stream (D1-RC-25).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from appliance.bus.messages import ChannelStatus, Fault
from appliance.bus.status_messages import BoxInfo, BoxStatus, HostStatus, ProcessStatus
from appliance.events.book import EventBook
from appliance.events.kinds import KINDS
from appliance.health.facts import ClockFacts, Facts, PoeFacts, SetupFacts
from appliance.settings.store import SettingsStore
from appliance.supervisor.health_senses import Senses
from appliance.supervisor.health_service import HealthService
from appliance.supervisor.incoming import IncomingLimit
from appliance.supervisor.own_status import OwnStatus
from appliance.supervisor.reports import Reports
from appliance.supervisor.spec import CHANNELS_PER_GROUP, RECORDER_PREFIX
from appliance.supervisor.table import ProcessTable
from appliance.text import _
from appliance.version import VERSION
from board.host import Host, free_bytes

HOST_S = 2.0
"""The computer is read at most this often."""


class StatusService:
    """Answers status.get.  `power_w` tells what PoE ports draw and may draw, None without any.

    `poe`, `clock` and `setup` tell the checks of the health what the board and the set-up know.
    """

    def __init__(
        self,
        state: Path,
        settings: SettingsStore,
        events: EventBook,
        table: ProcessTable,
        reports: Reports,
        health: HealthService,
        senses: Senses,
    ) -> None:
        self._state = state
        self._settings = settings
        self._events = events
        self._table = table
        self._reports = reports
        self._health = health
        self._senses = senses
        self._incoming = IncomingLimit(
            reports,
            events,
            lambda: settings.raw("channels")["incoming_limit_mbps"] * 1_000_000,
        )
        self.own = OwnStatus()
        self.power_w: Callable[[], tuple[float, float] | None] = lambda: None
        self.poe: Callable[[], PoeFacts | None] = lambda: None
        self.clock: Callable[[], ClockFacts | None] = lambda: None
        self.setup: Callable[[], SetupFacts | None] = lambda: None
        self._host = Host()
        self._host_status: HostStatus | None = None
        self._free: int | None = None
        self._read_at = 0.0
        self._reading = asyncio.Lock()
        self._started = time.monotonic()

    async def get(self) -> BoxStatus:
        """Return the whole status."""
        host = await self._read_host()
        general = self._settings.raw("general")
        facts = self.facts()
        health = self._health.turn(facts, self.power_w())
        assert facts.incoming is not None
        return BoxStatus(
            box=BoxInfo(
                name=general["name"],
                time=facts.now,
                zone=general["zone"],
                version=VERSION,
                uptime_s=round(time.monotonic() - self._started, 1),
            ),
            health=health,
            processes=list(facts.processes),
            volumes=list(facts.volumes),
            channels=list(facts.channels),
            host=host,
            incoming=facts.incoming,
            events=self._event_counts(),
        )

    def facts(self) -> Facts:
        """Return what is known now, for checks of the health and steps of the wizard."""
        processes = [self.own.get(), *self._table.status()]
        volumes = self._settings.raw("storage")["volumes"]
        return replace(
            self._senses.facts,
            now=time.time_ns() // 1_000_000,
            now_s=time.monotonic(),
            channels=self._channels(processes),
            volumes=self._reports.volumes(),
            volumes_set_up=sum(1 for volume in volumes if volume["enabled"]),
            processes=processes,
            host=self._host_status,
            free_state_bytes=self._free,
            incoming=self._incoming.judge(),
            damage=self._reports.damage,
            events=tuple(self._events.open_events),
            poe=self.poe(),
            clock=self.clock(),
            setup=self.setup(),
        )

    def recording(self) -> tuple[int, int]:
        """Return how many channels are recorded now, of how many that are in use."""
        used = [item["id"] for item in self._settings.raw("channels")["items"] if item["enabled"]]
        reported = [self._reports.channel(number) for number in used]
        return sum(1 for status in reported if status and status.get("recording")), len(used)

    async def _read_host(self) -> HostStatus:
        async with self._reading:
            now = time.monotonic()
            if self._host_status is None or now - self._read_at >= HOST_S:
                reading, self._free = await asyncio.to_thread(
                    lambda: (self._host.read(), free_bytes(self._state))
                )
                self._read_at = now
                self._host_status = HostStatus(
                    cpu_percent=reading.cpu_percent,
                    cores=reading.cores,
                    memory_total=reading.memory_total,
                    memory_available=reading.memory_available,
                    temperature_c=reading.temperature_c,
                    load=reading.load,
                    uptime_s=reading.uptime_s,
                )
            return self._host_status

    def _channels(self, processes: list[ProcessStatus]) -> list[ChannelStatus]:
        by_name = {process["name"]: process for process in processes}
        found = []
        for item in self._settings.raw("channels")["items"]:
            reported = self._reports.channel(item["id"])
            group = (item["id"] - 1) // CHANNELS_PER_GROUP + 1
            found.append(reported or _unreported(item, by_name.get(f"{RECORDER_PREFIX}{group}")))
        return found

    def _event_counts(self) -> dict[str, int]:
        counts = {"open": 0, "error": 0, "warning": 0, "info": 0}
        for event in self._events.open_events:
            counts["open"] += 1
            kind = KINDS.get(event.kind)
            counts[kind.severity if kind else "info"] += 1
        return counts


def _unreported(item: Mapping[str, Any], recorder: ProcessStatus | None) -> ChannelStatus:
    """Say what is known of a channel whose recorder does not report."""
    fault: Fault | None = None
    if item["enabled"]:
        if recorder is not None and recorder["state"] in ("running", "starting"):
            text = _("The recorder of this channel is starting.")
            fault = Fault(code="recorder_starting", text=text, since=recorder["since"])
        else:
            why = recorder["last_reason"] if recorder is not None else ""
            text = _("The recorder of this channel is not running: {why}.").format(why=why or "-")
            since = recorder["since"] if recorder is not None else 0
            fault = Fault(code="recorder_down", text=text, since=since)
    return ChannelStatus(
        id=item["id"],
        name=item["name"],
        enabled=item["enabled"],
        mode=item["mode"],
        state="unknown" if item["enabled"] else "off",
        fault=fault,
        recording=False,
        not_recording=fault,
        kinds=[],
        armed=[],
        last_frame_utc=None,
        streams={},
    )

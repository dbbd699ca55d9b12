"""The process table: one slot a process, fed with registrations, heartbeats and time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import psutil

from appliance.bus.peers import PeerInfo
from appliance.bus.server import BusServer
from appliance.bus.status_messages import ProcessStatus
from appliance.supervisor.handle import Trace
from appliance.supervisor.slot import Slot
from appliance.supervisor.spec import ProcessSpec

_log = logging.getLogger(__name__)

CHECK_S = 1.0
FROZEN_S = 5.0
"""A check that comes so late means that we ourselves stood still."""

SAMPLE_S = 2.0
PUBLISH_S = 5.0


class ProcessTable:
    """Keeps the processes of one box."""

    def __init__(
        self,
        bus: BusServer,
        environment: Mapping[str, str],
        state_file: Path,
        *,
        code_version: str,
        settings_version: Callable[[], int],
        restarted: Callable[[str, str], None],
    ) -> None:
        self._bus = bus
        self._environment = environment
        self._state_file = state_file
        self._code_version = code_version
        self._settings_version = settings_version
        self._restarted = restarted
        self._slots: dict[str, Slot] = {}
        self._left = _read_traces(state_file)
        self._usage: dict[int, tuple[int, float]] = {}
        self._cpu: dict[int, tuple[float, float]] = {}
        self._stale = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        bus.on_join(self._join)
        bus.on_leave(self._leave)
        bus.subscribe("heartbeat", self._heartbeat)

    def start(self) -> None:
        """Begin to check, sample and publish."""
        for work in (self._check(), self._sample(), self._publish()):
            self._keep(asyncio.create_task(work))

    def add(self, spec: ProcessSpec) -> None:
        """Run one more process."""
        slot = Slot(
            spec,
            self._environment,
            code_version=self._code_version,
            settings_version=self._settings_version,
            ask=self._ask,
            changed=self._changed,
            restarted=self._restarted,
            predecessor=self._left.get(spec.name),
        )
        self._slots[spec.name] = slot
        peer = self._bus.peers.get(spec.name)
        if peer is not None:
            slot.registered(peer)
        slot.begin()

    def remove(self, name: str, reason: str) -> None:
        """Stop a process that is not needed any more."""
        slot = self._slots.pop(name, None)
        if slot is not None:
            self._keep(asyncio.create_task(slot.stop(reason)))

    @property
    def names(self) -> Collection[str]:
        """The processes of the table."""
        return self._slots.keys()

    def restart(self, name: str, reason: str) -> None:
        """Replace a process; raise LookupError."""
        self._slots[name].restart(reason)

    def status(self) -> list[ProcessStatus]:
        """Return every process."""
        dropped = self._bus.dropped
        found = []
        for name, slot in self._slots.items():
            status = slot.status()
            usage = self._usage.get(status["pid"] or -1)
            if usage is not None:
                status["rss"], status["cpu"] = usage
            status["dropped"] = dropped.get(name, 0)
            found.append(status)
        return found

    @property
    def attended(self) -> bool:
        """Whether every process that stood still is being restarted within its limit."""
        now_ms = time.time_ns() // 1_000_000
        return all(
            slot.state != "stalled" or now_ms - slot.since_ms < slot.spec.stall_s * 1000
            for slot in self._slots.values()
        )

    async def halt(self, names: Collection[str], reason: str) -> None:
        """Stop these, all at once, and return when they have ended; the others go on."""
        slots = [self._slots.pop(name) for name in list(names) if name in self._slots]
        await asyncio.gather(*(slot.stop(reason) for slot in slots))

    async def stop(self, reason: str, *, keep: Callable[[ProcessSpec], bool]) -> None:
        """Stop all processes, or leave those that `keep` says, and end our own work."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        slots = list(self._slots.values())
        await asyncio.gather(
            *(slot.leave() if keep(slot.spec) else slot.stop(reason) for slot in slots)
        )
        await asyncio.to_thread(self._write_traces, [s for s in slots if keep(s.spec)])

    # -- inside --------------------------------------------------------------------------------

    async def _ask(self, name: str, method: str, params: dict[str, Any], timeout_s: float) -> Any:
        return await self._bus.request(name, method, params, timeout_s=timeout_s)

    def _join(self, peer: PeerInfo) -> None:
        slot = self._slots.get(peer.name)
        if slot is not None:
            slot.registered(peer)

    def _leave(self, peer: PeerInfo) -> None:
        slot = self._slots.get(peer.name)
        if slot is not None:
            slot.unregistered(peer)

    def _heartbeat(self, payload: Any, source: str) -> None:
        slot = self._slots.get(source)
        if slot is not None and isinstance(payload, dict):
            slot.beat(payload, str(payload.get("instance")))

    def _changed(self) -> None:
        self._stale.set()

    async def _check(self) -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(CHECK_S)
            now = time.monotonic()
            forgive = now - last > FROZEN_S
            last = now
            for slot in list(self._slots.values()):
                slot.check(now, forgive=forgive)

    async def _sample(self) -> None:
        while True:
            pids = [slot.pid for slot in self._slots.values() if slot.pid is not None]
            self._usage = await asyncio.to_thread(self._measure, pids)
            await asyncio.sleep(SAMPLE_S)

    def _measure(self, pids: Iterable[int]) -> dict[int, tuple[int, float]]:
        """Return memory in bytes and share of one core, by process."""
        usage: dict[int, tuple[int, float]] = {}
        spent: dict[int, tuple[float, float]] = {}
        for pid in pids:
            try:
                process = psutil.Process(pid)
                with process.oneshot():
                    times = process.cpu_times()
                    rss = int(process.memory_info().rss)
            except psutil.Error:
                continue
            now, used = time.monotonic(), times.user + times.system
            before = self._cpu.get(pid)
            share = (used - before[1]) / max(now - before[0], 1e-3) if before else 0.0
            usage[pid] = (rss, round(max(share, 0.0), 4))
            spent[pid] = (now, used)
        self._cpu = spent
        return usage

    async def _publish(self) -> None:
        while True:
            self._stale.clear()
            self._bus.publish("process.status", {"processes": self.status()})
            await asyncio.to_thread(self._write_traces, list(self._slots.values()))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PUBLISH_S):
                    await self._stale.wait()

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _write_traces(self, slots: Iterable[Slot]) -> None:
        """Note which processes run, for the supervisor after us (gone at reboot, so not synced)."""
        traces = {s.spec.name: [s.trace.pid, s.trace.started] for s in slots if s.trace}
        temporary = self._state_file.with_suffix(".new")
        try:
            temporary.write_text(json.dumps(traces))
            temporary.replace(self._state_file)
        except OSError as error:
            _log.debug("The process table could not be noted: %s", error)


def _read_traces(path: Path) -> dict[str, Trace]:
    try:
        raw = json.loads(path.read_text())
        return {str(name): Trace(int(pid), float(since)) for name, (pid, since) in raw.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}

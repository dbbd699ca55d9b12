"""One place in the process table: starts a process, takes over one left, restarts what ends."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from appliance.bus.errors import BusError
from appliance.bus.peers import PeerInfo
from appliance.bus.status_messages import ProcessStatus
from appliance.supervisor.backoff import Backoff
from appliance.supervisor.handle import ProcessHandle, Trace, find_processes, start
from appliance.supervisor.locks import holder_of, is_held
from appliance.supervisor.progress import ProgressWatch
from appliance.supervisor.spec import ProcessSpec
from appliance.text import _

_log = logging.getLogger(__name__)

REGISTRATION_S = 3.0
"""How long a process found running has to register before it is replaced."""

KILL_S = 2.0
ASK_S = 1.0
ABORT_S = 1.0

Ask = Callable[[str, str, dict[str, Any], float], Awaitable[Any]]


class Slot:
    """Keeps one process running until told to stop.

    The table tells it of registrations, heartbeats and the passing of time; `changed` is called
    whenever its state has changed, `restarted` with the reason when a process had to be replaced.
    """

    def __init__(
        self,
        spec: ProcessSpec,
        environment: Mapping[str, str],
        *,
        code_version: str,
        settings_version: Callable[[], int],
        ask: Ask,
        changed: Callable[[], None],
        restarted: Callable[[str, str], None],
        predecessor: Trace | None = None,
    ) -> None:
        self.spec = spec
        self._environment = environment
        self._code_version = code_version
        self._settings_version = settings_version
        self._ask = ask
        self._changed = changed
        self._restarted = restarted
        self._predecessor = predecessor
        self._backoff = Backoff()
        self._peer: PeerInfo | None = None
        self._registered = asyncio.Event()
        self._wake = asyncio.Event()
        self._again = ""
        self._handle: ProcessHandle | None = None
        self._watch: ProgressWatch | None = None
        self._task: asyncio.Task[None] | None = None
        self._wanted = True
        self._started = 0.0
        self._retry_at = 0.0
        self.trace: Trace | None = None
        self.state: str = "starting"
        self.since_ms = time.time_ns() // 1_000_000
        self.restarts = 0
        self.last_reason = ""
        self.adopted = False

    def begin(self) -> None:
        """Start or take over the process, and keep it."""
        self._task = asyncio.create_task(self._keep(), name=self.spec.name)

    async def stop(self, reason: str) -> None:
        """End the process in order and keep the slot empty."""
        self._wanted = False
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._handle is not None:
            self._enter("stopping")
            await self._end(self._handle, reason)
        self._enter("stopped")

    async def leave(self) -> None:
        """Let the process run on without us."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._handle is not None:
            self._handle.close()

    def restart(self, reason: str) -> None:
        """Replace the process now: somebody asked for it."""
        self._again = reason
        self._backoff.forget()
        self._wake.set()

    def registered(self, peer: PeerInfo) -> None:
        """A process has registered on the bus under our name."""
        self._peer = peer
        self._registered.set()

    def unregistered(self, peer: PeerInfo) -> None:
        """It is no longer on the bus."""
        if self._peer is peer:
            self._peer = None
            self._registered.clear()

    def beat(self, heartbeat: Mapping[str, Any], instance: str) -> None:
        """Take a heartbeat of the process of this instance."""
        if self._watch is not None and self._peer is not None and self._peer.instance == instance:
            self._watch.beat(time.monotonic(), heartbeat)
            if self.state == "starting":
                self._enter("running")

    def check(self, now: float, *, forgive: bool) -> None:
        """Time has passed: see whether the process gets on."""
        if self._watch is None or self.state == "stalled":
            return
        if forgive:
            self._watch.forgive(now)
            return
        verdict = self._watch.verdict(now)
        if verdict is not None:
            self._enter("stalled")
            self._again = verdict
            self._wake.set()

    @property
    def pid(self) -> int | None:
        """The process, None where none runs."""
        return self._handle.pid if self._handle is not None else None

    def status(self) -> ProcessStatus:
        """Return the state; memory, processor and drops are filled in by the table."""
        return ProcessStatus(
            name=self.spec.name,
            state=self.state,  # type: ignore[typeddict-item]
            pid=self.pid,
            since=self.since_ms,
            restarts=self.restarts,
            last_reason=self.last_reason,
            retry_s=max(0.0, round(self._retry_at - time.monotonic(), 1)),
            adopted=self.adopted,
            rss=None,
            cpu=None,
            progress=dict(self._watch.numbers) if self._watch else {},
            dropped=0,
        )

    # -- the life of a process -----------------------------------------------------------------

    async def _keep(self) -> None:
        handle = await self._take_over()
        while self._wanted:
            reason = ""
            if handle is None:
                handle, reason = await self._start()
            if handle is not None:
                reason = await self._attend(handle)
                handle = None
            ran_s = time.monotonic() - self._started
            wait_s = self._backoff.ended(ran_s)
            self.restarts += 1
            self.last_reason = reason
            _log.warning("%s: %s; it is started again in %.1f s", self.spec.name, reason, wait_s)
            self._restarted(self.spec.name, reason)
            self._retry_at = time.monotonic() + wait_s
            self._enter("waiting")
            self._wake.clear()
            try:
                async with asyncio.timeout(wait_s):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._retry_at = 0.0

    async def _take_over(self) -> ProcessHandle | None:
        """Return the process a former supervisor left, if it is there and fits; else None."""
        if not await asyncio.to_thread(self._left_running):
            return None
        try:
            async with asyncio.timeout(REGISTRATION_S):
                await self._registered.wait()
        except TimeoutError:
            pass
        peer = self._peer
        if peer is not None:
            handle = self._handle_of(peer.credentials.pid)
            misfit = self._misfit(peer)
            if handle is not None and not misfit:
                self.adopted = True
                self._follow(handle)
                _log.info("%s goes on as process %d", self.spec.name, handle.pid)
                return handle
            if handle is not None:
                await self._replace(handle, misfit)
        else:
            for pid in await asyncio.to_thread(self._find_left):
                handle = self._handle_of(pid)
                if handle is not None:
                    await self._replace(handle, _("it did not register with the new supervisor"))
        return None

    def _left_running(self) -> bool:
        if self.spec.lock is not None:
            return is_held(self.spec.lock)
        return self._predecessor is not None and self._predecessor.alive

    def _find_left(self) -> list[int]:
        """Return the processes that may hold our lock and do not speak to us."""
        if self.spec.lock is None:
            return [self._predecessor.pid] if self._predecessor is not None else []
        run = self._environment.get("NVR_RUN", "")
        found = find_processes(self.spec.module, self.spec.arguments, run)
        holder = holder_of(self.spec.lock)
        return [holder] if holder in found else found

    def _misfit(self, peer: PeerInfo) -> str:
        if peer.code_version != self._code_version:
            return _("it ran another version of the program")
        if peer.settings_version > self._settings_version():
            return _("it ran with settings that are gone")
        return ""

    async def _replace(self, handle: ProcessHandle, reason: str) -> None:
        _log.info("%s (process %d) is replaced: %s", self.spec.name, handle.pid, reason)
        self._enter("stopping")
        await self._end(handle, reason)
        self.restarts += 1
        self.last_reason = reason
        self._restarted(self.spec.name, reason)

    async def _start(self) -> tuple[ProcessHandle | None, str]:
        self._started = time.monotonic()
        if self.spec.lock is not None and await asyncio.to_thread(is_held, self.spec.lock):
            return None, _("another process still holds its place")
        starting = asyncio.create_task(
            start(self.spec.module, self.spec.arguments, self._environment)
        )
        try:
            handle = await asyncio.shield(starting)
        except asyncio.CancelledError:
            self._handle = await starting  # it is there now: whoever cancelled us ends it
            raise
        except OSError as error:
            return None, _("it could not be started: {why}").format(why=error.strerror or error)
        self.adopted = False
        self._follow(handle)
        return handle, ""

    def _follow(self, handle: ProcessHandle) -> None:
        now = time.monotonic()
        self._started = now
        self._handle = handle
        self.trace = Trace.of(handle.pid)
        self._again = ""
        self._watch = ProgressWatch.begin(now, limit_s=self.spec.stall_s, first_s=self.spec.first_s)
        self._enter("running" if self.adopted else "starting")

    async def _attend(self, handle: ProcessHandle) -> str:
        """Wait until the process has ended or has to be ended; return why."""
        self._wake.clear()
        waiting = asyncio.create_task(self._wake.wait())
        either: list[asyncio.Future[Any]] = [handle.exited, waiting]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        reason = self._again or _("it was asked to start again")
        if handle.exited.done():
            reason = handle.exited.result()
        elif self.state == "stalled":
            handle.signal(signal.SIGABRT)  # its last place goes to the log (faulthandler)
            if not await handle.wait(ABORT_S):
                handle.signal(signal.SIGKILL)
                await handle.wait(KILL_S)
            if not handle.exited.done():
                handle.close()
        else:
            await self._end(handle, reason)
        self._handle = None
        self._watch = None
        self.trace = None
        return reason

    async def _end(self, handle: ProcessHandle, reason: str) -> None:
        """Ask, then SIGTERM, then SIGKILL."""
        if self._peer is not None and self._peer.credentials.pid == handle.pid:
            try:
                await self._ask(self.spec.name, "process.stop", {"reason": reason}, ASK_S)
            except BusError:
                handle.signal(signal.SIGTERM)
        else:
            handle.signal(signal.SIGTERM)
        if await handle.wait(self.spec.stop_s):
            return
        handle.signal(signal.SIGTERM)
        if await handle.wait(KILL_S):
            return
        _log.warning("%s does not end; it is killed", self.spec.name)
        handle.signal(signal.SIGKILL, group=True)
        if not await handle.wait(KILL_S):
            _log.error("%s cannot be killed (it may wait for a dead disk)", self.spec.name)
            handle.close()

    @staticmethod
    def _handle_of(pid: int) -> ProcessHandle | None:
        try:
            return ProcessHandle(pid)
        except OSError:
            return None

    def _enter(self, state: str) -> None:
        if state != self.state:
            self.state = state
            self.since_ms = time.time_ns() // 1_000_000
            self._changed()

"""Keeps the process that opens the outputs if the supervisor is killed (board.relays.guardian)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import subprocess
import sys
import time

from appliance.supervisor.backoff import Backoff
from appliance.supervisor.handle import ProcessHandle
from board.relays.guardian import DONE, Plan

_log = logging.getLogger(__name__)

END_S = 2.0
MODULE = "board.relays.guardian"


class Guardian:
    """Starts it, and starts it anew should it end before us."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._process: subprocess.Popen[bytes] | None = None
        self._handle: ProcessHandle | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Its pid while it runs."""
        return None if self._handle is None else self._handle.pid

    async def start(self) -> None:
        """Start it; outputs work also where it cannot be started."""
        await self._spawn()
        self._task = asyncio.create_task(self._keep_up())

    async def close(self) -> None:
        """Let it go: the outputs are open."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._process is not None and self._handle is not None:
            await asyncio.to_thread(_dismiss, self._process)
            await self._handle.wait(END_S)
            self._handle.close()
        self._process = self._handle = None

    async def _keep_up(self) -> None:
        backoff, started = Backoff(), time.monotonic()
        while True:
            if self._handle is not None:
                reason = await asyncio.shield(self._handle.exited)
                _log.warning("The guardian of the outputs: %s", reason)
                self._handle.close()
                self._handle = None
            await asyncio.sleep(backoff.ended(time.monotonic() - started))
            started = time.monotonic()
            await self._spawn()

    async def _spawn(self) -> None:
        try:
            self._process = await asyncio.to_thread(_start, self._plan)
        except OSError as error:
            _log.error("The guardian of the outputs cannot be started: %s", error)
            return
        self._handle = ProcessHandle(self._process.pid, self._process)


def _start(plan: Plan) -> subprocess.Popen[bytes]:
    """Start it in a session of its own, and wait until it is ready: it knows all it needs then."""
    process = subprocess.Popen(
        [sys.executable, "-m", MODULE, plan.text()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def _dismiss(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.write(DONE)
        process.stdin.close()

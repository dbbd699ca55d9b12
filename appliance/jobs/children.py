"""The child process of a job, seen from outside: started, heard, cancelled, ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

import psutil

from appliance.text import _

_log = logging.getLogger(__name__)

MODULE = "appliance.jobs.child"
MAX_LINE_BYTES = 1 << 20
CANCEL_S = 10.0
"""How long a child has to end in order before it is killed."""

KILL_S = 5.0


class ChildDied(Exception):
    """It ended without having told how; `how` says it in words ("stalled": it stood still)."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


class Child:
    """One child, which runs `module`; everything may be called in any state."""

    def __init__(self, module: str = MODULE) -> None:
        self._module = module
        self.pid: int | None = None
        self.started = 0.0
        self._process: asyncio.subprocess.Process | None = None
        self._cancelled = False
        self._killing: asyncio.TimerHandle | None = None

    async def start(self, kind: str, order: dict[str, Any], results: Path) -> None:
        """Start it and hand it its order; raise OSError."""
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", self._module,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
            limit=MAX_LINE_BYTES,
        )  # fmt: skip
        self.pid = process.pid
        with contextlib.suppress(psutil.Error):
            self.started = psutil.Process(process.pid).create_time()
        wish = {"kind": kind, "order": order, "results": str(results), "parent": os.getpid()}
        assert process.stdin is not None
        with contextlib.suppress(ConnectionError):
            process.stdin.write(json.dumps(wish).encode())
            await process.stdin.drain()
        process.stdin.close()
        if self._cancelled:
            self._signal(signal.SIGTERM)

    async def receive(self) -> dict[str, Any]:
        """Return what it tells next; raise ChildDied at its end."""
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            line = await self._process.stdout.readline()
            message = json.loads(line) if line.endswith(b"\n") else None
        except ValueError as error:
            _log.warning("A job told what cannot be read: %s", error)
            raise ChildDied(_("it broke down")) from error
        if message is None:
            try:
                async with asyncio.timeout(KILL_S):
                    code = await self._process.wait()
            except TimeoutError:
                raise ChildDied(_("it does not end")) from None
            raise ChildDied(_words_of(code))
        if not isinstance(message, dict):
            raise ChildDied(_("it broke down"))
        return message

    def cancel(self) -> None:
        """Ask it to end; it is killed if it does not within 10 s."""
        self._cancelled = True
        self._signal(signal.SIGTERM)
        if self._killing is None:
            loop = asyncio.get_running_loop()
            self._killing = loop.call_later(CANCEL_S, self._kill)

    async def end(self) -> None:
        """Wait for its end, killing it unless it is about to end by itself."""
        if self._process is None:
            return
        for number in (None, signal.SIGKILL):
            if number is not None:
                self._signal(number)
            try:
                async with asyncio.timeout(KILL_S):
                    await self._process.wait()
                break
            except TimeoutError:
                continue
        else:
            _log.error("A job's process %s cannot be ended: it waits for a disk", self.pid)
        if self._killing is not None:
            self._killing.cancel()

    def _kill(self) -> None:
        """Kill it, and hear no more of it: a process that waits for a dead disk cannot end."""
        self._signal(signal.SIGKILL)
        if self._process is not None and self._process.stdout is not None:
            self._process.stdout.feed_eof()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)


def _words_of(code: int) -> str:
    if code >= 0:
        return _("code {code}").format(code=code)
    try:
        return signal.Signals(-code).name
    except ValueError:
        return _("signal {number}").format(number=-code)

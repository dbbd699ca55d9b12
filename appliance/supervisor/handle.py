"""A running process, ours or left by a former supervisor: started, watched, ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psutil

from appliance.text import _


class ProcessHandle:
    """Watches one process by a pidfd (pidfd_open(2)), which works for adopted ones too.

    `exited` is done when the process has ended; its result is the reason in words.
    """

    def __init__(self, pid: int, popen: subprocess.Popen[bytes] | None = None) -> None:
        self.pid = pid
        self._popen = popen
        self._loop = asyncio.get_running_loop()
        self.exited: asyncio.Future[str] = self._loop.create_future()
        self._pidfd = os.pidfd_open(pid)
        self._loop.add_reader(self._pidfd, self._ended)

    def signal(self, number: signal.Signals, *, group: bool = False) -> None:
        """Send a signal to the process (or its whole group); one that has ended is passed over."""
        if self.exited.done():
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if group and os.getpgid(self.pid) == self.pid:
                os.killpg(self.pid, number)
            else:
                signal.pidfd_send_signal(self._pidfd, number)

    async def wait(self, timeout_s: float) -> bool:
        """Wait for the end; return whether it came."""
        done, _pending = await asyncio.wait({self.exited}, timeout=timeout_s)
        return bool(done)

    def close(self) -> None:
        """Watch no longer; the process goes on."""
        if self._pidfd >= 0:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1
        if not self.exited.done():
            self.exited.cancel()
        if self._popen is not None and self._popen.returncode is None:
            self._popen.returncode = 0  # left to run: no warning that it is still there

    def _ended(self) -> None:
        if self._popen is not None:
            code = self._popen.poll()
            if code is None:
                return
            reason = words_of(code)
        else:
            reason = _("it ended")
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._pidfd = -1
        if not self.exited.done():
            self.exited.set_result(reason)


def words_of(code: int) -> str:
    """Return a process's return code in words; negative ones are signals."""
    if code >= 0:
        return _("it ended with code {code}").format(code=code)
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = str(-code)
    return _("it was ended by signal {name}").format(name=name)


async def start(
    module: str, arguments: Sequence[str], environment: Mapping[str, str]
) -> ProcessHandle:
    """Start `python -m module` in a session of its own; raise OSError.

    Of its own, so that a Ctrl-C in the terminal reaches the supervisor only, which then stops
    what is to be stopped in order.  Forking happens in a thread: it may take milliseconds.
    """

    def fork() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    popen = await asyncio.to_thread(fork)
    return ProcessHandle(popen.pid, popen)


@dataclass(frozen=True, slots=True)
class Trace:
    """What identifies a process over time: a pid is given again, a pid and start time are not."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> Trace | None:
        """Return the trace of a running process, None if there is none."""
        try:
            process = psutil.Process(pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
            return cls(pid, round(process.create_time(), 2))
        except psutil.Error:
            return None

    @property
    def alive(self) -> bool:
        """Whether that very process still runs."""
        now = Trace.of(self.pid)
        return now is not None and abs(now.started - self.started) < 0.05


def find_processes(module: str, arguments: Sequence[str], run: str) -> list[int]:
    """Return processes of this box (by NVR_RUN) that run a module with these arguments."""
    found = []
    wanted = ["-m", module, *arguments]
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            line = process.cmdline()
            if line[1 : 1 + len(wanted)] == wanted and process.environ().get("NVR_RUN") == run:
                found.append(process.pid)
    return found

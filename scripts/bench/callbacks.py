"""A look at an event loop: what each callback costs, and where one waits for something.

`python -m scripts.bench.callbacks FILE ...` runs the supervisor with those arguments and writes
what was seen to FILE when it ends.  CPU time is that of the loop's thread, so other processes on
the machine change nothing; calls that can wait (files, names, sleeping) are those that Python's
audit hooks tell of.  Files of /proc and /sys are the kernel's memory: reading them costs CPU only.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import json
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

KEPT_NS = 1_000_000
MOST_KEPT = 10_000
MEMORY = ("/proc/", "/sys/")
WAITING = frozenset({
    "open", "os.listdir", "os.scandir", "os.mkdir", "os.remove", "os.rename", "os.rmdir",
    "os.truncate", "socket.getaddrinfo", "socket.gethostbyname", "sqlite3.connect",
    "subprocess.Popen", "time.sleep",
})  # fmt: skip
"""Audit events of calls that can wait (Python's library reference, audit events table)."""


class Seen:
    """Callbacks above 1 ms and calls that can wait, each with its end (CLOCK_MONOTONIC, ns)."""

    def __init__(self) -> None:
        self.count = 0
        self.slow: deque[tuple[int, int, str]] = deque(maxlen=MOST_KEPT)
        self.waiting: deque[tuple[int, str, str]] = deque(maxlen=MOST_KEPT)
        self._thread = threading.get_ident()
        self._running: Any = None
        self._collected = False

    def run(self, original: Any, handle: asyncio.Handle) -> None:
        """Run a callback, taking its time."""
        callback: Any = handle._callback  # type: ignore[attr-defined]
        self._running, self._collected = callback, False
        start = time.thread_time_ns()
        try:
            original(handle)
        finally:
            took = time.thread_time_ns() - start
            self._running = None
            self.count += 1
            if took >= KEPT_NS:
                name = _name(callback) + (", with a collection" if self._collected else "")
                self.slow.append((time.monotonic_ns(), took, name))

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take an audit event of any thread."""
        callback = self._running
        if event not in WAITING or callback is None or threading.get_ident() != self._thread:
            return
        what = arguments[0] if arguments else ""
        if event == "open" and (isinstance(what, int) or str(what).startswith(MEMORY)):
            return
        self.waiting.append((time.monotonic_ns(), f"{event} {what}", _name(callback)))

    def collection(self, phase: str, info: dict[str, int]) -> None:
        """Take note that all garbage was collected, which counts for whoever runs then."""
        if phase == "stop" and info["generation"] == 2 and threading.get_ident() == self._thread:
            self._collected = True

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "count": self.count,
            "slow": list(self.slow),
            "waiting": list(self.waiting),
            "frozen": gc.get_freeze_count(),
        }


_watching: list[Seen] = []


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    for seen in _watching:
        seen.audit(event, arguments)


@functools.cache
def _hook() -> None:
    sys.addaudithook(_audit)  # a hook cannot be taken out again, so there is one


@contextlib.contextmanager
def watched() -> Iterator[Seen]:
    """Look at the event loops of this thread for the time of the block."""
    _hook()
    seen = Seen()
    original = asyncio.Handle._run  # type: ignore[attr-defined]
    asyncio.Handle._run = lambda handle: seen.run(original, handle)  # type: ignore[attr-defined]
    sleep = time.sleep

    def told(seconds: float) -> None:  # an audit event of its own from Python 3.13 on
        seen.audit("time.sleep", (seconds,))
        sleep(seconds)

    if sys.version_info < (3, 13):
        time.sleep = told
    gc.callbacks.append(seen.collection)
    _watching.append(seen)
    try:
        yield seen
    finally:
        _watching.remove(seen)
        gc.callbacks.remove(seen.collection)
        time.sleep = sleep
        asyncio.Handle._run = original  # type: ignore[attr-defined]


def _name(callback: Any) -> str:
    """Return which function it is; for a task's step, its coroutine."""
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, asyncio.Task):
        return str(getattr(owner.get_coro(), "__qualname__", owner))
    return str(getattr(callback, "__qualname__", callback))


def main() -> int:
    """Run the supervisor."""
    from appliance.supervisor.__main__ import main as supervisor

    file, *arguments = sys.argv[1:]
    with watched() as seen:
        code = supervisor(arguments)
    Path(file).write_text(json.dumps(seen.told()))
    return code


if __name__ == "__main__":
    sys.exit(main())

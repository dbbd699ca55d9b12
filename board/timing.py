"""Time for drivers: the monotonic clock and calls later, on the event loop or in virtual time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Protocol

NS = 1_000_000_000
MS = 1_000_000


class Call(Protocol):
    """A call that was asked for."""

    def cancel(self) -> None:
        """Do not make it; after it was made this does nothing."""


class Timing(Protocol):
    """What drivers know of time.  Calls are made on one thread, never two at once."""

    def now_ns(self) -> int:
        """Return CLOCK_MONOTONIC in nanoseconds, the clock of edge timestamps."""

    def call_at(self, at_ns: int, function: Callable[[], None]) -> Call:
        """Call `function` at `at_ns`, at once where that has passed."""


class Readers(Protocol):
    """What the back ends of lines need of an event loop; asyncio's loops have it."""

    def add_reader(self, fd: Any, callback: Callable[[], Any], /) -> None:
        """Call back whenever `fd` has something to read."""

    def remove_reader(self, fd: Any, /) -> bool:
        """Do not any more."""

    def call_soon_threadsafe(self, callback: Callable[..., Any], /, *args: Any) -> Any:
        """Call on the loop's thread, from any thread."""

    def call_later(self, delay: float, callback: Callable[[], Any], /) -> Call:
        """Call in so many seconds."""


class LoopTiming:
    """The real clock and the running event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = loop or asyncio.get_running_loop()

    def now_ns(self) -> int:
        """Return CLOCK_MONOTONIC in nanoseconds."""
        return time.monotonic_ns()

    def call_at(self, at_ns: int, function: Callable[[], None]) -> Call:
        """Call `function` on the loop."""
        delay_s = max(0, at_ns - time.monotonic_ns()) / NS
        return self._loop.call_later(delay_s, function)

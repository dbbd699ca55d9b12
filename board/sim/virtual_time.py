"""A clock that stands until it is told to go on: hours of a driver's life in a moment."""

from __future__ import annotations

import heapq
import select
from collections.abc import Callable
from itertools import count
from typing import Any

from board.timing import NS

START_NS = 1_000 * NS


class VirtualCall:
    """A call that was asked for."""

    __slots__ = ("cancelled", "function")

    def __init__(self, function: Callable[[], Any]) -> None:
        self.function = function
        self.cancelled = False

    def cancel(self) -> None:
        """Do not make it."""
        self.cancelled = True


class VirtualTiming:
    """Timing, and a loop for the back ends of lines, whose clock moves only in `run`."""

    def __init__(self) -> None:
        self._now_ns = START_NS
        self._calls: list[tuple[int, int, VirtualCall]] = []
        self._order = count()
        self._readers: dict[int, Callable[[], Any]] = {}
        self._poll = select.poll()

    def now_ns(self) -> int:
        """Return the virtual monotonic clock in nanoseconds."""
        return self._now_ns

    def call_at(self, at_ns: int, function: Callable[[], Any]) -> VirtualCall:
        """Call `function` when the clock gets there."""
        call = VirtualCall(function)
        heapq.heappush(self._calls, (max(at_ns, self._now_ns), next(self._order), call))
        return call

    def call_later(self, delay: float, callback: Callable[[], Any], /) -> VirtualCall:
        """Call in so many seconds."""
        return self.call_at(self._now_ns + round(delay * NS), callback)

    def call_soon_threadsafe(self, callback: Callable[..., Any], /, *args: Any) -> VirtualCall:
        """Call now, after what is due already; from this thread only, as in all of the tests."""
        return self.call_at(self._now_ns, lambda: callback(*args))

    def add_reader(self, fd: int, callback: Callable[[], Any], /) -> None:
        """Call back whenever `fd` has something to read."""
        self._readers[fd] = callback
        self._poll.register(fd, select.POLLIN)

    def remove_reader(self, fd: int, /) -> bool:
        """Do not any more."""
        if self._readers.pop(fd, None) is None:
            return False
        self._poll.unregister(fd)
        return True

    def run(self, seconds: float = 0.0) -> None:
        """Let so many seconds pass, making every call at its time."""
        end_ns = self._now_ns + round(seconds * NS)
        self._read()
        while self._calls and self._calls[0][0] <= end_ns:
            at_ns, _order, call = heapq.heappop(self._calls)
            self._now_ns = max(self._now_ns, at_ns)
            if not call.cancelled:
                call.function()
                self._read()
        self._now_ns = end_ns

    @property
    def waiting(self) -> int:
        """Calls asked for and neither made nor cancelled."""
        return sum(not call.cancelled for _at, _order, call in self._calls)

    def _read(self) -> None:
        while self._readers and (ready := self._poll.poll(0)):
            for fd, _what in ready:
                if fd in self._readers:
                    self._readers[fd]()

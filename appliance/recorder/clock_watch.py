"""Whether the clock can be relied on to delete by age; its jumps go to the supervisor."""

from __future__ import annotations

import time
from collections.abc import Callable

from appliance.clock_watch import ClockWatch, Jump

DAY_NS = 86_400 * 1_000_000_000


class ClockTrust:
    """Looks at the clocks once a tick.

    `trusted` is false while the clock is more than a day from where it was at the beginning, or
    when a person last said that it is right.
    """

    def __init__(
        self,
        wall_ns: Callable[[], int] = time.time_ns,
        mono_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._watch = ClockWatch(wall_ns, mono_ns)
        self._accepted_ns = self._watch.offset_ns
        self._jumps: list[Jump] = []

    @property
    def trusted(self) -> bool:
        """Whether dates can be relied on."""
        return abs(self._watch.offset_ns - self._accepted_ns) <= DAY_NS

    def accept(self) -> None:
        """A person says that the clock is right."""
        self.tick()
        self._accepted_ns = self._watch.offset_ns

    def tick(self) -> None:
        """Look at both clocks."""
        jump = self._watch.look()
        if jump is not None:
            self._jumps.append(jump)

    def take_jumps(self) -> list[Jump]:
        """Return the jumps since the last call."""
        jumps, self._jumps = self._jumps, []
        return jumps

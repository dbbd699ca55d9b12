"""Notices when the wall clock jumps against the monotonic one."""

from __future__ import annotations

import time
from collections.abc import Callable

JUMP_S = 1.0
"""A step the user is told of; runs of footage split there by themselves."""

DAY_NS = 86_400 * 1_000_000_000


class ClockWatch:
    """Compares wall and monotonic clock once a tick.

    `trusted` is false while the clock is more than a day from where it was at the beginning, or
    when a person last said that it is right.
    """

    def __init__(
        self,
        wall_ns: Callable[[], int] = time.time_ns,
        mono_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._wall_ns = wall_ns
        self._mono_ns = mono_ns
        self._offset_ns = wall_ns() - mono_ns()
        self._accepted_ns = self._offset_ns
        self.jumps: list[float] = []

    @property
    def trusted(self) -> bool:
        """Whether dates can be relied on."""
        return abs(self._offset_ns - self._accepted_ns) <= DAY_NS

    def accept(self) -> None:
        """A person says that the clock is right."""
        self._offset_ns = self._accepted_ns = self._wall_ns() - self._mono_ns()

    def tick(self) -> None:
        """Look at both clocks; a jump in seconds is appended to `jumps`."""
        offset_ns = self._wall_ns() - self._mono_ns()
        jump_s = (offset_ns - self._offset_ns) / 1e9
        self._offset_ns = offset_ns
        if abs(jump_s) >= JUMP_S:
            self.jumps.append(jump_s)

    def take_jumps(self) -> list[float]:
        """Return the jumps since the last call."""
        jumps, self.jumps = self.jumps, []
        return jumps

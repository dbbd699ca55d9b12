"""Notices when the wall clock jumps against the monotonic one."""

from __future__ import annotations

import time
from collections.abc import Callable

JUMP_S = 1.0
"""A step the user is told of; runs of footage split there by themselves."""


class ClockWatch:
    """Compares wall and monotonic clock once a tick.

    `trusted` turns false for good at a jump of more than a day: then nothing is deleted by age
    until the process is started anew with a clock that a person or the network has put right.
    """

    def __init__(
        self,
        wall_ns: Callable[[], int] = time.time_ns,
        mono_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._wall_ns = wall_ns
        self._mono_ns = mono_ns
        self._offset_ns = wall_ns() - mono_ns()
        self.trusted = True
        self.jumps: list[float] = []

    def tick(self) -> None:
        """Look at both clocks; a jump in seconds is appended to `jumps`."""
        offset_ns = self._wall_ns() - self._mono_ns()
        jump_s = (offset_ns - self._offset_ns) / 1e9
        self._offset_ns = offset_ns
        if abs(jump_s) >= JUMP_S:
            self.jumps.append(jump_s)
            if abs(jump_s) > 86_400:
                self.trusted = False

    def take_jumps(self) -> list[float]:
        """Return the jumps since the last call."""
        jumps, self.jumps = self.jumps, []
        return jumps

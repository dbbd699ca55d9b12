"""Notices when the wall clock jumps against the monotonic one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

JUMP_S = 1.0
"""Smaller steps are corrections, not jumps; runs of footage split there by themselves."""

NS = 1_000_000_000


class Jump(NamedTuple):
    """By how much (s, negative: back), and when it was noticed (s, CLOCK_MONOTONIC of the box)."""

    seconds: float
    noticed_s: float


class ClockWatch:
    """Compares both clocks (ns) each time it is asked, every second or so."""

    def __init__(
        self,
        wall_ns: Callable[[], int] = time.time_ns,
        mono_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._wall_ns = wall_ns
        self._mono_ns = mono_ns
        self.offset_ns = wall_ns() - mono_ns()
        """What the wall clock was ahead of the monotonic one when it was last looked at."""

    def look(self) -> Jump | None:
        """Return the jump since the last look, None if there was none."""
        mono_ns = self._mono_ns()
        offset_ns = self._wall_ns() - mono_ns
        jump_s = (offset_ns - self.offset_ns) / NS
        self.offset_ns = offset_ns
        return Jump(round(jump_s, 3), mono_ns / NS) if abs(jump_s) >= JUMP_S else None

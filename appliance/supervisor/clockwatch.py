"""Notices when the wall clock jumps against the monotonic one."""

from __future__ import annotations

import time
from collections.abc import Callable

JUMP_S = 2.0
"""Smaller steps are corrections, not jumps."""


class ClockWatch:
    """Asked every second or so; pure but for its clocks (seconds)."""

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._offset = wall() - monotonic()

    def jump_s(self) -> float | None:
        """Return by how much the clock has jumped since the last call, None if it has not."""
        offset = self._wall() - self._monotonic()
        change = offset - self._offset
        self._offset = offset
        return round(change, 3) if abs(change) > JUMP_S else None

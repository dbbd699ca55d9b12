"""The last seconds of a stream in memory: the current GOP always, earlier ones as pre-record."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from appliance.media.types import AccessUnit

MAX_GOP_BYTES = 48 << 20
"""A GOP longer than this (a camera that never sends a key frame) is no longer kept."""

NS = 1_000_000_000


class GopBuffer:
    """Whole GOPs of one stream, oldest first; at least the current one.

    `seconds` (0-30, N8.4, A9.9) is how much must lie before the newest unit; whole GOPs are
    dropped as soon as the next one alone covers it, so what is kept always starts with a key frame.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._gops: deque[list[AccessUnit]] = deque()
        self._bytes: deque[int] = deque()

    @property
    def media_bytes(self) -> int:
        """Bytes of coded media held."""
        return sum(self._bytes)

    def add(self, unit: AccessUnit) -> None:
        """Take a unit in arrival order; units before the first key frame are not kept."""
        if self._gops and self._gops[-1][0].run != unit.run:
            self.clear()
        if unit.key and unit.is_video:
            self._gops.append([unit])
            self._bytes.append(len(unit.data))
        elif self._gops:
            if self._bytes[-1] + len(unit.data) > MAX_GOP_BYTES:
                self.clear()
                return
            self._gops[-1].append(unit)
            self._bytes[-1] += len(unit.data)
        else:
            return
        horizon = unit.mono_ns - round(self.seconds * NS)
        while len(self._gops) > 1 and self._gops[1][0].mono_ns <= horizon:
            self._gops.popleft()
            self._bytes.popleft()

    def clear(self) -> None:
        """Forget everything."""
        self._gops.clear()
        self._bytes.clear()

    def current_gop(self) -> list[AccessUnit]:
        """Return the units since the last key frame, that one first; empty before the first."""
        return list(self._gops[-1]) if self._gops else []

    def __iter__(self) -> Iterator[AccessUnit]:
        for gop in self._gops:
            yield from gop

"""Where a client that plays footage is, and when more should be sent to it."""

from __future__ import annotations

import time
from collections.abc import Callable

from appliance.web.media.parts import NS

AHEAD_S = 5.0
"""Footage sent ahead of the position on the screen, in seconds of playing."""


class Clock:
    """Where the client is, as far as is known: it plays on between what it tells us."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._utc_ns = 0
        self._since = clock()
        self.speed = 1.0
        self.paused = False

    def set(self, utc_ns: int) -> None:
        """The client is there now."""
        self._utc_ns, self._since = utc_ns, self._clock()

    def now_ns(self) -> int:
        """Return where it should be now."""
        if self.paused:
            return self._utc_ns
        return self._utc_ns + int((self._clock() - self._since) * self.speed * NS)

    def play(self, speed: float, *, paused: bool) -> None:
        """Go on at another speed from where it is, or stand still."""
        self.set(self.now_ns())
        self.speed, self.paused = speed, paused

    @property
    def backward(self) -> bool:
        """Whether it plays from later to earlier."""
        return self.speed < 0

    def wait_s(self, utc_ns: int) -> float | None:
        """Return how long until footage of `utc_ns` should be sent; None: not while paused."""
        distance_ns = utc_ns - self.now_ns()
        pace = abs(self.speed)
        ahead_ns = (-distance_ns if self.backward else distance_ns) - int(
            AHEAD_S * NS * max(1.0, pace)
        )
        if ahead_ns <= 0:
            return 0.0
        return None if self.paused else ahead_ns / NS / pace

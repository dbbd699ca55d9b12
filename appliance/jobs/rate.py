"""How fast a job gets on and how long it will still take."""

from __future__ import annotations

SMOOTH_S = 8.0
FIRST_S = 1.0
"""Nothing is told of the rate before so many seconds: the first bytes go into a cache."""


class RateMeter:
    """An exponential mean of the rate; times are monotonic seconds.

    What is counted anew (another phase, another unit) begins the measurement anew.
    """

    def __init__(self) -> None:
        self._begun: tuple[str, float, int] | None = None
        self._last: tuple[float, int] = (0.0, 0)
        self._rate: float | None = None

    def add(self, now: float, phase: str, done: int) -> None:
        """Take how far it is."""
        if self._begun is None or self._begun[0] != phase or done < self._last[1]:
            self._begun = (phase, now, done)
            self._last = (now, done)
            self._rate = None
            return
        passed = now - self._last[0]
        if passed <= 0:
            return
        rate = (done - self._last[1]) / passed
        weight = min(1.0, passed / SMOOTH_S)
        self._rate = rate if self._rate is None else self._rate + weight * (rate - self._rate)
        self._last = (now, done)

    def rate(self, now: float) -> float | None:
        """Return units a second, None while that cannot be told."""
        if self._begun is None or now - self._begun[1] < FIRST_S:
            return None
        return self._rate

    def remaining_s(self, now: float, total: int) -> float | None:
        """Return the seconds until `total` is reached, None while that cannot be told."""
        rate = self.rate(now)
        if not rate or not total:
            return None
        return max(0.0, (total - self._last[1]) / rate)

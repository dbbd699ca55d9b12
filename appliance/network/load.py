"""Bytes per second of each interface: ten minutes by the second, a day by the minute."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Literal

Span = Literal["minutes", "day"]
STEPS: Mapping[Span, tuple[float, int]] = {"minutes": (1.0, 600), "day": (60.0, 1440)}
"""Seconds of a step and how many are kept: 16 bytes each, 33 kB an interface."""
GAP_S = 2.5
"""Readings further apart than this leave a gap: the computer slept, or the supervisor began."""
Rate = tuple[float, float] | None


class LoadHistory:
    """Rates of one interface; received and sent bytes per second, None where nothing was read."""

    def __init__(self) -> None:
        self._seconds: deque[Rate] = deque(maxlen=STEPS["minutes"][1])
        self._minutes: deque[Rate] = deque(maxlen=STEPS["day"][1])
        self._last: tuple[float, int, int] | None = None
        self._minute: list[Rate] = []

    def add(self, at_s: float, received: int, sent: int) -> None:
        """Take a reading of counters, once a second; `at_s` is monotonic.

        Counters that went back (a driver loaded anew) make a gap, not a negative rate.
        """
        last, self._last = self._last, (at_s, received, sent)
        if last is None:
            return
        passed, down, up = at_s - last[0], received - last[1], sent - last[2]
        rate: Rate = None
        if 0 < passed <= GAP_S and down >= 0 and up >= 0:
            rate = (down / passed, up / passed)
        self._seconds.append(rate)
        self._minute.append(rate)
        if len(self._minute) >= STEPS["day"][0]:
            self._minutes.append(_mean(self._minute))
            self._minute = []

    def now(self) -> Rate:
        """Return the latest rate."""
        return self._seconds[-1] if self._seconds else None

    def steps(self, span: Span) -> list[Rate]:
        """Return the steps of a span, the last ends now."""
        if span == "minutes":
            return list(self._seconds)
        return [*self._minutes, *([_mean(self._minute)] if self._minute else [])]


def _mean(rates: list[Rate]) -> Rate:
    known = [rate for rate in rates if rate is not None]
    if not known:
        return None
    return (sum(r[0] for r in known) / len(known), sum(r[1] for r in known) / len(known))

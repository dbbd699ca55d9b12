"""A port's power over time: 1 Hz for ten minutes, minutes for a day, ten minutes for a week."""

from __future__ import annotations

from array import array
from typing import Literal

Span = Literal["minutes", "day", "week"]

SECONDS = 600
MINUTES = 24 * 60
TEN_MINUTES = 7 * 24 * 6
LEARN_MINUTES = 24 * 60
"""A peak is known once a device was on for a day: the night with its lamps is in it."""
UNIT_MW = 10
"""Rings hold hundredths of a watt in 16 bits: up to 655 W."""


class Ring:
    """The last `size` numbers (0 to 65535); bounded by its array."""

    def __init__(self, size: int) -> None:
        self._values = array("H", bytes(2 * size))
        self._next = 0
        self.count = 0

    def add(self, value: int) -> None:
        """Add one; the oldest goes."""
        self._values[self._next] = max(0, min(value, 0xFFFF))
        self._next = (self._next + 1) % len(self._values)
        self.count = min(self.count + 1, len(self._values))

    def last(self) -> list[int]:
        """Return them, the oldest first."""
        start = (self._next - self.count) % len(self._values)
        turned = self._values[start:] + self._values[:start]
        return list(turned[: self.count])


class PortHistory:
    """Watts (mean and most of each span), 1 Hz volts and milliamperes, and energy.

    Feed it once a second; about 14 KB a port.
    """

    def __init__(self) -> None:
        self.watts = Ring(SECONDS)
        self.volts = Ring(SECONDS)
        self.milliamps = Ring(SECONDS)
        self.day = Ring(MINUTES)
        self.day_most = Ring(MINUTES)
        self.week = Ring(TEN_MINUTES)
        self.week_most = Ring(TEN_MINUTES)
        self.energy_mwh = 0.0
        self._minute: list[int] = []
        self._ten: list[tuple[int, int]] = []
        self.on_minutes = 0

    def add(self, volts: float, amps: float) -> None:
        """Add the second that has passed."""
        power_mw = volts * amps * 1000
        self.energy_mwh += power_mw / 3600
        unit = round(power_mw / UNIT_MW)
        self.watts.add(unit)
        self.volts.add(round(volts * 100))
        self.milliamps.add(round(amps * 1000))
        self._minute.append(unit)
        if len(self._minute) == 60:
            self._minute_ends()

    def forget_device(self) -> None:
        """Another device: what was learned of the former one does not hold."""
        self.on_minutes = 0

    @property
    def learned_mw(self) -> int | None:
        """The peak of the week in milliwatts, None until the device was on for a day."""
        if self.on_minutes < LEARN_MINUTES:
            return None
        peaks = [*self.week_most.last(), *(most for _mean, most in self._ten)]
        return max((*peaks, *self._minute), default=0) * UNIT_MW

    def series(self, span: Span) -> tuple[float, list[float], list[float]]:
        """Return seconds between points, means and peaks in watts, the oldest first."""
        rings = {
            "minutes": (1.0, self.watts, self.watts),
            "day": (60.0, self.day, self.day_most),
            "week": (600.0, self.week, self.week_most),
        }
        step_s, mean, most = rings[span]
        return step_s, _watts(mean), _watts(most)

    def _minute_ends(self) -> None:
        mean, most = round(sum(self._minute) / 60), max(self._minute)
        self._minute.clear()
        self.on_minutes += mean > 0
        self.day.add(mean)
        self.day_most.add(most)
        self._ten.append((mean, most))
        if len(self._ten) == 10:
            self.week.add(round(sum(mean for mean, _most in self._ten) / 10))
            self.week_most.add(max(most for _mean, most in self._ten))
            self._ten.clear()


def _watts(ring: Ring) -> list[float]:
    return [value * UNIT_MW / 1000 for value in ring.last()]

"""RTP times that jump, stand still or run backwards for a while."""

from __future__ import annotations


class TimeFaults:
    """Changes the media time of one track before it is stamped; all in ticks of its clock."""

    def __init__(self) -> None:
        self.shift = 0
        self._repeat = 0
        self._reverse = 0
        self._last: int | None = None
        self._turn = 0

    def jump(self, ticks: int) -> None:
        """Let RTP time leap (or fall back, if negative) for good."""
        self.shift += ticks

    def repeat(self, units: int) -> None:
        """Give the next units the time of the one before."""
        self._repeat = units

    def reverse(self, units: int) -> None:
        """Let the time of the next units run backwards from here."""
        self._reverse = units
        self._turn = -1

    def apply(self, ticks: int) -> int:
        """Return the ticks to stamp a unit with."""
        right = ticks + self.shift
        if self._repeat and self._last is not None:
            self._repeat -= 1
            return self._last
        if self._reverse:
            self._reverse -= 1
            if self._turn < 0:
                self._turn = right
            right = self._turn - (right - self._turn)
        self._last = right
        return right

"""Waits between attempts: doubling, with jitter, forgotten after healthy play."""

from __future__ import annotations

from collections.abc import Callable


class Backoff:
    """Waits between `first_s` and `longest_s`: 50-100 % of a ceiling that doubles, by `random()`.

    Jitter keeps the cameras of a switch that lost power from all being asked at one instant.
    """

    def __init__(self, first_s: float, longest_s: float, random: Callable[[], float]) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._random = random
        self._next_s = 2 * first_s

    def next(self) -> float:
        """Return how long to wait now, in seconds."""
        ceiling = self._next_s
        self._next_s = min(ceiling * 2, self._longest_s)
        return ceiling * (0.5 + 0.5 * self._random())

    def worst(self) -> float:
        """Return a longest wait: for what does not get better by trying again soon."""
        self._next_s = self._longest_s
        return self.next()

    def reset(self) -> None:
        """Forget the faults so far."""
        self._next_s = 2 * self._first_s

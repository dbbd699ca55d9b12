"""Contacts at the terminals of the bench: they bounce, chatter and storm as real ones do."""

from __future__ import annotations

import random
from collections.abc import Callable

from board.sim.wires import SimChip
from board.timing import MS, NS, Timing

MAX_BOUNCE_MS = 12.0


class Contact:
    """A switch between a line and ground (`active_low`) or the supply; open at first.

    A push button is one too.  Each change bounces up to 12 ms with up to 16 edges, an even number
    before the last, so that it ends where it was meant to.  `first_edge_ns` and `last_edge_ns` are
    those of the last change, by the clock of `timing`.
    """

    def __init__(
        self,
        chip: SimChip,
        offset: int,
        timing: Timing,
        *,
        active_low: bool = True,
        seed: int = 0,
    ) -> None:
        self._chip = chip
        self._offset = offset
        self._timing = timing
        self._active_low = active_low
        self._random = random.Random(f"{seed}/{offset}")  # noqa: S311 - a bench
        self._turn = 0
        self.first_edge_ns = self.last_edge_ns = 0
        self.closed = False
        self._put(closed=False)

    def close(self, *, bounces: int | None = None) -> None:
        """Close it."""
        self.set(closed=True, bounces=bounces)

    def open(self, *, bounces: int | None = None) -> None:
        """Open it."""
        self.set(closed=False, bounces=bounces)

    def set(self, *, closed: bool, bounces: int | None = None) -> None:
        """Close or open it, bouncing so many times (None: at random, up to 8)."""
        self._turn += 1
        self.first_edge_ns = self.last_edge_ns = 0
        self.closed = closed
        count = self._random.randint(0, 8) if bounces is None else bounces
        times = sorted(self._random.uniform(0.05, MAX_BOUNCE_MS) for _ in range(2 * count))
        start = self._timing.now_ns()
        self._put(closed=closed)
        for number, at_ms in enumerate(times):
            level = closed if number % 2 else not closed
            self._timing.call_at(start + round(at_ms * MS), self._later(self._turn, closed=level))

    def storm(self, edges_per_s: float, seconds: float) -> None:
        """Open and close so many times a second for so long; it ends as it was."""
        self._turn += 1
        start, turn = self._timing.now_ns(), self._turn
        edges = 2 * round(edges_per_s * seconds / 2)

        def step(number: int) -> None:
            if turn != self._turn:
                return
            self._put(closed=self.closed if number % 2 else not self.closed)
            if number + 1 < edges:
                at_ns = start + round((number + 1) * NS / edges_per_s)
                self._timing.call_at(at_ns, lambda: step(number + 1))

        step(0)

    def cut(self) -> None:
        """Cut the wire: only the pull resistor is left on the line."""
        self._turn += 1
        self._chip.drive(self._offset, None)

    def _later(self, turn: int, *, closed: bool) -> Callable[[], None]:
        def put() -> None:
            if turn == self._turn:
                self._put(closed=closed)

        return put

    def _put(self, *, closed: bool) -> None:
        before = self._chip.high(self._offset)
        self._chip.drive(self._offset, closed != self._active_low)
        if self._chip.high(self._offset) != before:
            self.last_edge_ns = self._timing.now_ns()
            self.first_edge_ns = self.first_edge_ns or self.last_edge_ns

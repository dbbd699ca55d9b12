"""Tours, scans and auto pan: motion that goes on without an operator, in the box's own hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from board.errors import BoardError
from board.timing import NS, Call, Timing

MAX_STEPS = 32
DWELL_S = (1, 3600)
SCAN_PRESETS = (31, 32)
"""A scan sweeps between these two presets: every protocol has them, limits of its own only some."""

SCAN_DWELL_S = 8


@dataclass(frozen=True, slots=True)
class TourStep:
    """A preset and the seconds to stay there."""

    preset: int
    dwell_s: int


def checked_steps(steps: Sequence[TourStep], last_preset: int) -> tuple[TourStep, ...]:
    """Return them; raise BoardError for none, too many, or one that cannot be."""
    if not 2 <= len(steps) <= MAX_STEPS:
        raise BoardError("ptz.tour", "A tour has 2 to {most} presets.", most=MAX_STEPS)
    for step in steps:
        if not 1 <= step.preset <= last_preset:
            raise BoardError(
                "ptz.number",
                "There is no preset {preset} with this protocol.",
                preset=step.preset,
            )
        if not DWELL_S[0] <= step.dwell_s <= DWELL_S[1]:
            raise BoardError(
                "ptz.dwell",
                "A tour stays {least} to {most} s at a preset.",
                least=DWELL_S[0],
                most=DWELL_S[1],
            )
    return tuple(steps)


class Tour:
    """Goes round a list of presets until it is stopped.

    `go(preset)` sends the camera; where that raises BoardError the step is left out.
    """

    def __init__(
        self, steps: Sequence[TourStep], go: Callable[[int], None], timing: Timing
    ) -> None:
        self._steps = tuple(steps)
        self._go = go
        self._timing = timing
        self._at = 0
        self._next: Call | None = None
        self.skipped = 0

    def start(self) -> None:
        """Go to the first preset, and on."""
        self._advance()

    def stop(self) -> None:
        """Stay where it is."""
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _advance(self) -> None:
        step = self._steps[self._at]
        self._at = (self._at + 1) % len(self._steps)
        try:
            self._go(step.preset)
        except BoardError:
            self.skipped += 1
        at_ns = self._timing.now_ns() + step.dwell_s * NS
        self._next = self._timing.call_at(at_ns, self._advance)

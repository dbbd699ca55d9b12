"""What tests of drivers on lines share: a chip in virtual time and a back end."""

from __future__ import annotations

from board.lines.contract import LineRef
from board.lines.gpiod_lines import GpiodLines
from board.sim.gpiod import SimGpiod
from board.sim.virtual_time import VirtualTiming
from board.sim.wires import SimChip

CHIP = "/dev/gpiochip0"


class LineBench:
    """A chip of 28 lines."""

    def __init__(self) -> None:
        self.timing = VirtualTiming()
        self.chip = SimChip(CHIP, 28, self.timing.now_ns)
        self.bank = GpiodLines(SimGpiod([self.chip]), self.timing)
        self.start_ns = self.timing.now_ns()

    def ref(self, offset: int, *, active_low: bool = False) -> LineRef:
        bias = "pull_up" if active_low else "none"
        return LineRef(CHIP, offset, active_low=active_low, bias=bias)

    def trace(self, offset: int) -> list[tuple[float, bool]]:
        """Return what the program wrote to a line: seconds since the start, level."""
        return [
            (round((change.at_ns - self.start_ns) / 1e9, 4), change.high)
            for change in self.chip.history
            if change.offset == offset
        ]

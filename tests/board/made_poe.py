"""A bench on a clock that stands until it is told to go on, with the real drivers on it."""

from __future__ import annotations

from pathlib import Path

from board.profile.load import load
from board.profile.poe import Poe
from board.pse.bus import I2cBus
from board.pse.contract import PseDriver
from board.pse.tps23861 import Tps23861
from board.pse.tps23881 import Tps23881
from board.sim.poe_bench import PoeBench


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s

    def run(self, seconds: float) -> None:
        self.now_s += seconds


def poe_of(name: str) -> Poe:
    poe = load(name).poe
    assert poe is not None
    return poe


class Made:
    """A board's bench, and a driver for each of its chips."""

    def __init__(self, name: str = "reference", firmware: Path | None = None) -> None:
        self.clock = Clock()
        self.poe = poe_of(name)
        self.bench = PoeBench(self.poe, self.clock)
        self.bus = I2cBus(1, self.bench.opened)
        self.firmware = firmware
        self.drivers = self.new_drivers()

    def new_drivers(self) -> dict[str, PseDriver]:
        """As after a restart of our process: nothing is remembered."""
        made: dict[str, PseDriver] = {}
        for chip in self.poe.chips:
            if chip.chip == "tps23861":
                made[chip.name] = Tps23861(self.bus, chip.address, chip.sense_mohm)
            else:
                path = self.firmware or Path("/nowhere/firmware.bin")
                made[chip.name] = Tps23881(self.bus, chip.address, path, pause=lambda _s: None)
        return made

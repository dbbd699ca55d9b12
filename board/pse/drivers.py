"""Makes the driver that a chip of the profile needs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from board.profile.poe import PseChip, PseModel
from board.pse.bus import I2cBus
from board.pse.contract import PseDriver
from board.pse.tps23861 import Tps23861
from board.pse.tps23881 import Tps23881


def _tps23881(chip: PseChip, bus: I2cBus) -> PseDriver:
    parity = None if chip.parity is None else Path(chip.parity)
    return Tps23881(bus, chip.address, Path(chip.sram or ""), parity)


_DRIVERS: dict[PseModel, Callable[[PseChip, I2cBus], PseDriver]] = {
    "tps23861": lambda chip, bus: Tps23861(bus, chip.address, chip.sense_mohm),
    "tps23881": _tps23881,
}


def driver_for(chip: PseChip, bus: I2cBus) -> PseDriver:
    """Return a driver, not yet started."""
    return _DRIVERS[chip.chip](chip, bus)

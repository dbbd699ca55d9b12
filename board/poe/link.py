"""The controller's line to one PSE chip: started, polled, and tried again when it fails."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from board.errors import BoardError
from board.poe.backoff import Backoff
from board.profile.poe import PoePort, PseChip
from board.pse.bus import BusFault, I2cBus
from board.pse.contract import ChipReading, PseDriver, PseError

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

FAILURES = 2
"""Polls that fail in a row before the chip counts as failed: one may be a disturbance."""


class ChipLink:
    """One chip.  Calls wait for the bus's thread and never raise what the bus raises."""

    def __init__(
        self, chip: PseChip, ports: tuple[PoePort, ...], bus: I2cBus, driver: PseDriver
    ) -> None:
        self.chip = chip
        self.ports = ports
        self.reading: ChipReading | None = None
        self.failure: BoardError | None = None
        self._bus = bus
        self._driver = driver
        self._started = False
        self._failed = 0
        self._again = Backoff()

    @property
    def works(self) -> bool:
        """Whether the last poll succeeded."""
        return self._started and not self._failed

    async def poll(self, now: float, settings: Callable[[PseDriver], None]) -> ChipReading | None:
        """Return the chip's reading, None where it has none to give now.

        `settings` is called on the bus's thread after every start.
        """
        if self.failure and now < self._again.until:
            return None
        reading = await self._do(lambda driver: self._read(driver, settings), now)
        if reading is None:
            return None
        if self.failure:
            _log.info("PSE chip %s answers again", self.chip.name)
        self._failed = 0
        self.failure = None
        self._again.forget()
        self.reading = reading
        return reading

    async def call(self, work: Callable[[PseDriver], None], now: float) -> bool:
        """Have the driver do something; return whether it could."""

        def done(driver: PseDriver) -> bool:
            work(driver)
            return True

        return await self._do(done, now) is not None

    def _read(self, driver: PseDriver, settings: Callable[[PseDriver], None]) -> ChipReading:
        if not self._started:
            started = driver.start()
            self._started = True
            settings(driver)
            if started.adopted:
                _log.info(
                    "PSE chip %s: %d ports that are up were adopted",
                    self.chip.name,
                    len(started.adopted),
                )
        reading = driver.read()
        if "reset" in reading.faults:
            settings(driver)
        return reading

    async def _do(self, work: Callable[[PseDriver], _T], now: float) -> _T | None:
        try:
            return await self._bus.run(lambda: work(self._driver))
        except (BusFault, PseError) as error:
            self._failed += 1
            certain = isinstance(error, PseError)
            if certain or self._failed >= FAILURES:
                if self.failure is None:
                    _log.warning("PSE chip %s: %s", self.chip.name, error.text)
                if self.failure is None or self.failure.text != error.text:
                    self.failure = error
                self._started = False
                self._again.fail(now)
            return None

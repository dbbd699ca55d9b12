"""Faults at random: the controller never raises, never wedges a port, never exceeds the budget."""

from __future__ import annotations

import errno
import random

import pytest

from board.poe.model import PoeSettings, PortSettings
from board.sim.devices import CATALOGUE
from tests.board.made_poe import Made
from tests.board.poe.test_controller import Box

ERRNOS = (
    errno.EIO,
    errno.EAGAIN,
    errno.ETIMEDOUT,
    errno.EREMOTEIO,
    errno.ENXIO,
    errno.EBUSY,
    errno.EPROTO,
)
PRIORITIES = ("critical", "high", "low")


class Storm:
    """Bus errors, chip resets, shorts, pulled cables, heat and settings, all at random."""

    def __init__(self, box: Box, seed: int) -> None:
        self.box = box
        self.random = random.Random(seed)
        self.settings = PoeSettings()

    async def inject(self) -> None:
        bench, number = self.box.bench, self.random.randrange(1, 9)
        bus, chip = bench.buses[1], self.random.choice("AB")
        match self.random.randrange(12):
            case 0:
                bus.fail_next(self.random.choice(ERRNOS), self.random.randrange(1, 40))
            case 1:
                bench.break_chip(chip, self.random.choice(ERRNOS))
            case 2 | 3:
                bus.mend()
            case 4:
                bench.reset_chip(chip)
            case 5 | 6:
                bench.plug(number, self.random.choice(list(CATALOGUE)))
            case 7:
                bench.plug(number, None)
            case 8:
                if bench.port(number).device is not None:
                    bench.change(number, shorted=self.random.random() < 0.5)
            case 9:
                if bench.port(number).device is not None:
                    bench.change(number, extra_w=self.random.choice((0.0, 0.0, 3.0, 20.0)))
            case 10:
                bench.temperature_c = self.random.choice((None, -127.0, 20.0, 50.0, 60.0, 80.0))
            case 11:
                ports = dict(self.settings.ports)
                ports[number] = PortSettings(
                    self.random.random() < 0.8,
                    self.random.choice(PRIORITIES),  # type: ignore[arg-type]
                )
                self.settings = PoeSettings(ports)
                await self.box.controller.configure(self.settings)

    def check(self) -> None:
        now = self.box.controller.snapshot()
        reachable = all(not chip.failure for chip in now.chips)
        settled = not any(
            bus._gone or any(bus._faults.values()) for bus in self.box.bench.buses.values()
        )
        if reachable and settled:
            assert now.booked_w <= now.budget_w

    async def recover(self) -> None:
        """After all is mended every port powers a camera again."""
        for bus in self.box.bench.buses.values():
            bus.mend()
        self.box.bench.temperature_c = 25.0
        await self.box.controller.configure(PoeSettings())
        for number in range(1, 9):
            self.box.bench.plug(number, None)
        await self.box.run(620)  # the longest pause before a failed chip is tried again
        for number in range(1, 9):
            self.box.bench.plug(number, "camera")
        await self.box.run(20)
        assert self.box.states() == ["on"] * 8


async def storm(seed: int, injections: int) -> None:
    box = Box(Made())
    try:
        await box.run(2)
        weather = Storm(box, seed)
        for count in range(injections):
            await weather.inject()
            await box.run(weather.random.randrange(1, 4))
            if count % 10 == 9:
                for bus in box.bench.buses.values():
                    bus.mend()
                await box.run(3)
                weather.check()
        await weather.recover()
    finally:
        await box.bus.close()


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_storm_of_faults_wedges_nothing(seed: int) -> None:
    await storm(seed, 150)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(10, 20))
async def test_ten_thousand_faults_wedge_nothing(seed: int) -> None:
    await storm(seed, 1_000)

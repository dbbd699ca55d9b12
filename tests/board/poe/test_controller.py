"""The PoE controller with the real drivers on simulated chips, in virtual time."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator

import pytest

from board.poe.controller import PoeController
from board.poe.model import (
    BudgetChange,
    Change,
    ChipChange,
    PoeError,
    PoeSettings,
    PortChange,
    PortSettings,
    PortSnapshot,
)
from board.pse.bus import I2cBus
from board.sim.devices import Device, camera, dome
from tests.board.made_poe import Made


def steady(watts: float, pd_class: int = 3) -> Device:
    return Device(f"{watts} W", pd_class=pd_class, load=lambda _t: watts)


class Box:
    """A controller, and everything it told."""

    def __init__(self, made: Made) -> None:
        self.made = made
        self.bench = made.bench
        self.told: list[Change] = []
        self.bus = I2cBus(1, made.bench.opened)
        self.restart()

    def restart(self) -> None:
        """As after a crash of our process: nothing is remembered."""
        self.controller = PoeController(
            self.made.poe,
            {1: self.bus},
            temperature=lambda: self.bench.temperature_c,
            told=self.told.append,
            now=self.made.clock,
            drivers=self.made.new_drivers(),
        )

    async def run(self, seconds: int) -> None:
        for _ in range(seconds):
            self.made.clock.run(1.0)
            await self.controller.step()

    def port(self, number: int) -> PortSnapshot:
        return self.controller.snapshot().ports[number - 1]

    def states(self) -> list[str]:
        return [port.state for port in self.controller.snapshot().ports]

    def changes(self, number: int) -> list[tuple[str, str]]:
        return [
            (change.now.state, change.now.reason)
            for change in self.told
            if isinstance(change, PortChange) and change.now.number == number
        ]


@pytest.fixture
async def box(made: Made) -> AsyncIterator[Box]:
    box = Box(made)
    await box.run(2)
    yield box
    await box.bus.close()


async def test_a_camera_that_is_plugged_in_gets_power_by_itself(box: Box) -> None:
    box.bench.plug(3, camera())
    await box.run(4)
    port = box.port(3)
    assert (port.state, port.pd_class) == ("on", 2)
    assert port.watts == pytest.approx(4.4, abs=0.1)
    assert port.booked_w == 7.0
    assert box.changes(3)[-2:] == [("starting", ""), ("on", "")]
    box.bench.plug(3, None)
    await box.run(3)
    assert box.port(3).state == "searching"
    assert box.port(3).booked_w == 0


async def test_what_does_not_fit_waits_until_power_frees_up(box: Box) -> None:
    for number in range(1, 6):
        box.bench.plug(number, dome())
    await box.run(6)
    assert box.states().count("on") == 4  # 4 x 30 W of 130 W
    waiting = next(p for p in box.controller.snapshot().ports if p.state == "waiting")
    assert waiting.reason == "budget"
    box.bench.plug(1, None)
    await box.run(5)
    assert box.port(waiting.number).state == "on"


async def test_a_critical_port_takes_the_place_of_a_low_one(box: Box) -> None:
    await box.controller.configure(
        PoeSettings({4: PortSettings(priority="low"), 8: PortSettings(priority="critical")})
    )
    for number in range(1, 5):
        box.bench.plug(number, dome())
    await box.run(5)
    box.bench.plug(8, dome())
    await box.run(5)
    assert box.port(8).state == "on"
    assert (box.port(4).state, box.port(4).reason) == ("waiting", "priority")
    assert [box.port(n).state for n in (1, 2, 3)] == ["on"] * 3


async def test_heat_lowers_the_budget_and_sheds_the_least_important(box: Box) -> None:
    await box.controller.configure(PoeSettings({1: PortSettings(priority="low")}))
    for number in range(1, 5):
        box.bench.plug(number, dome())
    await box.run(6)
    assert box.states().count("on") == 4
    box.bench.temperature_c = 50.0
    await box.run(2)
    assert (box.port(1).state, box.port(1).reason) == ("waiting", "budget")
    assert box.states().count("on") == 3
    assert box.controller.snapshot().derated
    assert [c.now_w for c in box.told if isinstance(c, BudgetChange)] == [100.0]
    box.bench.temperature_c = 40.0
    await box.run(5)
    assert box.states().count("on") == 4


async def test_a_restart_sheds_nothing_before_the_temperature_is_known(box: Box) -> None:
    for number in range(1, 5):
        box.bench.plug(number, dome())
    await box.run(6)
    before = [box.bench.port(n).switched_on for n in range(1, 5)]
    box.bench.temperature_c = None
    box.restart()
    box.bench.plug(8, camera())
    await box.run(10)
    assert box.states()[:4] == ["on"] * 4
    assert box.port(8).state == "waiting", "nothing new is admitted on a guess"
    box.bench.temperature_c = 44.0
    await box.run(5)
    assert box.states()[:4] == ["on"] * 4
    assert [box.bench.port(n).switched_on for n in range(1, 5)] == before
    assert box.port(8).state == "on"


@pytest.mark.parametrize("silent", [None, -127.0])
async def test_a_sensor_may_be_silent_for_a_moment_but_not_for_long(
    box: Box, silent: float | None
) -> None:
    for number in range(1, 5):
        box.bench.plug(number, dome())
    await box.run(6)
    box.bench.temperature_c = silent
    await box.run(20)
    assert box.states().count("on") == 4
    await box.run(15)
    assert box.controller.snapshot().temperature_c is None
    assert box.controller.snapshot().budget_w == 100.0
    assert box.states().count("on") == 3


async def test_measured_power_beyond_the_budget_sheds_after_three_seconds(box: Box) -> None:
    box.bench.temperature_c = 60.0  # 50 W
    limits = {
        n: PortSettings(limit_w=None, priority="low" if n == 2 else "high") for n in (1, 2, 3)
    }
    await box.controller.configure(PoeSettings(limits))
    for number in (1, 2, 3):
        box.bench.plug(number, steady(14.0))
    await box.run(6)
    assert box.states().count("on") == 3  # 46.2 W booked, 42 W drawn
    for number in (1, 2, 3):
        box.bench.change(number, extra_w=1.4)  # 46.2 W: beyond 50 W less 6 W of guard
    await box.run(2)
    assert box.states().count("on") == 3
    await box.run(1)
    assert (box.port(2).state, box.port(2).reason) == ("waiting", "measured")
    assert box.states().count("on") == 2
    assert 0 < box.port(2).retry_s <= 10
    await box.run(6)
    assert (box.port(2).state, box.port(2).reason) == ("waiting", "measured")


async def test_a_shorted_camera_is_switched_off_and_tried_again_ever_later(box: Box) -> None:
    box.bench.plug(3, camera())
    await box.run(5)
    box.bench.change(3, shorted=True)
    await box.run(2)
    assert (box.port(3).state, box.port(3).reason) == ("fault", "short_circuit")
    box.bench.change(3, shorted=False)
    await box.run(5)
    assert box.port(3).state == "fault", "not before its time"
    await box.run(10)
    assert box.port(3).state == "on"


async def test_an_operators_limit_switches_off_what_draws_more(box: Box) -> None:
    await box.controller.configure(PoeSettings({2: PortSettings(limit_w=6.0)}))
    box.bench.plug(2, steady(5.0))
    await box.run(4)
    assert box.port(2).booked_w == 6.0
    box.bench.change(2, extra_w=3.0)
    await box.run(5)
    assert (box.port(2).state, box.port(2).reason) == ("fault", "over_limit")


async def test_a_port_that_is_switched_off_stays_off(box: Box) -> None:
    box.bench.plug(5, camera())
    await box.run(4)
    await box.controller.configure(PoeSettings({5: PortSettings(enabled=False)}))
    await box.run(10)
    assert box.port(5).state == "disabled"
    assert not box.bench.port(5).enabled
    await box.controller.configure(PoeSettings())
    await box.run(5)
    assert box.port(5).state == "on"


async def test_a_power_cycle_is_five_seconds_of_nothing(box: Box) -> None:
    box.bench.plug(2, camera())
    await box.run(4)
    before = box.bench.port(2).switched_on
    await box.controller.cycle(2)
    assert (box.port(2).state, box.port(2).reason) == ("cycling", "operator")
    await box.run(4)
    assert not box.bench.port(2).enabled
    await box.run(6)
    assert box.port(2).state == "on"
    assert box.bench.port(2).switched_on == before + 1
    with pytest.raises(PoeError, match="no PoE port 99"):
        await box.controller.cycle(99)


async def test_a_restart_adopts_ports_that_are_up(box: Box) -> None:
    for number in (1, 2, 7):
        box.bench.plug(number, camera())
    await box.run(5)
    before = [box.bench.port(n).switched_on for n in (1, 2, 7)]
    box.restart()
    await box.run(10)
    assert [box.port(n).state for n in (1, 2, 7)] == ["on"] * 3
    assert [box.bench.port(n).switched_on for n in (1, 2, 7)] == before
    assert box.controller.snapshot().booked_w == 21.0


async def test_one_dead_chip_leaves_the_other_alone_and_is_tried_again(box: Box) -> None:
    box.bench.plug(1, camera())
    box.bench.plug(5, camera())
    await box.run(5)
    box.bench.break_chip("A", errno.EREMOTEIO)
    await box.run(4)
    assert (box.port(1).state, box.port(1).reason) == ("unreachable", "bus")
    assert box.port(5).state == "on"
    assert box.controller.snapshot().booked_w == 14.0, "its power may still be on"
    failed = [c for c in box.told if isinstance(c, ChipChange)]
    assert len(failed) == 1
    assert "No chip answers at address 0x20" in failed[0].now.failure.text
    with pytest.raises(PoeError, match="cannot be reached"):
        await box.controller.cycle(1)
    box.bench.break_chip("A", None)
    await box.run(30)
    assert box.port(1).state == "on"
    assert box.bench.port(1).switched_on == 1, "it was never off"
    assert [c.now.failure for c in box.told if isinstance(c, ChipChange)][-1] is None


async def test_a_dead_camera_is_cycled_with_mercy(box: Box) -> None:
    box.bench.plug(2, camera())
    assert (await box.controller.camera_dead(2)).answer == "not_powered"
    await box.run(5)
    assert (await box.controller.camera_dead(2)).answer == "booting"
    await box.run(120)
    assert (await box.controller.camera_dead(2)).answer == "cycled"
    assert box.port(2).reason == "camera"
    await box.run(120)
    assert (await box.controller.camera_dead(2)).answer == "backing_off"
    cycled = 1
    for _ in range(2 * 24):
        box.made.clock.run(1800.0)
        await box.run(12)
        cycled += (await box.controller.camera_dead(2)).answer == "cycled"
        if cycled == 6:
            break
    await box.run(110)
    assert (await box.controller.camera_dead(2)).answer == "daily_limit"
    await box.controller.configure(PoeSettings(recovery=False))
    assert (await box.controller.camera_dead(2)).answer == "switched_off"


async def test_a_limit_out_of_range_is_refused_and_changes_nothing(box: Box) -> None:
    for watts in (0.0, 3.9, 31.0):
        with pytest.raises(PoeError, match="has to be 4 to 30 W"):
            await box.controller.configure(PoeSettings({1: PortSettings(limit_w=watts)}))
    with pytest.raises(PoeError, match="no PoE port 9"):
        await box.controller.configure(PoeSettings({9: PortSettings()}))
    assert box.port(1).limit_w is None


async def test_low_ports_are_the_ones_that_hardware_sheds(box: Box) -> None:
    await box.controller.configure(
        PoeSettings({2: PortSettings(priority="low"), 8: PortSettings(priority="low")})
    )
    assert box.bench.quad(1).values[0x15] == 0x20
    assert box.bench.quad(5).values[0x15] == 0x80


async def test_what_draws_at_one_hertz_is_in_the_history(box: Box) -> None:
    box.bench.plug(1, steady(5.0))
    await box.run(70)
    step_s, means, _most = box.controller.history(1, "minutes")
    assert step_s == 1.0
    assert means[-1] == pytest.approx(5.0, abs=0.1)
    assert len(box.controller.history(1, "day")[1]) == 1
    assert box.port(1).energy_wh == pytest.approx(5.0 * 66 / 3600, rel=0.05)
    with pytest.raises(PoeError):
        box.controller.history(99, "day")

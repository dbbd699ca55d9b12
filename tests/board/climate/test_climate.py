"""Temperatures and fans on a folder that looks like the kernel's."""

from __future__ import annotations

import random

import pytest

from board.climate.climate import Climate, on_curve
from board.climate.hwmon import Hwmon
from board.profile.load import load
from board.sim.hwmon import SimHwmon

PROFILE = load("reference")


class Box:
    """The reference board's sensors and fan."""

    def __init__(self, root) -> None:
        self.sim = SimHwmon(root, PROFILE.sensors, PROFILE.fans)
        self.climate = Climate(PROFILE.sensors, PROFILE.fans, Hwmon(root))

    def read(self, times: int = 1):
        for _ in range(times):
            reading = self.climate.read()
            self.sim.turn()
        return reading

    def fan(self, times: int = 1):
        return self.read(times).fans[0]


@pytest.fixture
def box(tmp_path) -> Box:
    return Box(tmp_path)


def test_temperatures_are_read_and_judged(box):
    box.sim.heat("board", 41.25)
    reading = box.read()
    assert reading.celsius("board") == 41.2
    assert {sensor.level for sensor in reading.sensors} == {"ok"}
    box.sim.heat("board", 60)
    assert box.read().sensors[0].level == "high"
    box.sim.heat("board", 70)
    assert box.read().sensors[0].level == "critical"


def test_a_temperature_at_its_limit_does_not_flicker(box):
    levels = []
    for celsius in (59.9, 60.1, 59.9, 59.0, 58.1, 57.9, 59.9):
        box.sim.heat("board", celsius)
        levels.append(box.read().sensors[0].level)
    assert levels == ["ok", "high", "high", "high", "high", "ok", "ok"]


@pytest.mark.parametrize(
    ("celsius", "code"),
    [(-127, "climate.implausible"), (130, "climate.implausible"), (None, "climate.missing")],
)
def test_a_sensor_that_cannot_be_right_is_unknown_and_the_fan_runs_full(box, celsius, code):
    box.sim.heat("board", celsius)
    reading = box.read()
    assert reading.sensors[0].celsius is None
    assert reading.sensors[0].level == "unknown"
    assert reading.sensors[0].fault.code == code
    assert reading.fans[0].percent == 100
    assert box.sim.percent("case") == 100
    assert reading.celsius("processor") == 35
    box.sim.heat("board", 36)
    assert box.read().fans[0].percent < 40


def test_the_fan_follows_its_curve(box):
    for celsius, percent in ((20, 25), (35, 25), (42.5, 42.5), (50, 60), (55, 80), (90, 100)):
        box.sim.heat("board", celsius)
        assert box.fan().percent == pytest.approx(percent)
        assert box.sim.percent("case") == pytest.approx(percent, abs=0.3)


def test_the_fan_slows_down_only_when_it_is_clearly_cooler(box):
    box.sim.heat("board", 50)
    assert box.fan().percent == pytest.approx(60)
    box.sim.heat("board", 48.5)
    assert box.fan().percent == pytest.approx(60)
    box.sim.heat("board", 47.5)
    assert box.fan().percent < 56


def test_curves_never_fall(box):
    curve = PROFILE.fans[0].curve
    dice = random.Random(1)
    points = sorted(dice.uniform(-60, 140) for _ in range(500))
    speeds = [on_curve(curve, celsius) for celsius in points]
    assert speeds == sorted(speeds)


def test_a_turning_fan_is_no_fault(box):
    assert box.fan(5).fault is None
    assert box.fan().rpm == pytest.approx(1200, abs=20)


def test_a_fan_that_stands_is_a_failure_after_three_readings_and_is_forgiven_when_it_turns(box):
    """D2-AL-52."""
    box.fan(3)
    box.sim.stuck.add("case")
    box.sim.turn()
    faults = [box.fan().fault for _ in range(3)]
    assert [fault.code if fault else None for fault in faults] == [None, None, "fan.stopped"]
    assert "0 rpm" in faults[2].text
    box.sim.stuck.clear()
    assert box.fan(2).fault is None


def test_a_fan_at_its_start_is_given_time(box):
    assert box.fan().fault is None  # it stood still when it was first read
    assert box.fan(4).fault is None


def test_sixty_thousand_rpm_are_noise_not_a_speed(box):
    box.fan(3)
    box.sim.noisy.add("case")
    box.sim.turn()
    fan = box.fan(3)
    assert fan.rpm is None
    assert fan.fault.code == "fan.implausible"
    assert "60000 rpm" in fan.fault.text


def test_a_board_without_the_drivers_tells_all_and_raises_nothing(tmp_path):
    reading = Climate(PROFILE.sensors, PROFILE.fans, Hwmon(tmp_path)).read()
    assert [sensor.fault.code for sensor in reading.sensors] == ["climate.missing"] * 2
    assert reading.fans[0].rpm is None


def test_garbage_in_the_files_raises_nothing(box, tmp_path):
    dice = random.Random(2)
    files = list(tmp_path.rglob("*_input"))
    for _ in range(300):
        dice.choice(files).write_bytes(dice.randbytes(dice.randint(0, 12)))
        box.climate.read()

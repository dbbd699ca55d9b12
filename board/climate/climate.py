"""The box's temperatures and fans: read, judged, and the fans set by their curves."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from board.climate.hwmon import Hwmon, ReadingError
from board.errors import BoardError
from board.profile.climate import CurvePoint, Fan, TemperatureSensor

Level = Literal["ok", "high", "critical", "unknown"]

FALL_C = 2.0
"""A fan slows down only when it is so much cooler than where it went up."""

FAILURES = 3
"""A fan is told to have failed after so many readings in a row: it needs a moment to start."""

LEVEL_FALL_C = 2.0


@dataclass(frozen=True, slots=True)
class SensorReading:
    """A temperature in degrees Celsius; None with the reason in `fault`, never zero for absent."""

    name: str
    celsius: float | None
    level: Level
    fault: BoardError | None


@dataclass(frozen=True, slots=True)
class FanReading:
    """A fan: revolutions per minute (None: not known), wanted percent; `fault` once it failed."""

    name: str
    rpm: int | None
    percent: float
    fault: BoardError | None


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at everything."""

    sensors: Sequence[SensorReading]
    fans: Sequence[FanReading]

    def celsius(self, name: str) -> float | None:
        """Return a sensor's temperature."""
        return next((sensor.celsius for sensor in self.sensors if sensor.name == name), None)


class Climate:
    """Call `read` regularly, in a thread: every few seconds.

    Where a fan's sensor cannot be read, or another fan has failed, it runs at full speed.
    """

    def __init__(
        self, sensors: Sequence[TemperatureSensor], fans: Sequence[Fan], hwmon: Hwmon
    ) -> None:
        self._sensors = sensors
        self._fans = fans
        self._hwmon = hwmon
        self._levels: dict[str, Level] = {}
        self._percent: dict[str, tuple[float, float]] = {}
        self._failures: dict[str, int] = {fan.name: 0 for fan in fans}

    def read(self) -> Reading:
        """Read all, set the fans, return what was found.  Never raises for what is broken."""
        sensors = [self._sense(sensor) for sensor in self._sensors]
        temperatures = {sensor.name: sensor.celsius for sensor in sensors}
        return Reading(sensors, [self._turn(fan, temperatures) for fan in self._fans])

    def _sense(self, sensor: TemperatureSensor) -> SensorReading:
        try:
            celsius = self._hwmon.temperature_c(sensor.hwmon, sensor.channel)
        except ReadingError as error:
            self._levels.pop(sensor.name, None)
            return SensorReading(sensor.name, None, "unknown", error)
        level = self._level(sensor, celsius)
        self._levels[sensor.name] = level
        return SensorReading(sensor.name, round(celsius, 1), level, None)

    def _level(self, sensor: TemperatureSensor, celsius: float) -> Level:
        """Judge with a little hysteresis, so that a temperature at a limit is one event."""
        before = self._levels.get(sensor.name, "ok")
        critical = sensor.critical_c - (LEVEL_FALL_C if before == "critical" else 0)
        high = sensor.high_c - (LEVEL_FALL_C if before in ("high", "critical") else 0)
        if celsius >= critical:
            return "critical"
        return "high" if celsius >= high else "ok"

    def _turn(self, fan: Fan, temperatures: Mapping[str, float | None]) -> FanReading:
        celsius = temperatures.get(fan.sensor)
        others_failed = any(
            count >= FAILURES for name, count in self._failures.items() if name != fan.name
        )
        percent = 100.0 if celsius is None or others_failed else self._wanted(fan, celsius)
        if celsius is None:
            self._percent.pop(fan.name, None)
        before_percent = self._percent.get(fan.name, (0.0, 0.0))[1]
        try:
            self._hwmon.set_fan(fan.hwmon, fan.channel, percent)
            rpm = self._hwmon.fan_rpm(fan.hwmon, fan.channel)
        except ReadingError as error:
            return self._judged(fan, None, percent, error)
        return self._judged(fan, rpm, percent, _complaint(fan, rpm, min(percent, before_percent)))

    def _judged(
        self, fan: Fan, rpm: int | None, percent: float, complaint: BoardError | None
    ) -> FanReading:
        self._failures[fan.name] = 0 if complaint is None else self._failures[fan.name] + 1
        plausible = rpm if rpm is not None and 0 <= rpm <= fan.most_rpm else None
        failed = self._failures[fan.name] >= FAILURES
        return FanReading(fan.name, plausible, percent, complaint if failed else None)

    def _wanted(self, fan: Fan, celsius: float) -> float:
        """Follow the curve up at once, down only when it has cooled by FALL_C."""
        wanted = on_curve(fan.curve, celsius)
        at_c, percent = self._percent.get(fan.name, (celsius, 0.0))
        if wanted < percent and celsius > at_c - FALL_C:
            return percent
        if wanted != percent:
            self._percent[fan.name] = (celsius, wanted)
        return wanted


def on_curve(curve: Sequence[CurvePoint], celsius: float) -> float:
    """Return percent of full speed at a temperature; below and above the curve its ends count."""
    if celsius <= curve[0].at_c:
        return curve[0].percent
    for low, high in itertools.pairwise(curve):
        if celsius <= high.at_c:
            share = (celsius - low.at_c) / (high.at_c - low.at_c)
            return low.percent + share * (high.percent - low.percent)
    return curve[-1].percent


def _complaint(fan: Fan, rpm: int, percent: float) -> BoardError | None:
    if rpm > fan.most_rpm or rpm < 0:
        return BoardError(
            "fan.implausible",
            "The fan {fan} reads {rpm} rpm, which cannot be (at most {most}). "
            "Check the wire of its tachometer.",
            fan=fan.name,
            rpm=rpm,
            most=fan.most_rpm,
        )
    if rpm < fan.least_rpm and percent > 0:
        return BoardError(
            "fan.stopped",
            "The fan {fan} turns at {rpm} rpm although it should run at {percent:.0f} %. "
            "Clean or replace it; the box may get too hot.",
            fan=fan.name,
            rpm=rpm,
            percent=percent,
        )
    return None

"""Temperature sensors, fans with their curve, and the battery-backed clock."""

from __future__ import annotations

from dataclasses import dataclass

from board.profile.section import Section, unique


@dataclass(frozen=True, slots=True)
class TemperatureSensor:
    """A sensor of the kernel's hwmon: chip name and channel (temp1 is 1).

    `high_c`: a warning from here on; `critical_c`: an error; in degrees Celsius.
    """

    name: str
    hwmon: str
    channel: int
    high_c: float
    critical_c: float


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """At `at_c` degrees Celsius the fan runs at `percent` of full speed; between is a line."""

    at_c: float
    percent: float


@dataclass(frozen=True, slots=True)
class Fan:
    """A fan with tachometer: hwmon chip and channel, the sensor it follows and how.

    Readings above `most_rpm` are noise on the line, readings below `least_rpm` while it should
    turn a failure.
    """

    name: str
    hwmon: str
    channel: int
    sensor: str
    least_rpm: int
    most_rpm: int
    curve: tuple[CurvePoint, ...]


@dataclass(frozen=True, slots=True)
class Rtc:
    """The battery-backed clock's device."""

    device: str


def read_sensors(root: Section) -> tuple[TemperatureSensor, ...]:
    """Read [[sensor]]; raise ProfileError."""
    names: set[str] = set()
    sensors = []
    for entry in root.tables("sensor", most=16):
        sensor = TemperatureSensor(
            name=unique(entry, "name", entry.text("name", most=32), names),
            hwmon=entry.text("hwmon", most=32),
            channel=entry.integer("channel", 1, 16, 1),
            high_c=entry.number("high_c", 0, 120),
            critical_c=entry.number("critical_c", 0, 125),
        )
        if sensor.critical_c <= sensor.high_c:
            entry.fail("The critical temperature has to be above the high one.", "critical_c")
        entry.done()
        sensors.append(sensor)
    return tuple(sensors)


def read_fans(root: Section, sensors: tuple[TemperatureSensor, ...]) -> tuple[Fan, ...]:
    """Read [[fan]]; raise ProfileError."""
    names: set[str] = set()
    fans = []
    for entry in root.tables("fan", most=8):
        fan = Fan(
            name=unique(entry, "name", entry.text("name", most=32), names),
            hwmon=entry.text("hwmon", most=32),
            channel=entry.integer("channel", 1, 16, 1),
            sensor=entry.choice("sensor", tuple(sensor.name for sensor in sensors)),
            least_rpm=entry.integer("least_rpm", 1, 20_000),
            most_rpm=entry.integer("most_rpm", 1, 30_000),
            curve=tuple(_read_curve(entry)),
        )
        if fan.most_rpm <= fan.least_rpm:
            entry.fail("The fastest speed has to be above the slowest.", "most_rpm")
        entry.done()
        fans.append(fan)
    return tuple(fans)


def read_rtc(section: Section) -> Rtc:
    """Read [rtc]; raise ProfileError."""
    rtc = Rtc(section.text("device"))
    section.done()
    return rtc


def _read_curve(fan: Section) -> list[CurvePoint]:
    points: list[CurvePoint] = []
    for entry in fan.tables("curve", most=16):
        point = CurvePoint(entry.number("at_c", -40, 125), entry.number("percent", 0, 100))
        if points and (point.at_c <= points[-1].at_c or point.percent < points[-1].percent):
            entry.fail("The points of a fan's curve have to rise.", "at_c")
        entry.done()
        points.append(point)
    if not points:
        fan.fail("The fan has no curve; at least one [[fan.curve]] is needed.")
    return points

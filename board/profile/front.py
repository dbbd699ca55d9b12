"""LEDs with what each colour means, and the buzzer: what a person at the box sees and hears."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, cast

from board.errors import Phrase
from board.profile.lines import LineBook
from board.profile.section import Section, unique

LedName = Literal["power", "status", "hdd", "net", "alarm"]
Colour = Literal["red", "green", "blue", "yellow", "white"]
Pattern = Literal["off", "on", "slow", "fast", "flash"]

LED_NAMES = ("power", "status", "hdd", "net", "alarm")
COLOURS = ("red", "green", "blue", "yellow", "white")
PATTERNS = ("off", "on", "slow", "fast", "flash")
GROUPS = (
    "running",
    "starting",
    "connecting",
    "upgrading",
    "disk_fault",
    "disk_activity",
    "network_fault",
    "network_activity",
    "alarm",
    "fault",
)
"""What a LED may tell; identify and lamp test are added by the code and take every LED."""


@dataclass(frozen=True, slots=True)
class Led:
    """A LED: `line` its GPIO line; `means`: its pattern while a group is asserted (D1-FP-*)."""

    name: LedName
    colour: Colour
    line: int
    active_low: bool
    means: Mapping[str, Pattern]


@dataclass(frozen=True, slots=True)
class Buzzer:
    """The buzzer's line."""

    line: int
    active_low: bool


def read_leds(root: Section, taken: LineBook) -> tuple[Led, ...]:
    """Read [[led]]; raise ProfileError."""
    names: set[str] = set()
    leds = []
    for entry in root.tables("led", most=16):
        name = unique(entry, "name", entry.choice("name", LED_NAMES), names)
        leds.append(
            Led(
                name=cast("LedName", name),
                colour=cast("Colour", entry.choice("colour", COLOURS)),
                line=taken.line(entry, Phrase("the {name} LED", name=name)),
                active_low=entry.flag("active_low"),
                means=_meanings(entry),
            )
        )
        entry.done()
    return tuple(leds)


def read_buzzer(section: Section, taken: LineBook) -> Buzzer:
    """Read [buzzer]; raise ProfileError."""
    buzzer = Buzzer(taken.line(section, Phrase("the buzzer")), section.flag("active_low"))
    section.done()
    return buzzer


def _meanings(entry: Section) -> Mapping[str, Pattern]:
    section = entry.table("means")
    if section is None:
        entry.fail("A LED has to mean something: [led.means] is missing.")
    means = {
        group: cast("Pattern", section.choice(group, PATTERNS))
        for group in GROUPS
        if group in section
    }
    section.done()
    return MappingProxyType(means)

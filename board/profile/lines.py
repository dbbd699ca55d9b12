"""[gpio], alarm inputs, relays, switched supplies, buttons: what single lines are wired to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from board.errors import Phrase
from board.lines.contract import Backend
from board.profile.section import Section, unique

Button = Literal["power", "reset"]


@dataclass(frozen=True, slots=True)
class Gpio:
    """How lines are reached: library, and the chip whose offsets the line numbers are."""

    backend: Backend
    chip: str


@dataclass(frozen=True, slots=True)
class AlarmInput:
    """Alarm terminal `number`; `active_low`: closing the contact to ground gives the low level."""

    number: int
    line: int
    active_low: bool
    debounce_ms: int


@dataclass(frozen=True, slots=True)
class Relay:
    """Alarm output `number`; `change_over`: it has a normally closed contact too.

    `rated_operations`: electrical life of the contacts (D1-AW-29).
    """

    number: int
    line: int
    active_low: bool
    change_over: bool
    rated_operations: int


@dataclass(frozen=True, slots=True)
class SwitchedSupply:
    """A switched output voltage for an alarm device (CTRL of D1-AW-13); limit in milliamperes."""

    number: int
    line: int
    active_low: bool
    volts: float
    max_ma: int


@dataclass(frozen=True, slots=True)
class ButtonLine:
    """A push button: what it is for, and its line."""

    name: Button
    line: int
    active_low: bool


@dataclass(frozen=True, slots=True)
class Lines:
    """Everything on single lines but LEDs and buzzer."""

    alarm_inputs: tuple[AlarmInput, ...]
    relays: tuple[Relay, ...]
    supplies: tuple[SwitchedSupply, ...]
    buttons: tuple[ButtonLine, ...]


def read_gpio(section: Section) -> Gpio:
    """Read [gpio]; raise ProfileError."""
    gpio = Gpio(
        backend=cast("Backend", section.choice("backend", ("rpi_gpio", "gpiod"))),
        chip=section.text("chip"),
    )
    section.done()
    return gpio


def read(root: Section, taken: LineBook) -> Lines:
    """Read the lists of the profile's top level; raise ProfileError."""
    return Lines(
        alarm_inputs=tuple(_read_inputs(root, taken)),
        relays=tuple(_read_relays(root, taken)),
        supplies=tuple(_read_supplies(root, taken)),
        buttons=tuple(_read_buttons(root, taken)),
    )


class LineBook:
    """Who owns which line: one owner each."""

    def __init__(self) -> None:
        self._owners: dict[int, Phrase] = {}

    def line(self, section: Section, owner: Phrase, key: str = "line") -> int:
        """Return the line that a key names; raise ProfileError where it is somebody's already."""
        line = section.integer(key, 0, 511)
        if line in self._owners:
            section.fail(
                "Line {line} belongs to {owner} already.", key, line=line, owner=self._owners[line]
            )
        self._owners[line] = owner
        return line

    @property
    def used(self) -> bool:
        """Whether any line is used."""
        return bool(self._owners)


def _read_inputs(root: Section, taken: LineBook) -> list[AlarmInput]:
    numbers: set[int] = set()
    inputs = []
    for entry in root.tables("alarm_input", most=16):
        number = unique(entry, "number", entry.integer("number", 1, 16), numbers)
        inputs.append(
            AlarmInput(
                number=number,
                line=taken.line(entry, Phrase("alarm input {number}", number=number)),
                active_low=entry.flag("active_low", default=True),
                debounce_ms=entry.integer("debounce_ms", 20, 50, 30),
            )
        )
        entry.done()
    return inputs


def _read_relays(root: Section, taken: LineBook) -> list[Relay]:
    numbers: set[int] = set()
    relays = []
    for entry in root.tables("relay", most=8):
        number = unique(entry, "number", entry.integer("number", 1, 8), numbers)
        relays.append(
            Relay(
                number=number,
                line=taken.line(entry, Phrase("relay {number}", number=number)),
                active_low=entry.flag("active_low"),
                change_over=entry.flag("change_over"),
                rated_operations=entry.integer("rated_operations", 1000, 100_000_000, 200_000),
            )
        )
        entry.done()
    return relays


def _read_supplies(root: Section, taken: LineBook) -> list[SwitchedSupply]:
    numbers: set[int] = set()
    supplies = []
    for entry in root.tables("switched_supply", most=4):
        number = unique(entry, "number", entry.integer("number", 1, 4), numbers)
        supplies.append(
            SwitchedSupply(
                number=number,
                line=taken.line(entry, Phrase("switched supply {number}", number=number)),
                active_low=entry.flag("active_low"),
                volts=entry.number("volts", 5, 48, 12),
                max_ma=entry.integer("max_ma", 10, 5000, 500),
            )
        )
        entry.done()
    return supplies


def _read_buttons(root: Section, taken: LineBook) -> list[ButtonLine]:
    names: set[str] = set()
    buttons = []
    for entry in root.tables("button", most=4):
        name = unique(entry, "name", entry.choice("name", ("power", "reset")), names)
        buttons.append(
            ButtonLine(
                name=cast("Button", name),
                line=taken.line(entry, Phrase("the {name} button", name=name)),
                active_low=entry.flag("active_low", default=True),
            )
        )
        entry.done()
    return buttons

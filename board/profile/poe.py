"""[poe]: the power of the PoE ports: budget by temperature, PSE chips, ports (D1-RP-47)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from board.profile.section import Section, unique

PseModel = Literal["tps23861", "tps23881"]

CHANNELS: dict[PseModel, int] = {"tps23861": 4, "tps23881": 8}
"""Ports that a chip powers."""

MAX_PORT_W = 30.0
"""IEEE 802.3at, class 4, at the PSE; more pairs and classes are not wired on these boards."""


@dataclass(frozen=True, slots=True)
class BudgetStep:
    """The supply gives `watts` while the board is not warmer than `up_to_c` degrees Celsius."""

    up_to_c: float
    watts: float


@dataclass(frozen=True, slots=True)
class PseChip:
    """A PSE controller: I2C bus and 7-bit address; sense resistors in milliohms.

    `sram`, `parity`: files of the firmware that a TPS23881 needs after every power-up; from TI,
    supplied by the user because they may not be passed on.  Such a chip has two addresses: the
    even one for channels 1 to 4, the odd one after it for 5 to 8.
    """

    name: str
    chip: PseModel
    bus: int
    address: int
    sense_mohm: int
    sram: str | None
    parity: str | None


@dataclass(frozen=True, slots=True)
class PoePort:
    """Port `number` of the box is channel `channel` (from 1) of the chip `pse`.

    `max_w`: what the port's wiring can give, in watts at the PSE.
    """

    number: int
    pse: str
    channel: int
    max_w: float


@dataclass(frozen=True, slots=True)
class Poe:
    """Power over Ethernet.

    `budget`: by rising temperature; above the last step nothing is powered.  `unknown_w`: the
    budget while no sensor tells the temperature.  `guard_w`: kept free of measured power.
    `hysteresis_c`: how far it has to cool below a step before its higher budget counts again.
    `sensor`: the temperature sensor that decides.  `shed_pin`: the supply's overload output is
    wired to the chips, so that low ports drop without any program.
    """

    budget: tuple[BudgetStep, ...]
    unknown_w: float
    guard_w: float
    hysteresis_c: float
    sensor: str | None
    shed_pin: bool
    chips: tuple[PseChip, ...]
    ports: tuple[PoePort, ...]


def read(section: Section) -> Poe:
    """Read the table; raise ProfileError."""
    steps = _read_budget(section)
    chips = tuple(_read_chips(section))
    poe = Poe(
        budget=steps,
        unknown_w=section.number("unknown_w", 0, 2000, min(step.watts for step in steps)),
        guard_w=section.number("guard_w", 0, 100),
        hysteresis_c=section.number("hysteresis_c", 0, 20, 2.0),
        sensor=section.text_or_none("sensor", most=32),
        shed_pin=section.flag("shed_pin"),
        chips=chips,
        ports=tuple(_read_ports(section, chips)),
    )
    if poe.guard_w >= min(step.watts for step in steps):
        section.fail("The guard leaves nothing of the smallest budget.", "guard_w")
    section.done()
    return poe


def _read_budget(section: Section) -> tuple[BudgetStep, ...]:
    steps: list[BudgetStep] = []
    for entry in section.tables("budget", most=8):
        step = BudgetStep(entry.number("up_to_c", -40, 125), entry.number("watts", 1, 2000))
        if steps and step.up_to_c <= steps[-1].up_to_c:
            entry.fail("The steps of the budget have to rise in temperature.", "up_to_c")
        if steps and step.watts > steps[-1].watts:
            entry.fail("A warmer supply cannot give more than a cooler one.", "watts")
        entry.done()
        steps.append(step)
    if not steps:
        section.fail("The budget has no step; at least one [[poe.budget]] is needed.")
    return tuple(steps)


def _read_chips(section: Section) -> list[PseChip]:
    names: set[str] = set()
    addresses: set[tuple[int, int]] = set()
    chips = []
    for entry in section.tables("pse", most=8):
        chip = cast("PseModel", entry.choice("chip", tuple(CHANNELS)))
        address = entry.integer("address", 0x20, 0x3F)
        bus = entry.integer("bus", 0, 63)
        if address == 0x30 and chip == "tps23861":
            entry.fail("0x30 is the address all of these chips answer to; none has it.", "address")
        if chip == "tps23881" and address % 2:
            entry.fail("The first address of a TPS23881 is even.", "address")
        for own in (address, address + 1) if chip == "tps23881" else (address,):
            if (bus, own) in addresses:
                entry.fail(
                    "Address {address:#x} of bus {bus} is taken already.",
                    "address",
                    address=own,
                    bus=bus,
                )
            addresses.add((bus, own))
        default_mohm = 200 if chip == "tps23881" else 255
        sense_mohm = entry.integer("sense_mohm", 100, 500, default_mohm)
        if sense_mohm not in ((200,) if chip == "tps23881" else (250, 255)):
            entry.fail("This chip cannot work with such sense resistors.", "sense_mohm")
        sram = entry.text_or_none("sram", most=255)
        if (chip == "tps23881") != (sram is not None):
            entry.fail("A TPS23881 needs an SRAM file, and only it does.", "sram" if sram else None)
        chips.append(
            PseChip(
                name=unique(entry, "name", entry.text("name", most=16), names),
                chip=chip,
                bus=bus,
                address=address,
                sense_mohm=sense_mohm,
                sram=sram,
                parity=entry.text_or_none("parity", most=255),
            )
        )
        entry.done()
    if not chips:
        section.fail("There is no PSE chip; at least one [[poe.pse]] is needed.")
    return chips


def _read_ports(section: Section, chips: tuple[PseChip, ...]) -> list[PoePort]:
    numbers: set[int] = set()
    wired: set[tuple[str, int]] = set()
    by_name = {chip.name: chip for chip in chips}
    ports = []
    for entry in section.tables("port", most=64):
        number = unique(entry, "number", entry.integer("number", 1, 64), numbers)
        pse = entry.choice("pse", tuple(by_name))
        channel = entry.integer("channel", 1, CHANNELS[by_name[pse].chip])
        if (pse, channel) in wired:
            entry.fail(
                "Channel {channel} of {chip} is wired to a port already.",
                "channel",
                channel=channel,
                chip=pse,
            )
        wired.add((pse, channel))
        ports.append(
            PoePort(number, pse, channel, entry.number("max_w", 4, MAX_PORT_W, MAX_PORT_W))
        )
        entry.done()
    if not ports:
        section.fail("There is no port; at least one [[poe.port]] is needed.")
    return sorted(ports, key=lambda port: port.number)

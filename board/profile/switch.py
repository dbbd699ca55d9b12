"""[switch]: the Ethernet side of the ports, each a net device of the kernel (DSA)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from board.profile.section import Section, unique

SPEEDS_MBPS = (10, 100, 1000, 2500, 10_000)

_NETDEV = re.compile(r"[A-Za-z0-9][\w.-]{0,14}")


@dataclass(frozen=True, slots=True)
class SwitchPort:
    """A socket of the box: `netdev` the kernel's name, `column` and `row` where it sits (from 1).

    `poe`: number of its PoE port, None where it gives no power.  `enhancement`: reaches further
    at 10 Mbit/s (D1-PO-02).  `uplink`: leads to the office network.
    """

    number: int
    netdev: str
    label: str
    column: int
    row: int
    speed_mbps: int
    poe: int | None
    enhancement: bool
    uplink: bool


@dataclass(frozen=True, slots=True)
class Switch:
    """`bridge`: the net device that joins the ports, whose table says who is behind which."""

    bridge: str
    ports: tuple[SwitchPort, ...]


def read(section: Section) -> Switch:
    """Read the table; raise ProfileError."""
    numbers: set[int] = set()
    devices: set[str] = set()
    places: set[tuple[int, int]] = set()
    powered: set[int] = set()
    ports = []
    for entry in section.tables("port", most=64):
        poe = entry.integer_or_none("poe", 1, 64)
        if poe is not None:
            unique(entry, "poe", poe, powered)
        number = unique(entry, "number", entry.integer("number", 1, 64), numbers)
        place = (entry.integer("column", 1, 32), entry.integer("row", 1, 2, 1))
        if place in places:
            entry.fail(
                "Two sockets cannot sit at column {column}, row {row}.",
                "column",
                column=place[0],
                row=place[1],
            )
        places.add(place)
        ports.append(
            SwitchPort(
                number=number,
                netdev=unique(entry, "netdev", _netdev(entry, "netdev"), devices),
                label=entry.text_or_none("label", most=8) or str(number),
                column=place[0],
                row=place[1],
                speed_mbps=_speed(entry),
                poe=poe,
                enhancement=entry.flag("enhancement"),
                uplink=entry.flag("uplink"),
            )
        )
        entry.done()
    switch = Switch(_netdev(section, "bridge"), tuple(ports))
    section.done()
    return switch


def _speed(section: Section) -> int:
    speed = section.integer("speed_mbps", 10, 10_000, 1000)
    if speed not in SPEEDS_MBPS:
        section.fail("There is no Ethernet of {speed} Mbit/s.", "speed_mbps", speed=speed)
    return speed


def _netdev(section: Section, key: str) -> str:
    name = section.text(key, most=15)
    if not _NETDEV.fullmatch(name):
        section.fail("{name} is no name of a net device.", key, name=repr(name))
    return name

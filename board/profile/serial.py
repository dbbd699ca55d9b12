"""[[serial]]: RS-485 and RS-232 interfaces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from board.profile.section import Section, unique

SerialKind = Literal["rs485", "rs232"]


@dataclass(frozen=True, slots=True)
class SerialPort:
    """A serial interface: `device` of the kernel; `rts_direction`: RTS switches the transmitter."""

    name: str
    kind: SerialKind
    device: str
    rts_direction: bool


def read(root: Section) -> tuple[SerialPort, ...]:
    """Read the list; raise ProfileError."""
    names: set[str] = set()
    devices: set[str] = set()
    ports = []
    for entry in root.tables("serial", most=8):
        ports.append(
            SerialPort(
                name=unique(entry, "name", entry.text("name", most=16), names),
                kind=cast("SerialKind", entry.choice("kind", ("rs485", "rs232"))),
                device=unique(entry, "device", entry.text("device"), devices),
                rts_direction=entry.flag("rts_direction"),
            )
        )
        entry.done()
    return tuple(ports)

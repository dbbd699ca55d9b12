"""The PTZ protocols there are, by name."""

from __future__ import annotations

from collections.abc import Mapping

from board.errors import BoardError
from board.serial.motion import Encoder
from board.serial.pelco_d import PelcoD
from board.serial.pelco_p import PelcoP
from board.serial.visca import Visca

PROTOCOLS: Mapping[str, Encoder] = {
    encoder.name: encoder for encoder in (PelcoD(), PelcoP(), Visca())
}

BAUDS = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
DEFAULT_BAUD = 9600


def protocol(name: str) -> Encoder:
    """Return a protocol by name; raise BoardError where there is none."""
    if name not in PROTOCOLS:
        raise BoardError(
            "ptz.protocol",
            "There is no protocol {name}; there are {known}.",
            name=repr(name),
            known=", ".join(PROTOCOLS),
        )
    return PROTOCOLS[name]


def check_baud(baud: int) -> int:
    """Return it; raise BoardError where no line runs at it."""
    if baud not in BAUDS:
        known = ", ".join(map(str, BAUDS))
        raise BoardError(
            "serial.baud", "{baud} baud is not possible; there are {known}.", baud=baud, known=known
        )
    return baud


def gap_s(baud: int) -> float:
    """Return the pause between two frames: 3.5 characters at least, and time to act for domes."""
    return max(35 / baud, 0.040 if baud > 2400 else 0.100)

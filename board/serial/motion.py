"""What a PTZ camera is asked to do, before any protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from board.errors import BoardError

ActionKind = Literal[
    "preset_set",
    "preset_clear",
    "preset_go",
    "aux_on",
    "aux_off",
    "pattern_begin",
    "pattern_end",
    "pattern_run",
    "flip",
    "zero_pan",
    "reset",
]


@dataclass(frozen=True, slots=True)
class Motion:
    """Speeds in percent, -100 to 100: pan (right is positive), tilt (up), zoom (tele).

    `focus`: -1 near, 1 far; `iris`: -1 close, 1 open.  All zero stands still.
    """

    pan: int = 0
    tilt: int = 0
    zoom: int = 0
    focus: int = 0
    iris: int = 0

    def __post_init__(self) -> None:
        """Refuse speeds out of range."""
        for name, most in (("pan", 100), ("tilt", 100), ("zoom", 100), ("focus", 1), ("iris", 1)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or abs(value) > most:
                raise BoardError(
                    "ptz.speed",
                    "{name} is {value}; it has to be from -{most} to {most}.",
                    name=name,
                    value=repr(value),
                    most=most,
                )


STILL = Motion()


class Encoder(Protocol):
    """A protocol: bytes for every wish, nothing remembered.

    `first_address`, `last_address`, `last_preset` bound what it can name; `actions` are those it
    knows.
    """

    name: str
    title: str
    first_address: int
    last_address: int
    last_preset: int
    actions: frozenset[ActionKind]

    def move(self, address: int, motion: Motion, before: Motion) -> list[bytes]:
        """Return the frames that go over from one motion to another; never none."""

    def stop(self, address: int) -> list[bytes]:
        """Return the frames that stop everything."""

    def action(self, address: int, kind: ActionKind, number: int) -> list[bytes]:
        """Return the frames of an action.  Raises BoardError where it has none."""

    def query(self, address: int) -> bytes:
        """Return a question that a camera of this address answers."""

    def answers(self, address: int, data: bytes) -> bool:
        """Return whether `data` holds an answer of that camera to the question."""


def check_address(encoder: Encoder, address: int) -> int:
    """Return it; raise BoardError where the protocol does not have it."""
    if (
        isinstance(address, bool)
        or not isinstance(address, int)
        or not encoder.first_address <= address <= encoder.last_address
    ):
        raise BoardError(
            "ptz.address",
            "{address} is no address of {protocol}: it has {first} to {last}. "
            "Enter the address that is set on the camera.",
            address=address,
            protocol=encoder.title,
            first=encoder.first_address,
            last=encoder.last_address,
        )
    return address


def check_number(encoder: Encoder, kind: ActionKind, number: int, most: int) -> int:
    """Return a preset's, pattern's or auxiliary's number; raise BoardError where it is none."""
    if kind not in encoder.actions:
        raise unsupported(encoder, kind)
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= most:
        raise BoardError(
            "ptz.number",
            "{number} is not possible with {protocol}; 1 to {most} are.",
            number=number,
            protocol=encoder.title,
            most=most,
        )
    return number


def unsupported(encoder: Encoder, kind: ActionKind) -> BoardError:
    """Return the error for an action that a protocol does not have."""
    return BoardError(
        "ptz.unsupported",
        "{protocol} cannot do this ({action}).",
        protocol=encoder.title,
        action=kind.replace("_", " "),
    )


def speed(percent: int, most: int) -> int:
    """Return a speed of 1 to `most` for a percentage that is not zero, 0 for zero."""
    return 0 if percent == 0 else max(1, (abs(percent) * most + 50) // 100)

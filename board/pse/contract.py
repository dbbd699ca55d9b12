"""What every PSE driver answers: the same few questions, units and words for each chip."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from board.errors import BoardError

Detection = Literal[
    "unknown", "open", "short", "low", "valid", "high", "capacitance", "mosfet", "legacy"
]
"""What hangs on the port: `valid` is a PD, `open` nothing, the others are no PDs."""

PortFault = Literal["overload", "short_circuit", "inrush", "disconnect", "start_refused"]
"""Why the chip switched a port off, or did not switch it on."""

ChipFault = Literal["thermal", "rail_low", "reset", "firmware"]

CLASS_W: dict[int, float] = {
    0: 15.4,
    1: 4.0,
    2: 7.0,
    3: 15.4,
    4: 30.0,
    5: 45.0,
    6: 60.0,
    7: 75.0,
    8: 90.0,
}
"""Watts at the PSE by class: IEEE 802.3-2022 table 33-1 and 145-1."""


class PseError(BoardError):
    """A chip is not what the profile says, or cannot work; `text` says why and what to do."""


@dataclass(frozen=True, slots=True)
class ChannelReading:
    """One channel: `enabled`: switched on, `good`: delivering; volts, amperes at the port.

    `pd_class` is None where none was found, or where it is invalid.
    """

    detection: Detection
    pd_class: int | None
    enabled: bool
    good: bool
    volts: float
    amps: float
    faults: tuple[PortFault, ...] = ()

    @property
    def watts(self) -> float:
        """Power delivered."""
        return self.volts * self.amps


@dataclass(frozen=True, slots=True)
class ChipReading:
    """A chip: its channels (first is channel 1), rail in volts, its own temperature in C."""

    channels: tuple[ChannelReading, ...]
    supply_v: float
    temperature_c: float
    faults: tuple[ChipFault, ...] = ()


@dataclass(frozen=True, slots=True)
class Started:
    """`adopted`: channels that were up and were left up."""

    fresh: bool
    adopted: frozenset[int] = field(default_factory=frozenset)


class PseDriver(Protocol):
    """A PSE controller.  Channels count from 1.  All calls block: make them on the bus's thread.

    Each raises BusFault where the bus fails, and PseError where the chip cannot work.
    """

    @property
    def channels(self) -> int:
        """How many it has."""

    def start(self) -> Started:
        """Check that it is the right chip; set it up, or adopt it where it runs already."""

    def read(self) -> ChipReading:
        """Return how it is now; faults since the last call are told once."""

    def on(self, channel: int, pd_class: int) -> None:
        """Set the limits of a class and power the PD that was detected; `good` follows."""

    def off(self, channel: int) -> None:
        """Cut the power; detection goes on while it is wanted."""

    def detect(self, channel: int, *, wanted: bool) -> None:
        """Look for PDs on a channel, or leave it alone."""

    def shed_first(self, channels: frozenset[int]) -> None:
        """Set which channels drop by hardware when the supply signals overload."""

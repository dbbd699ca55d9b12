"""Four channels of the TPS238x family: the registers that all its chips share.

Names and meanings are the datasheets' (TPS23861 SLUSBX9, TPS23881 SLVSF02).  Channel n is bit n-1
of the low nibble and bit n+3 of the high one.  The chip detects and classifies by itself and
powers nothing without being told (semi-automatic mode).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from board.pse.bus import I2cBus
from board.pse.contract import (
    ChannelReading,
    ChipFault,
    ChipReading,
    Detection,
    PortFault,
    Started,
)

INT_MASK = 0x01
POWER_EVENT = 0x02
DETECT_EVENT = 0x04
FAULT_EVENT = 0x06
START_EVENT = 0x08
SUPPLY_EVENT = 0x0A
CLEAR = 1
"""Added to an event register: reading there clears it."""
PORT_STATUS = 0x0C
POWER_STATUS = 0x10
MODE = 0x12
DISCONNECT = 0x13
DETECT_CLASS = 0x14
POWER_BUTTON = 0x19
ID = 0x1B
TEMPERATURE = 0x2C
SUPPLY = 0x2E
CURRENT = 0x30
VOLTAGE = 0x32

SEMI_AUTO = 0b10_10_10_10
OFF_ALL = 0
QUAD = 4
VDUV = 0x20
VPUV = 0x10
TSD = 0x80
ADC_BITS = 0x3FFF
VOLT_LSB = 3.662e-3
TEMPERATURE_LSB = 0.652
TEMPERATURE_ZERO = -20.0

_DETECTIONS: dict[int, Detection] = {
    0: "unknown",
    1: "short",
    3: "low",
    4: "valid",
    5: "high",
    6: "open",
    8: "mosfet",
    9: "legacy",
    0xA: "capacitance",
    0xB: "capacitance",
    0xC: "capacitance",
    0xE: "mosfet",
}


class Quad(ABC):
    """One register file of four channels (1 to 4)."""

    CLASSES: ClassVar[dict[int, int | None]]
    """PD class by the class nibble of a port's status; None: invalid."""

    def __init__(self, bus: I2cBus, address: int, amp_lsb: float) -> None:
        self.bus = bus
        self.address = address
        self._amp_lsb = amp_lsb
        self._wanted = 0
        self._shed_first = 0

    # -- what differs by chip ------------------------------------------------------------------

    @abstractmethod
    def identify(self) -> None:
        """Raise PseError where another chip answers."""

    @abstractmethod
    def configured(self) -> bool:
        """Return whether the chip runs as we set it up."""

    @abstractmethod
    def configure(self) -> None:
        """Set up a chip whose channels are off."""

    @abstractmethod
    def limit(self, channel: int, pd_class: int) -> None:
        """Set the current limits that belong to a class."""

    @abstractmethod
    def write_shed_first(self, mask: int) -> None:
        """Write which channels the supply's overload signal drops."""

    def chip_faults(self, supply_events: int) -> Iterator[ChipFault]:
        """Yield the faults of a supply event register."""
        if supply_events & TSD:
            yield "thermal"
        if supply_events & VPUV:
            yield "rail_low"
        if supply_events & VDUV:
            yield "reset"

    # -- the contract, for four channels -------------------------------------------------------

    def start(self) -> Started:
        """Adopt the chip where it was not reset and runs as we set it up; else set it up."""
        self.identify()
        if not self.was_reset and self.configured():
            status = self.get(POWER_STATUS)
            self._wanted = self.get(DETECT_CLASS) & 0x0F
            up = {n for n in range(1, QUAD + 1) if status & (_low(n) | _high(n))}
            return Started(fresh=False, adopted=frozenset(up))
        self.set_up()
        return Started(fresh=True)

    @property
    def was_reset(self) -> bool:
        """Whether the chip was powered up since its events were read."""
        return bool(self.get(SUPPLY_EVENT) & VDUV)

    def set_up(self) -> None:
        """Switch all channels off and set the chip up from nothing."""
        self.put(MODE, OFF_ALL)
        self.configure()
        for register in (POWER_EVENT, DETECT_EVENT, FAULT_EVENT, START_EVENT, SUPPLY_EVENT):
            self.get(register + CLEAR)
        self.put(MODE, SEMI_AUTO)
        self._arm()
        self.write_shed_first(self._shed_first)

    def read(self) -> ChipReading:
        """Return the four channels; set the chip up anew where it was reset meanwhile."""
        supply_events = self.get(SUPPLY_EVENT + CLEAR)
        faults = tuple(self.chip_faults(supply_events))
        if "reset" in faults or self.get(MODE) != SEMI_AUTO:
            self.set_up()
            faults = tuple(dict.fromkeys((*faults, "reset")))
        self.get(POWER_EVENT + CLEAR)
        self.get(DETECT_EVENT + CLEAR)
        fault_events = self.get(FAULT_EVENT + CLEAR)
        start_events = self.get(START_EVENT + CLEAR)
        power = self.get(POWER_STATUS)
        channels = tuple(
            self._channel(n, power, fault_events, start_events) for n in range(1, QUAD + 1)
        )
        self._arm()
        raw_c = self.get(TEMPERATURE)
        return ChipReading(
            channels=channels,
            supply_v=round((self.bus.word(self.address, SUPPLY) & ADC_BITS) * VOLT_LSB, 3),
            temperature_c=round(raw_c * TEMPERATURE_LSB + TEMPERATURE_ZERO, 1),
            faults=faults,
        )

    def on(self, channel: int, pd_class: int) -> None:
        """Set the limits first: in semi-automatic mode the chip does not do that by itself."""
        self.limit(channel, pd_class)
        self.put(POWER_BUTTON, _low(channel))

    def off(self, channel: int) -> None:
        """Cut the power."""
        self.put(POWER_BUTTON, _high(channel))
        self._arm()

    def detect(self, channel: int, *, wanted: bool) -> None:
        """Note whether a channel is looked after; a powered one is not touched by that."""
        self._wanted = self._wanted | _low(channel) if wanted else self._wanted & ~_low(channel)
        self._arm()

    def shed_first(self, mask: int) -> None:
        """Set which channels drop first, bit 0 is channel 1."""
        self._shed_first = mask
        self.write_shed_first(mask)

    # -- registers -----------------------------------------------------------------------------

    def get(self, register: int) -> int:
        """Return a register of this chip."""
        return self.bus.byte(self.address, register)

    def put(self, register: int, value: int) -> None:
        """Set a register of this chip."""
        self.bus.write(self.address, register, value)

    def change(self, register: int, mask: int, value: int) -> None:
        """Set the bits of `mask`, leave the others; write only where that changes something."""
        now = self.get(register)
        if (then := (now & ~mask) | (value & mask)) != now:
            self.put(register, then)

    def _arm(self) -> None:
        """Have exactly the wanted channels detect and classify: faults and PWOFF disarm them."""
        wanted = self._wanted | self._wanted << 4
        if self.get(DETECT_CLASS) != wanted:
            self.put(DETECT_CLASS, wanted)

    def _channel(self, n: int, power: int, faults: int, starts: int) -> ChannelReading:
        status = self.get(PORT_STATUS + n - 1)
        good = bool(power & _high(n))
        found: list[PortFault] = []
        if starts & _high(n):
            found.append("short_circuit")
        if faults & _low(n):
            found.append("overload")
        if starts & _low(n):
            found.append("inrush")
        if faults & _high(n):
            found.append("disconnect")
        return ChannelReading(
            detection=_DETECTIONS.get(status & 0x0F, "unknown"),
            pd_class=self.CLASSES.get(status >> 4),
            enabled=bool(power & _low(n)),
            good=good,
            volts=self._measure(VOLTAGE, n, VOLT_LSB) if good else 0.0,
            amps=self._measure(CURRENT, n, self._amp_lsb) if good else 0.0,
            faults=tuple(found),
        )

    def _measure(self, base: int, n: int, lsb: float) -> float:
        return round((self.bus.word(self.address, base + 4 * (n - 1)) & ADC_BITS) * lsb, 4)


def _low(channel: int) -> int:
    return 1 << (channel - 1)


def _high(channel: int) -> int:
    return 1 << (channel + 3)

"""TPS23861: four ports of 802.3at, semi-automatic (datasheet SLUSBX9)."""

from __future__ import annotations

from typing import ClassVar

from board.pse.bus import I2cBus
from board.pse.contract import ChipReading, PseError, Started
from board.pse.quad import DISCONNECT, ID, INT_MASK, MODE, QUAD, SEMI_AUTO, Quad

MODEL = 0x52
"""ID: manufacturer 0x0A in the upper five bits, version 2 in the lower three."""

TIMING = 0x16
GENERAL = 0x17
SHED = 0x15
TWO_EVENT = 0x21
LEGACY = 0x20
THRESHOLDS = 0x29
ICUT = 0x2A
POE_PLUS = 0x40

SENSE_250 = 0x01
ALL_EVENTS = 0xFF
TIMING_STANDARD = 0x00
"""TLIM 60 ms, TSTART 60 ms, TICUT 60 ms, TDIS 360 ms: the middle of the standard's windows."""
SECOND_FINGER_CLASS4 = 0b01_01_01_01
DISCONNECT_7_5_MA = 0x00

AMP_LSB = {255: 61.039e-6, 250: 62.260e-6}

_ICUT_CODES = {0: 0, 1: 1, 2: 2, 3: 0, 4: 6}
"""374, 110, 204, 374 and 645 mA: each the first above what the class may draw at 50 V."""

_CLASS4 = 4


class Tps23861Quad(Quad):
    """The chip's one register file."""

    CLASSES: ClassVar[dict[int, int | None]] = {1: 1, 2: 2, 3: 3, 4: 4, 6: 0}

    def __init__(self, bus: I2cBus, address: int, sense_mohm: int) -> None:
        super().__init__(bus, address, AMP_LSB[sense_mohm])
        self._sense = SENSE_250 if sense_mohm == 250 else 0

    def identify(self) -> None:
        """Raise PseError where it is no TPS23861."""
        found = self.get(ID)
        if found != MODEL:
            raise PseError(
                "board.wrong_chip",
                "At address {address:#04x} of I2C bus {bus} is no TPS23861: "
                "its identity is {found:#04x}, not {model:#04x}. Check the board profile.",
                address=self.address,
                bus=self.bus.number,
                found=found,
                model=MODEL,
            )

    def configured(self) -> bool:
        """Return whether all channels are semi-automatic, with our resistors and thresholds."""
        return (
            self.get(MODE) == SEMI_AUTO
            and self.get(GENERAL) & SENSE_250 == self._sense
            and self.get(TWO_EVENT) == SECOND_FINGER_CLASS4
            and self.get(DISCONNECT) & 0x0F == 0x0F
        )

    def configure(self) -> None:
        """Resistors first: every current depends on them."""
        self.change(GENERAL, SENSE_250, self._sense)
        self.put(TIMING, TIMING_STANDARD)
        self.put(THRESHOLDS, DISCONNECT_7_5_MA)
        self.put(DISCONNECT, 0x0F)
        self.put(LEGACY, 0x00)  # capacitance must never count as a PD: it powers what is none
        self.put(TWO_EVENT, SECOND_FINGER_CLASS4)
        self.put(INT_MASK, ALL_EVENTS)

    def limit(self, channel: int, pd_class: int) -> None:
        """Set ICUT and the PoE+ foldback of a class."""
        code = _ICUT_CODES[pd_class]
        register, shift = ICUT + (channel - 1) // 2, 4 * ((channel - 1) % 2)
        self.change(register, 0b111 << shift, code << shift)
        plus = 1 << (channel + 3)
        self.change(POE_PLUS, plus, plus if pd_class == _CLASS4 else 0)

    def write_shed_first(self, mask: int) -> None:
        """Set FSE: the channel drops when the SHTDWN pin is asserted."""
        self.put(SHED, (mask & 0x0F) << 4)


class Tps23861:
    """The driver; see PseDriver for what each call does."""

    channels = QUAD

    def __init__(self, bus: I2cBus, address: int, sense_mohm: int) -> None:
        self._quad = Tps23861Quad(bus, address, sense_mohm)

    def start(self) -> Started:
        """Set up or adopt."""
        return self._quad.start()

    def read(self) -> ChipReading:
        """Return how it is."""
        return self._quad.read()

    def on(self, channel: int, pd_class: int) -> None:
        """Power a detected PD."""
        self._quad.on(channel, pd_class)

    def off(self, channel: int) -> None:
        """Cut the power."""
        self._quad.off(channel)

    def detect(self, channel: int, *, wanted: bool) -> None:
        """Look for PDs or not."""
        self._quad.detect(channel, wanted=wanted)

    def shed_first(self, channels: frozenset[int]) -> None:
        """Set which channels drop by hardware."""
        self._quad.shed_first(sum(1 << (channel - 1) for channel in channels))

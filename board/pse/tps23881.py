"""TPS23881: eight ports on two register files, firmware in SRAM (datasheet SLVSF02).

Used with single pairs (2-pair) up to class 4: the deltas are the class codes, the current's LSB,
policing by power in half watts, and the firmware that is gone after every power-up.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

from board.pse.bus import I2cBus
from board.pse.contract import CLASS_W, ChipFault, ChipReading, PseError, Started
from board.pse.quad import DISCONNECT, INT_MASK, MODE, QUAD, SEMI_AUTO, SUPPLY_EVENT, VDUV, Quad

DEVICE_ID = 0x43
DEVICE_ID_MASK = 0xF0
MODEL = 0x20
RAM_FAULT = 0x01

SHED = 0x15
GENERAL = 0x17
CHANGED_ONLY = 0x0C
POLICING = 0x1E
"""PCUT of channels 1 to 4 at 0x1E to 0x21, half watts, 0xFF after every switching off."""
CHANNEL_MAP = 0x26
STRAIGHT_MAP = 0b11_10_01_00
ALLOCATION = 0x29
ALLOCATE_30_W = 0x33
MANUAL_POLICING = 0x40
MPOL_ALL = 0x0F
POLICING_LSB_W = 0.5
POLICING_SLACK = 1.05
AMP_LSB = 89.5e-6

_CLASS4 = 4
SRAM_CONTROL = 0x60
SRAM_DATA = 0x61
SRAM_START = 0x18
SRAM_START_S = 0.012
BLOCK = 32
MAX_FIRMWARE = 64 * 1024

_PARITY_FIRST = ((0x60, 0x01), (0x62, 0x00), (0x63, 0x80), (0x60, 0xC4))
_SRAM_FIRST = ((0x60, 0xC5), (0x62, 0x00), (0x63, 0x80), (0x60, 0xC0))
_OPEN = ((0x1D, 0xBC), (0xD7, 0x02), (0x91, 0x00), (0x90, 0x00), (0xD7, 0x00), (0x1D, 0x00))
"""How the SRAM is opened for parity and for code: what Linux writes (pse-pd/tps23881.c)."""


class Tps23881Quad(Quad):
    """One of the two register files."""

    CLASSES: ClassVar[dict[int, int | None]] = {1: 1, 2: 2, 3: 3, 4: 4, 5: 0, 6: 0, 0xC: 4}

    def __init__(self, bus: I2cBus, address: int) -> None:
        super().__init__(bus, address, AMP_LSB)
        self._watts: dict[int, float] = {}

    def identify(self) -> None:
        """Raise PseError where it is no TPS23881."""
        found = self.get(DEVICE_ID)
        if found & DEVICE_ID_MASK != MODEL:
            raise PseError(
                "board.wrong_chip",
                "At address {address:#04x} of I2C bus {bus} is no TPS23881: "
                "its device number is {found:#04x}. Check the board profile.",
                address=self.address,
                bus=self.bus.number,
                found=found,
            )

    def configured(self) -> bool:
        """Return whether all channels are semi-automatic and policed by us."""
        return self.get(MODE) == SEMI_AUTO and self.get(MANUAL_POLICING) & MPOL_ALL == MPOL_ALL

    def configure(self) -> None:
        """Map channels straight, allocate 30 W each, police by hand."""
        self.put(CHANNEL_MAP, STRAIGHT_MAP)
        self.put(ALLOCATION, ALLOCATE_30_W)
        self.put(MANUAL_POLICING, MPOL_ALL)
        self.put(DISCONNECT, 0x0F)
        self.put(GENERAL, CHANGED_ONLY)
        self.put(INT_MASK, 0xFF)
        self._watts.clear()

    def limit(self, channel: int, pd_class: int) -> None:
        """Police a channel at the watts of its class."""
        self._watts[channel] = CLASS_W[pd_class]
        self._police(channel)
        double = 1 << (channel + 3)
        wanted = MPOL_ALL | (double if pd_class == _CLASS4 else 0)
        self.change(MANUAL_POLICING, MPOL_ALL | double, wanted)

    def off(self, channel: int) -> None:
        """Cut the power; PCUT, MPOL and disconnect detection are lost with it."""
        super().off(channel)
        self._watts.pop(channel, None)
        self._rearm()

    def read(self) -> ChipReading:
        """Return the channels; what faults have reset is set again."""
        reading = super().read()
        if any(channel.faults for channel in reading.channels):
            self._rearm()
            for number in self._watts:
                self._police(number)
        return reading

    def write_shed_first(self, mask: int) -> None:
        """Set one-bit OSS priorities; PCUT stays enabled."""
        self.put(SHED, (mask & 0x0F) << 4)

    def chip_faults(self, supply_events: int) -> Iterator[ChipFault]:
        """Yield `firmware` too: the SRAM lost its contents."""
        yield from super().chip_faults(supply_events)
        if supply_events & RAM_FAULT:
            yield "firmware"

    def _rearm(self) -> None:
        self.change(MANUAL_POLICING, MPOL_ALL, MPOL_ALL)
        self.change(DISCONNECT, 0x0F, 0x0F)

    def _police(self, channel: int) -> None:
        halves = round(self._watts[channel] * POLICING_SLACK / POLICING_LSB_W)
        self.put(POLICING + channel - 1, min(halves, 0xFE))


class Tps23881:
    """The driver: channels 1 to 4 at the even address, 5 to 8 at the odd one after it."""

    channels = 2 * QUAD

    def __init__(
        self,
        bus: I2cBus,
        address: int,
        sram: Path,
        parity: Path | None = None,
        *,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._bus = bus
        self._address = address
        self._files = (parity, sram)
        self._pause = pause
        self._quads = (Tps23881Quad(bus, address), Tps23881Quad(bus, address + 1))

    def start(self) -> Started:
        """Load the firmware where the chip was powered up, then set up or adopt both halves."""
        for quad in self._quads:
            quad.identify()
        if self._lost_firmware() or not all(quad.configured() for quad in self._quads):
            self._begin()
            return Started(fresh=True)
        started = [quad.start() for quad in self._quads]
        adopted = {n + QUAD * i for i, half in enumerate(started) for n in half.adopted}
        return Started(fresh=False, adopted=frozenset(adopted))

    def read(self) -> ChipReading:
        """Return all eight channels; raise PseError where lost firmware cannot be loaded."""
        lost: tuple[ChipFault, ...] = ()
        if self._lost_firmware():
            self._begin()
            lost = ("reset",)
        halves = [quad.read() for quad in self._quads]
        faults = tuple(dict.fromkeys((*lost, *halves[0].faults, *halves[1].faults)))
        return ChipReading(
            channels=(*halves[0].channels, *halves[1].channels),
            supply_v=halves[0].supply_v,
            temperature_c=max(half.temperature_c for half in halves),
            faults=faults,
        )

    def on(self, channel: int, pd_class: int) -> None:
        """Power a detected PD."""
        quad, own = self._half(channel)
        quad.on(own, pd_class)

    def off(self, channel: int) -> None:
        """Cut the power."""
        quad, own = self._half(channel)
        quad.off(own)

    def detect(self, channel: int, *, wanted: bool) -> None:
        """Look for PDs or not."""
        quad, own = self._half(channel)
        quad.detect(own, wanted=wanted)

    def shed_first(self, channels: frozenset[int]) -> None:
        """Set which channels drop by hardware."""
        for index, quad in enumerate(self._quads):
            own = (n - QUAD * index for n in channels if (n - 1) // QUAD == index)
            quad.shed_first(sum(1 << (n - 1) for n in own))

    def _half(self, channel: int) -> tuple[Tps23881Quad, int]:
        return self._quads[(channel - 1) // QUAD], (channel - 1) % QUAD + 1

    def _lost_firmware(self) -> bool:
        events = self._quads[0].get(SUPPLY_EVENT) | self._quads[1].get(SUPPLY_EVENT)
        return bool(events & (VDUV | RAM_FAULT))

    def _begin(self) -> None:
        self._load()
        for quad in self._quads:
            quad.set_up()

    def _load(self) -> None:
        """Stream parity and code into the chip; raise PseError without a file of the user's."""
        parity, sram = self._files
        if parity is not None:
            self._stream((*_PARITY_FIRST, *_OPEN), _firmware(parity))
        self._stream((*_SRAM_FIRST, *_OPEN), _firmware(sram))
        self._bus.write(self._address, SRAM_CONTROL, SRAM_START)
        self._pause(SRAM_START_S)

    def _stream(self, opening: tuple[tuple[int, int], ...], data: bytes) -> None:
        for register, value in opening:
            self._bus.write(self._address, register, value)
        for start in range(0, len(data), BLOCK):
            self._bus.write_block(self._address, SRAM_DATA, data[start : start + BLOCK])


def _firmware(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PseError(
            "board.no_firmware",
            "The PoE chip needs its firmware, but {path} cannot be read ({reason}). "
            "Get the TPS23881 SRAM file from TI and put it there; until then its ports give "
            "no power.",
            path=path,
            reason=error.strerror,
        ) from None
    if not 0 < len(data) <= MAX_FIRMWARE:
        raise PseError(
            "board.no_firmware",
            "{path} is no firmware of a TPS23881: it has {count} bytes. Get TI's file again.",
            path=path,
            count=len(data),
        )
    return data

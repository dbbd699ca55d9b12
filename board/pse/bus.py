"""One I2C bus: one thread makes all its calls; errors are named, retried where that helps."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, Protocol, TypeVar

from board.errors import BoardError

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

FaultKind = Literal["no_bus", "no_answer", "stuck", "owned", "noise", "denied"]

TRIES = 3
"""Tries of one call before it has failed; all calls of the drivers may be made again."""

_KINDS: dict[int, FaultKind] = {
    errno.ENOENT: "no_bus",
    errno.ENODEV: "no_bus",
    errno.ENXIO: "no_answer",
    errno.EREMOTEIO: "no_answer",
    errno.ETIMEDOUT: "stuck",
    errno.EBUSY: "owned",
    errno.EAGAIN: "noise",
    errno.EIO: "noise",
    errno.EPROTO: "noise",
    errno.EBADMSG: "noise",
    errno.EACCES: "denied",
    errno.EPERM: "denied",
}

_WORDS: dict[FaultKind, str] = {
    "no_bus": "There is no I2C bus {bus}. Is it enabled in the device tree?",
    "no_answer": "No chip answers at address {address:#04x} of I2C bus {bus}.",
    "stuck": "I2C bus {bus} is stuck: a chip holds its lines.",
    "owned": "A driver of the kernel owns address {address:#04x} of I2C bus {bus}.",
    "noise": "Calls to address {address:#04x} of I2C bus {bus} fail.",
    "denied": "The program may not use I2C bus {bus}.",
}


class SmBus(Protocol):
    """What is used of smbus2.SMBus; each call may raise OSError."""

    def read_byte_data(self, i2c_addr: int, register: int) -> int:
        """Return a register."""

    def write_byte_data(self, i2c_addr: int, register: int, value: int) -> None:
        """Set a register."""

    def read_word_data(self, i2c_addr: int, register: int) -> int:
        """Return two registers of one moment, the lower one in the low byte."""

    def write_i2c_block_data(self, i2c_addr: int, register: int, data: list[int]) -> None:
        """Write up to 32 bytes."""

    def close(self) -> None:
        """Give the bus back."""


class BusFault(BoardError):
    """A call failed for good.  `kind` says how, `text` in words."""

    def __init__(self, kind: FaultKind, bus: int, address: int) -> None:
        super().__init__(f"board.bus_{kind}", _WORDS[kind], bus=bus, address=address)
        self.kind = kind


class I2cBus:
    """A bus.  `run` may be called from the loop; `byte`, `word`, `write` only inside it.

    `opened` makes the object with smbus2's calls; it is made anew after the bus was stuck.
    """

    def __init__(self, number: int, opened: Callable[[int], SmBus]) -> None:
        self.number = number
        self._opened = opened
        self._bus: SmBus | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"i2c-{number}")
        self.retried = 0

    async def run(self, work: Callable[[], _T]) -> _T:
        """Do work on the bus's thread, one after the other; raise what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def close(self) -> None:
        """Wait for the work at hand, then give the bus back."""
        await self.run(self._drop)
        self._thread.shutdown(wait=False)

    def byte(self, address: int, register: int) -> int:
        """Return a register; raise BusFault."""
        return self._call(address, lambda bus: bus.read_byte_data(address, register)) & 0xFF

    def word(self, address: int, register: int) -> int:
        """Return two registers of one moment, little end first; raise BusFault."""
        return self._call(address, lambda bus: bus.read_word_data(address, register)) & 0xFFFF

    def write(self, address: int, register: int, value: int) -> None:
        """Set a register; raise BusFault."""
        self._call(address, lambda bus: bus.write_byte_data(address, register, value))

    def write_block(self, address: int, register: int, data: bytes) -> None:
        """Write up to 32 bytes.  Not tried again: a stream may not be repeated in part."""
        self._call(
            address, lambda bus: bus.write_i2c_block_data(address, register, list(data)), tries=1
        )

    def _call(self, address: int, call: Callable[[SmBus], _T], tries: int = TRIES) -> _T:
        kind: FaultKind = "noise"
        for attempt in range(tries):
            self.retried += bool(attempt)
            try:
                if self._bus is None:
                    self._bus = self._opened(self.number)
                return call(self._bus)
            except OSError as error:
                kind = _KINDS.get(error.errno or 0, "noise")
            if kind in ("no_bus", "owned", "denied"):
                break
            if kind == "stuck":
                self._drop()  # opening it anew makes the adapter clock the lines free
        raise BusFault(kind, self.number, address) from None

    def _drop(self) -> None:
        bus, self._bus = self._bus, None
        if bus is not None:
            try:
                bus.close()
            except OSError as error:
                _log.debug("I2C bus %d could not be closed: %s", self.number, error)


def open_smbus(number: int) -> SmBus:
    """Open /dev/i2c-`number` with smbus2; raises OSError."""
    from smbus2 import SMBus

    bus: SmBus = SMBus(number)
    return bus

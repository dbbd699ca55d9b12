"""The simulated I2C buses: objects with smbus2's calls, chips at addresses, faults on demand."""

from __future__ import annotations

import errno
import os
import threading
from collections import deque
from typing import Literal, NamedTuple

from board.sim.chip import BusChip

MAX_LOG = 4_000
MAX_BLOCK = 32

Operation = Literal["read", "word", "write", "block"]


class Call(NamedTuple):
    """A call that was made."""

    operation: Operation
    address: int
    register: int
    value: int


class SimBus:
    """One bus.  `opened` stands for smbus2.SMBus(number); the same chips are behind each."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.lock = threading.RLock()
        self.chips: dict[int, BusChip] = {}
        self.log: deque[Call] = deque(maxlen=MAX_LOG)
        self._faults: dict[int | None, deque[int]] = {}
        self._gone: dict[int | None, int] = {}

    def opened(self) -> SimSmBus:
        """Open the bus; raises OSError where it is missing."""
        with self.lock:
            if None in self._gone and self._gone[None] == errno.ENOENT:
                raise _error(errno.ENOENT)
        return SimSmBus(self)

    def fail_next(self, number: int, count: int = 1, address: int | None = None) -> None:
        """Have the next calls (of an address, or of any) fail with an errno."""
        with self.lock:
            self._faults.setdefault(address, deque()).extend([number] * count)

    def break_for_good(self, number: int, address: int | None = None) -> None:
        """Have all calls fail with an errno until `mend`."""
        with self.lock:
            self._gone[address] = number

    def mend(self) -> None:
        """End all faults."""
        with self.lock:
            self._gone.clear()
            self._faults.clear()

    def is_broken(self, address: int) -> bool:
        """Whether all calls to an address fail."""
        return address in self._gone

    def chip(self, address: int) -> BusChip:
        """Return who answers at an address; raises OSError as the kernel would."""
        for key in (address, None):
            if key in self._gone:
                raise _error(self._gone[key])
            if self._faults.get(key):
                raise _error(self._faults[key].popleft())
        found = self.chips.get(address)
        if found is None:
            raise _error(errno.EREMOTEIO)
        return found


class SimSmBus:
    """smbus2.SMBus as far as the drivers use it."""

    def __init__(self, bus: SimBus) -> None:
        self._bus = bus
        self._open = True

    def read_byte_data(self, i2c_addr: int, register: int) -> int:
        """Return a byte."""
        with self._bus.lock:
            value = self._chip(i2c_addr).read(register)
            self._bus.log.append(Call("read", i2c_addr, register, value))
            return value

    def read_word_data(self, i2c_addr: int, register: int) -> int:
        """Return a word."""
        with self._bus.lock:
            value = self._chip(i2c_addr).read_word(register)
            self._bus.log.append(Call("word", i2c_addr, register, value))
            return value

    def write_byte_data(self, i2c_addr: int, register: int, value: int) -> None:
        """Take a byte."""
        with self._bus.lock:
            self._chip(i2c_addr).write(register, value)
            self._bus.log.append(Call("write", i2c_addr, register, value))

    def write_i2c_block_data(self, i2c_addr: int, register: int, data: list[int]) -> None:
        """Take up to 32 bytes."""
        if not 0 < len(data) <= MAX_BLOCK:
            raise ValueError("An SMBus block has 1 to 32 bytes.")
        with self._bus.lock:
            self._chip(i2c_addr).write_block(register, data)
            self._bus.log.append(Call("block", i2c_addr, register, len(data)))

    def close(self) -> None:
        """Close it."""
        self._open = False

    def _chip(self, address: int) -> BusChip:
        if not self._open:
            raise _error(errno.EBADF)
        return self._bus.chip(address)


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))

"""A simulated chip's registers: what is not in its table cannot be read or written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

Access = Literal["ro", "rw", "wo", "clear", "word"]
"""`clear` is cleared by reading; `wo` a push button; `word` is read as two bytes at once."""


class RegisterMisuseError(AssertionError):
    """A driver did what the datasheet does not allow: a mistake of the driver, never of a user."""


@dataclass(frozen=True, slots=True)
class Register:
    """A register: how it is reached, and its value after power-up."""

    name: str
    access: Access
    reset: int = 0
    writable: int = 0xFF


class BusChip(Protocol):
    """What answers at an address of the simulated bus."""

    def read(self, register: int) -> int:
        """Return a byte."""

    def read_word(self, register: int) -> int:
        """Return two bytes."""

    def write(self, register: int, value: int) -> None:
        """Take a byte."""

    def write_block(self, register: int, data: list[int]) -> None:
        """Take some bytes."""


class RegisterChip:
    """Registers by a table; a subclass gives the values that live and acts on writes."""

    def __init__(self, name: str, table: dict[int, Register], now: Callable[[], float]) -> None:
        self.name = name
        self.table = table
        self.values = {number: entry.reset for number, entry in table.items()}
        self._now = now
        self._then = now()

    def read(self, register: int) -> int:
        """Return a byte; a clear-on-read register is zero afterwards."""
        entry = self._entry(register, "read")
        if entry.access in ("wo", "word"):
            raise RegisterMisuseError(f"{self.name}: {entry.name} is not read as a byte.")
        self.catch_up()
        value = self.live(register)
        if entry.access == "clear":
            self.cleared(register)
        return value

    def read_word(self, register: int) -> int:
        """Return a word register."""
        entry = self._entry(register, "read")
        if entry.access != "word":
            raise RegisterMisuseError(f"{self.name}: {entry.name} is no word.")
        self.catch_up()
        return self.live(register)

    def write(self, register: int, value: int) -> None:
        """Take a byte."""
        entry = self._entry(register, "written")
        if entry.access not in ("rw", "wo"):
            raise RegisterMisuseError(f"{self.name}: {entry.name} cannot be written.")
        if not 0 <= value <= 0xFF or value & ~entry.writable:
            raise RegisterMisuseError(f"{self.name}: {entry.name} does not take {value:#x}.")
        self.catch_up()
        if entry.access == "rw":
            self.values[register] = value
        self.wrote(register, value)

    def write_block(self, register: int, data: list[int]) -> None:
        """No register takes a block."""
        raise RegisterMisuseError(f"{self.name}: register {register:#04x} takes no block.")

    def catch_up(self) -> None:
        """Let the chip live until now."""
        now = self._now()
        elapsed, self._then = now - self._then, now
        if elapsed > 0:
            self.live_on(elapsed)

    # -- for subclasses ------------------------------------------------------------------------

    def live(self, register: int) -> int:
        """Return a register's value now."""
        return self.values[register]

    def live_on(self, seconds: float) -> None:
        """Let time pass."""

    def cleared(self, register: int) -> None:
        """A clear-on-read register was read."""
        self.values[register] = 0

    def wrote(self, register: int, value: int) -> None:
        """A register was written."""

    def _entry(self, register: int, what: str) -> Register:
        entry = self.table.get(register)
        if entry is None:
            raise RegisterMisuseError(
                f"{self.name}: register {register:#04x} was {what}; there is none."
            )
        return entry

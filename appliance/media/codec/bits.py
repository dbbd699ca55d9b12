"""Bits: reading fixed-length and Exp-Golomb codes, and emulation prevention of NAL units."""

from __future__ import annotations

import re

from appliance.media.errors import MalformedError

_NEEDS_ESCAPE = re.compile(rb"\0\0(?=[\0-\3])")


def unescape(data: bytes) -> bytes:
    """Return `data` without emulation prevention bytes (H.264 7.3.1, H.265 7.3.1.1)."""
    return data.replace(b"\0\0\3", b"\0\0")


def escape(data: bytes) -> bytes:
    """Return `data` with emulation prevention bytes put in: the inverse of `unescape`."""
    return _NEEDS_ESCAPE.sub(b"\0\0\3", data)


class BitReader:
    """Reads bits, most significant first, from a short byte string (a few kilobytes).

    Every method raises `MalformedError` when the data end too early.
    """

    __slots__ = ("_length", "_value", "position")

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._length = 8 * len(data)
        self.position = 0
        """Bits read so far."""

    @property
    def left(self) -> int:
        """Bits not read yet."""
        return self._length - self.position

    def u(self, bits: int) -> int:
        """Read an unsigned number of `bits` bits (0 or more)."""
        end = self.position + bits
        if end > self._length:
            raise MalformedError("the data end in the middle of a field")
        self.position = end
        return (self._value >> (self._length - end)) & ((1 << bits) - 1)

    def flag(self) -> bool:
        """Read one bit."""
        return self.u(1) == 1

    def skip(self, bits: int) -> None:
        """Pass over `bits` bits."""
        self.u(bits)

    def ue(self, most: int = 0xFFFF_FFFE) -> int:
        """Read an unsigned Exp-Golomb code (H.264 9.1), refusing one above `most`."""
        window = min(32, self.left)
        head = (self._value >> (self.left - window)) & ((1 << window) - 1)
        if head == 0:
            raise MalformedError("no Exp-Golomb code where one is due")
        zeros = window - head.bit_length()
        value = self.u(2 * zeros + 1) - 1
        if value > most:
            raise MalformedError(f"a code of {value} where at most {most} is allowed")
        return value

    def se(self) -> int:
        """Read a signed Exp-Golomb code (H.264 9.1.1)."""
        value = self.ue()
        return (value + 1) >> 1 if value & 1 else -(value >> 1)


class BitWriter:
    """Writes bits, most significant first; the counterpart of `BitReader`."""

    __slots__ = ("_length", "_value")

    def __init__(self) -> None:
        self._value = 0
        self._length = 0

    def u(self, value: int, bits: int) -> None:
        """Append `value` in `bits` bits; raises ValueError if it does not fit."""
        if not 0 <= value < 1 << bits:
            raise ValueError(f"{value} does not fit {bits} bits")
        self._value = self._value << bits | value
        self._length += bits

    def ue(self, value: int) -> None:
        """Append an unsigned Exp-Golomb code."""
        self.u(value + 1, 2 * (value + 1).bit_length() - 1)

    def se(self, value: int) -> None:
        """Append a signed Exp-Golomb code."""
        self.ue(2 * value - 1 if value > 0 else -2 * value)

    def bytes(self) -> bytes:
        """Return what was written, the last byte filled up with zero bits."""
        padding = -self._length % 8
        return (self._value << padding).to_bytes((self._length + padding) // 8, "big")

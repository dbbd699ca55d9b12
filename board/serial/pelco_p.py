"""Pelco-P: eight bytes, A0 address data1..4 AF xor; the address on the wire counts from 0."""

from __future__ import annotations

from board.serial.motion import Motion
from board.serial.pelco import Pelco


def frame(address: int, data1: int, data2: int, data3: int, data4: int) -> bytes:
    """Return one frame; `address` as people count, from 1.  The last byte is the xor of all."""
    body = bytes((0xA0, address - 1, data1, data2, data3, data4, 0xAF))
    return body + bytes((_xor(body),))


def is_whole(data: bytes) -> bool:
    """Return whether these are the eight bytes of a frame with the right xor."""
    return len(data) == 8 and data[0] == 0xA0 and data[6] == 0xAF and _xor(data) == 0


def _xor(data: bytes) -> int:
    check = 0
    for byte in data:
        check ^= byte
    return check


class PelcoP(Pelco):
    """The protocol as an encoder.  Its focus and iris bits are not those of Pelco-D."""

    name = "pelco_p"
    title = "Pelco-P"
    last_address = 32
    frame_bytes = 8

    def frame(self, address: int, data1: int, data2: int, data3: int, data4: int) -> bytes:
        """Return one frame."""
        return frame(address, data1, data2, data3, data4)

    def bits(self, motion: Motion, directions: int) -> tuple[int, int]:
        """Return the two data bytes."""
        first = (
            (motion.focus > 0)
            | (motion.focus < 0) << 1
            | (motion.iris > 0) << 2
            | (motion.iris < 0) << 3
        )
        return first, directions

    def is_from(self, address: int, data: bytes) -> bool:
        """Return whether these bytes are a whole frame with this address."""
        return is_whole(data) and data[1] == address - 1

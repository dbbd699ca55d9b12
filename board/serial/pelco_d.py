"""Pelco-D (TF-0002): seven bytes, FF address command1 command2 data1 data2 sum."""

from __future__ import annotations

from board.serial.motion import Motion
from board.serial.pelco import FLIP, ZERO_PAN, Pelco

RESERVED_PRESETS = frozenset({FLIP, ZERO_PAN, 95})
"""Presets 33, 34 and 95 turn the camera, zero it and open its menu; they keep no position."""


def frame(address: int, command1: int, command2: int, data1: int, data2: int) -> bytes:
    """Return one frame; the sum is of bytes 2 to 6, modulo 256."""
    body = bytes((address, command1, command2, data1, data2))
    return b"\xff" + body + bytes((sum(body) % 256,))


def is_whole(data: bytes) -> bool:
    """Return whether these are the seven bytes of a frame with the right sum."""
    return len(data) == 7 and data[0] == 0xFF and sum(data[1:6]) % 256 == data[6]


class PelcoD(Pelco):
    """The protocol as an encoder."""

    name = "pelco_d"
    title = "Pelco-D"
    last_address = 255
    frame_bytes = 7

    def frame(self, address: int, data1: int, data2: int, data3: int, data4: int) -> bytes:
        """Return one frame."""
        return frame(address, data1, data2, data3, data4)

    def bits(self, motion: Motion, directions: int) -> tuple[int, int]:
        """Return the two commands; "focus far" shares the byte of the directions."""
        first = (motion.focus < 0) | (motion.iris > 0) << 1 | (motion.iris < 0) << 2
        return first, directions | (motion.focus > 0) << 7

    def is_from(self, address: int, data: bytes) -> bool:
        """Return whether these bytes are a whole frame with this address."""
        return is_whole(data) and data[1] == address

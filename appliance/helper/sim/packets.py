"""Frames of the simulated computer: a camera that answers, and a broadcast now and then."""

from __future__ import annotations

import itertools
import struct
import time

EVERY_S = 0.02
_CAMERA, _BOX = bytes([192, 168, 1, 21]), bytes([192, 168, 1, 2])


class SimulatedSource:
    """Endless frames of UDP between box and camera, with ARP among them."""

    def __init__(self) -> None:
        self._numbers = itertools.count()

    def read(self) -> bytes | None:
        """Return the next frame after a moment."""
        time.sleep(EVERY_S)
        number = next(self._numbers)
        if number % 10 == 0:
            return _arp()
        return _udp(*((_CAMERA, _BOX) if number % 2 else (_BOX, _CAMERA)), number)

    def missed(self) -> int:
        """Return 0: nothing is missed."""
        return 0

    def close(self) -> None:
        """Nothing is open."""


def _udp(source: bytes, target: bytes, number: int) -> bytes:
    body = b"frame %d" % number
    datagram = struct.pack("!HHHH", 5004, 5004, 8 + len(body), 0) + body
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(datagram), number & 0xFFFF, 0, 64, 17, 0)
    return bytes(12) + b"\x08\x00" + head + source + target + datagram


def _arp() -> bytes:
    body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + bytes(6) + _BOX + bytes(6) + _CAMERA
    return b"\xff" * 6 + bytes(6) + b"\x08\x06" + body

"""Speed, duplex and offered speeds of a net device (SIOCETHTOOL, linux/ethtool.h)."""

from __future__ import annotations

import array
import fcntl
import socket
import struct

from board.errors import BoardError

SIOCETHTOOL = 0x8946
GET_SETTINGS = 1
SET_SETTINGS = 2
SETTINGS = struct.Struct("=IIIHBBBBBBIIHBBIII")
"""struct ethtool_cmd, 44 bytes."""
AUTONEGOTIATE = 1
MODES_10 = 0b11
"""10baseT half and full: what is offered for the longer reach (D1-PO-02)."""
MODES_COPPER = 0x3F
"""10, 100 and 1000 Mbit/s, half and full."""
UNKNOWN = 0xFFFF
IFNAME_BYTES = 16


class EthtoolError(BoardError):
    """The kernel refused."""


class Ethtool:
    """The kernel's; each call takes and returns a struct ethtool_cmd."""

    def call(self, name: str, command: bytes) -> bytes:
        """Return the answer; raises OSError."""
        data = array.array("B", command)
        address, _count = data.buffer_info()
        request = struct.pack("16sP", name.encode()[: IFNAME_BYTES - 1], address)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            fcntl.ioctl(sock, SIOCETHTOOL, request.ljust(40, b"\0"))
        return data.tobytes()


def get_command() -> bytes:
    """Return the question for a device's settings."""
    return SETTINGS.pack(GET_SETTINGS, *([0] * 17))


def speed_of(answer: bytes) -> tuple[int | None, bool | None]:
    """Return Mbit/s and whether it is full duplex; None while there is no link."""
    fields = SETTINGS.unpack(answer)
    speed = fields[3] | fields[12] << 16
    duplex = fields[4]
    return (
        None if speed in (0, UNKNOWN, 0xFFFFFFFF) else speed,
        {0: False, 1: True}.get(duplex),
    )


def is_fibre(answer: bytes) -> bool | None:
    """Return whether the connector is optical; None where the driver does not tell."""
    return {0: False, 2: False, 3: True}.get(SETTINGS.unpack(answer)[5])


def offer_command(answer: bytes, *, longer_reach: bool) -> bytes:
    """Return the order to offer 10 Mbit/s only, or all that the device supports."""
    fields = list(SETTINGS.unpack(answer))
    fields[0] = SET_SETTINGS
    supported = fields[1]
    modes = MODES_10 if longer_reach else MODES_COPPER
    fields[2] = fields[2] & ~MODES_COPPER | (supported & modes)
    fields[8] = AUTONEGOTIATE
    return SETTINGS.pack(*fields)

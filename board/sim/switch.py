"""The simulated switch: answers netlink and ethtool for the sockets, from what is plugged in."""

from __future__ import annotations

import errno
import os
import socket
import struct
import threading
from collections.abc import Callable

from board.profile.switch import Switch
from board.sim.devices import Device

FIRST_INDEX = 10
_ETHTOOL = struct.Struct("=IIIHBBBBBBIIHBBIII")
_TEN, _HUNDRED, _GIGABIT = 0b11, 0b1100, 0b110000
BYTES_A_SECOND = 400_000


class SimSwitch:
    """`plugged` returns what is on a PoE port, and whether it runs."""

    def __init__(
        self,
        switch: Switch,
        plugged: Callable[[int], tuple[Device | None, bool]],
        now: Callable[[], float],
    ) -> None:
        self._switch = switch
        self._plugged = plugged
        self._now = now
        self._began = now()
        self._lock = threading.Lock()
        self._offers = {port.netdev: _TEN | _HUNDRED | _GIGABIT for port in switch.ports}
        self.refuse = False

    # -- netlink -------------------------------------------------------------------------------

    def dump(self, kind: int, family: int) -> bytes:
        """Answer RTM_GETLINK (18) and RTM_GETNEIGH (30) of AF_BRIDGE (7) and AF_INET (2)."""
        out = bytearray()
        for place, port in enumerate(self._switch.ports):
            index = FIRST_INDEX + place
            if kind == 18:
                out += self._link(index, port.netdev)
            elif kind == 30 and family == 7:
                own = _neighbour(index, bytes((2, 0, 0, 0, 0, index)), 0x80)
                out += own + self._behind(index, port.netdev)
            elif kind == 30 and family == 2:
                out += self._host(port.netdev)
        return bytes(out) + struct.pack("=IHHIIi", 20, 3, 2, 1, 0, 0)

    def _device(self, netdev: str) -> Device | None:
        """Return who answers behind a socket: only what runs has a link."""
        port = next(port for port in self._switch.ports if port.netdev == netdev)
        if port.uplink:
            return Device("The office", mac="02:0f:f1:ce:00:01", speed_mbps=1000)
        device, runs = self._plugged(port.poe) if port.poe is not None else (None, False)
        if device is None or device.signature == "short" or device.shorted:
            return None
        return device if runs or device.signature == "high" else None

    def _link(self, index: int, netdev: str) -> bytes:
        up = self._device(netdev) is not None
        count = round((self._now() - self._began) * BYTES_A_SECOND) * up
        stats = struct.pack("=6Q", count // 1000, count // 9000, count, count // 40, 0, 0)
        body = struct.pack("=BxHiII", 0, 1, index, 0x1043 if up else 0x1003, 0)
        body += _attribute(3, netdev.encode() + b"\0")
        body += _attribute(33, bytes((up,))) + _attribute(23, stats.ljust(200, b"\0"))
        return _message(16, body)

    def _behind(self, index: int, netdev: str) -> bytes:
        device = self._device(netdev)
        if device is None:
            return b""
        macs = (device.mac, *device.extra_macs)
        return b"".join(_neighbour(index, bytes.fromhex(m.replace(":", "")), 0x02) for m in macs)

    def _host(self, netdev: str) -> bytes:
        device = self._device(netdev)
        if device is None or not device.address:
            return b""
        mac = bytes.fromhex(device.mac.replace(":", ""))
        body = struct.pack("=BxxxiHBB", 2, FIRST_INDEX - 1, 0x02, 0, 0)
        return _message(
            28, body + _attribute(1, socket.inet_aton(device.address)) + _attribute(2, mac)
        )

    # -- ethtool -------------------------------------------------------------------------------

    def call(self, name: str, command: bytes) -> bytes:
        """Answer ETHTOOL_GSET (1) and ETHTOOL_SSET (2)."""
        if name not in self._offers:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        if self.refuse:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        fields = list(_ETHTOOL.unpack(command))
        with self._lock:
            if fields[0] == 2:
                self._offers[name] = fields[2]
                return command
            offers = self._offers[name]
        device = self._device(name)
        speed, duplex = 0xFFFF, 0xFF
        if device is not None:
            most = 10 if not offers & ~_TEN else 100 if not offers & _GIGABIT else 1000
            speed, duplex = min(most, device.speed_mbps), int(device.full_duplex)
        return _ETHTOOL.pack(
            1, _TEN | _HUNDRED | _GIGABIT, offers, speed, duplex, 0, 0, 0, 1, *([0] * 9)
        )


def _message(kind: int, body: bytes) -> bytes:
    length = 16 + len(body)
    return struct.pack("=IHHII", length, kind, 2, 1, 0) + body + b"\0" * (-length % 4)


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)


def _neighbour(index: int, mac: bytes, state: int) -> bytes:
    return _message(28, struct.pack("=BxxxiHBB", 7, index, state, 0, 0) + _attribute(2, mac))

"""Packets written down: which ones are wanted, and the file they go into (pcap)."""

from __future__ import annotations

import ipaddress
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

from appliance.text import _

Ended = Literal["", "time", "size", "disk", "asked", "failed"]
SNAP_BYTES = 65_535
RESERVE_BYTES = 512 << 20
"""So much of the disk is left alone: what records and what starts the box needs it."""

CHECK_BYTES = 1 << 20
WAIT_S = 0.2
ETH_P_ALL = 3
SOL_PACKET, PACKET_STATISTICS = 263, 6
_HEAD = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, SNAP_BYTES, 1)
"""pcap with nanoseconds, Ethernet (draft-ietf-opsawg-pcap)."""

_RECORD = struct.Struct("<IIII")
_PROTOCOLS = {"tcp": (6,), "udp": (17,), "icmp": (1, 58)}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which packets: of an address at either end (b"" for any), a port (0), a protocol."""

    address: bytes = b""
    port: int = 0
    protocol: str = "any"

    @classmethod
    def of(cls, address: str, port: int, protocol: str) -> Wanted:
        """Return what is wanted; raise ValueError for what is no address."""
        packed = ipaddress.ip_address(address).packed if address else b""
        return cls(packed, port, protocol)

    def matches(self, frame: bytes) -> bool:
        """Whether an Ethernet frame is wanted; VLAN tags are looked behind."""
        at = 12
        kind = int.from_bytes(frame[at : at + 2], "big")
        while kind in (0x8100, 0x88A8):
            at += 4
            kind = int.from_bytes(frame[at : at + 2], "big")
        body = at + 2
        if kind == 0x0806:
            return self._arp(frame[body:])
        if kind == 0x0800:
            number, ends, port_at = self._v4(frame, body)
        elif kind == 0x86DD:
            number, ends = frame[body + 6 : body + 7], frame[body + 8 : body + 40]
            port_at = body + 40
        else:
            return not self.address and not self.port and self.protocol == "any"
        if self.protocol == "arp" or not self._ends(ends):
            return False
        return self._carried(number[0] if number else -1, frame, port_at)

    def _v4(self, frame: bytes, at: int) -> tuple[bytes, bytes, int]:
        length = (frame[at] & 15) * 4 if len(frame) > at else 20
        return frame[at + 9 : at + 10], frame[at + 12 : at + 20], at + length

    def _ends(self, ends: bytes) -> bool:
        half = len(ends) // 2
        return not self.address or self.address in (ends[:half], ends[half:])

    def _arp(self, body: bytes) -> bool:
        if self.port or self.protocol not in ("any", "arp"):
            return False
        return not self.address or self.address in (body[14:18], body[24:28])

    def _carried(self, number: int, frame: bytes, at: int) -> bool:
        wanted = _PROTOCOLS.get(self.protocol)
        if wanted is not None and number not in wanted:
            return False
        if not self.port:
            return True
        if number not in (6, 17) or len(frame) < at + 4:
            return False
        return self.port in struct.unpack_from("!HH", frame, at)


class Source(Protocol):
    """Where packets come from."""

    def read(self) -> bytes | None:
        """Return the next frame, None after a while without one; raise OSError."""

    def missed(self) -> int:
        """Return how many came too fast since the last call."""

    def close(self) -> None:
        """Let go."""


class LinkSource:
    """Frames of an interface, as they are on the wire (packet(7)); needs CAP_NET_RAW."""

    def __init__(self, interface: str) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        try:
            self._socket.bind((interface, 0))
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            self._socket.settimeout(WAIT_S)
        except OSError:
            self._socket.close()
            raise

    def read(self) -> bytes | None:
        """Return the next frame."""
        try:
            return self._socket.recv(SNAP_BYTES)
        except TimeoutError:
            return None

    def missed(self) -> int:
        """Return what the kernel dropped."""
        _seen, dropped = struct.unpack(
            "II", self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8)
        )
        return int(dropped)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


@dataclass(slots=True)
class Capture:
    """One capture and its file; `run` is blocking, the rest may be read from elsewhere."""

    path: Path
    wanted: Wanted
    seconds: float
    most_bytes: int
    free: Callable[[], int]
    size: int = 0
    packets: int = 0
    missed: int = 0
    ended: Ended = ""
    text: str = ""
    _stop: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """Let it end soon."""
        self._stop.set()

    def run(self, source: Source) -> None:
        """Write packets until one of the bounds is reached; never raises for a full disk."""
        try:
            with self.path.open("wb") as file:
                self.ended = self._write(file, source)
                file.flush()
        except OSError as error:
            self.ended = "failed"
            self.text = _("The capture broke off: {why}.").format(why=error.strerror or error)
        finally:
            source.close()

    def _write(self, file: BinaryIO, source: Source) -> Ended:
        file.write(_HEAD)
        self.size = len(_HEAD)
        deadline = time.monotonic() + self.seconds
        checked = 0
        while time.monotonic() < deadline:
            if self._stop.is_set():
                return "asked"
            frame = source.read()
            if frame is None:
                self.missed += source.missed()
                file.flush()
                continue
            if not self.wanted.matches(frame):
                continue
            if self.size + _RECORD.size + len(frame) > self.most_bytes:
                return "size"
            now = time.time_ns()
            file.write(_RECORD.pack(now // 10**9, now % 10**9, len(frame), len(frame)) + frame)
            self.size += _RECORD.size + len(frame)
            self.packets += 1
            if self.size - checked >= CHECK_BYTES:
                checked = self.size
                file.flush()
                if self.free() < RESERVE_BYTES:
                    return "disk"
        return "time"

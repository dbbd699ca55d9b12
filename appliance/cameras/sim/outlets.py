"""Where a track's packets go: the RTSP connection, a pair of UDP ports, a multicast group."""

from __future__ import annotations

import asyncio
import random
import socket
from collections import deque
from typing import Protocol

from appliance.cameras.sim.templates import Template

_HIGH_WATER = 8 << 20
"""Bytes waiting for a slow reader before units are skipped."""
_BURST = 24
"""Datagrams sent at once; more follow 2 ms later, as a camera's network chip paces them."""
_LONGEST_QUEUE = 4096


class Outlet(Protocol):
    """Takes what one track sends to one client."""

    def send(self, template: Template) -> bool:
        """Send all packets of a unit; False if the client is too slow and it was left out."""

    def report(self, data: bytes) -> None:
        """Send an RTCP packet."""

    def close(self) -> None:
        """Let go of sockets."""


class InterleavedOutlet:
    """RTP and RTCP inside the RTSP connection (RFC 2326 section 10.12)."""

    def __init__(self, transport: asyncio.Transport, channel: int) -> None:
        self._transport = transport
        self.channel = channel

    def send(self, template: Template) -> bool:
        """Send in one write."""
        if self._transport.get_write_buffer_size() > _HIGH_WATER:
            return False
        self._transport.write(template.interleaved(self.channel))
        return True

    def report(self, data: bytes) -> None:
        """Send on the channel next to that of RTP."""
        self.raw(self.channel + 1, data)

    def raw(self, channel: int, data: bytes) -> None:
        """Send one frame on any channel."""
        head = bytes((0x24, channel)) + len(data).to_bytes(2, "big")
        self._transport.write(head + data)

    def close(self) -> None:
        """Nothing of its own to close."""


def udp_pair(host: str) -> tuple[socket.socket, socket.socket]:
    """Return sockets on an even port and the odd one above it (RFC 3550 section 11)."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(64):
        rtp = socket.socket(family, socket.SOCK_DGRAM)
        rtcp = socket.socket(family, socket.SOCK_DGRAM)
        try:
            rtp.bind((host, 0))
            port = rtp.getsockname()[1]
            if port % 2 == 0 and port < 65_535:
                rtcp.bind((host, port + 1))
                rtp.setblocking(False)
                rtcp.setblocking(False)
                return rtp, rtcp
        except OSError:
            pass
        rtp.close()
        rtcp.close()
    raise OSError("no free pair of UDP ports")


class UdpOutlet:
    """RTP to one port and RTCP to another; loses packets when told."""

    def __init__(
        self,
        sockets: tuple[socket.socket, socket.socket],
        rtp: tuple[str, int],
        rtcp: tuple[str, int],
        chance: random.Random,
    ) -> None:
        self._sockets = sockets
        self._rtp, self._rtcp = rtp, rtcp
        self._chance = chance
        self._queue: deque[bytes] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self.lose_percent = 0.0
        self.lost = 0

    @property
    def server_port(self) -> int:
        """The port RTP comes from."""
        return int(self._sockets[0].getsockname()[1])

    def send(self, template: Template) -> bool:
        """Queue the packets and send as many as fit in a burst."""
        if len(self._queue) > _LONGEST_QUEUE:
            return False
        self._queue.extend(template.datagrams())
        if self._timer is None:
            self._drain()
        return True

    def _drain(self) -> None:
        self._timer = None
        for _ in range(min(_BURST, len(self._queue))):
            packet = self._queue.popleft()
            if self.lose_percent and self._chance.uniform(0, 100) < self.lose_percent:
                self.lost += 1
                continue
            try:
                self._sockets[0].sendto(packet, self._rtp)
            except OSError:
                self.lost += 1
        if self._queue:
            self._timer = asyncio.get_running_loop().call_later(0.002, self._drain)

    def report(self, data: bytes) -> None:
        """Send from the RTCP socket."""
        try:
            self._sockets[1].sendto(data, self._rtcp)
        except OSError:
            self.lost += 1

    def close(self) -> None:
        """Close both sockets."""
        if self._timer is not None:
            self._timer.cancel()
        for item in self._sockets:
            item.close()

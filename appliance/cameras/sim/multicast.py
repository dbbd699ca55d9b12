"""Multicast groups that all viewers of a track share."""

from __future__ import annotations

import itertools
import socket

from appliance.cameras.sim.templates import Template

_numbers = itertools.count(1)


class GroupOutlet:
    """Sends a track to a group; RTCP to the port above.

    Every session holds the same outlet, so a unit already sent to the group is not sent again.
    """

    def __init__(self, host: str, group: str, port: int) -> None:
        self.address = (group, port)
        self.users = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(host))
        self._socket.setblocking(False)
        self._last: tuple[int, int] | None = None
        self.lost = 0

    def send(self, template: Template) -> bool:
        """Send the packets of a unit once, however many viewers there are."""
        stamp = (id(template), int.from_bytes(template.buffer[6:12].tobytes(), "big"))
        if stamp == self._last:
            return True
        self._last = stamp
        for packet in template.datagrams():
            self._to(packet, self.address[1])
        return True

    def report(self, data: bytes) -> None:
        """Send RTCP."""
        self._to(data, self.address[1] + 1)

    def _to(self, data: bytes, port: int) -> None:
        try:
            self._socket.sendto(data, (self.address[0], port))
        except OSError:
            self.lost += 1

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class Groups:
    """The multicast groups of one camera, opened when somebody asks."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._outlets: dict[tuple[str, int], GroupOutlet] = {}

    def join(self, stream: str, track: int) -> tuple[GroupOutlet, tuple[str, int]]:
        """Return the outlet and the (group, port) of a track."""
        outlet = self._outlets.get((stream, track))
        if outlet is None:
            number = next(_numbers)
            group = f"239.255.{number // 250 % 250}.{number % 250 + 1}"
            outlet = GroupOutlet(self._host, group, 20_000 + 2 * (number % 5000))
            self._outlets[stream, track] = outlet
        outlet.users += 1
        return outlet, outlet.address

    def leave(self, stream: str, track: int) -> None:
        """One user less; the last closes the socket."""
        outlet = self._outlets.get((stream, track))
        if outlet is None:
            return
        outlet.users -= 1
        if outlet.users <= 0:
            outlet.close()
            del self._outlets[stream, track]

    def close(self) -> None:
        """Close all."""
        for outlet in self._outlets.values():
            outlet.close()
        self._outlets.clear()

"""Watches the sockets: link, speed, counters, who is behind them, and other switches."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from board.profile.switch import Switch
from board.switch import ethtool, netlink
from board.switch.netlink import AF_BRIDGE, RTM_GETLINK, RTM_GETNEIGH, RTM_NEWLINK, RTM_NEWNEIGH

_log = logging.getLogger(__name__)

OTHER_SWITCH_S = 10.0
"""More than one address for so long is a switch; a camera that was swapped is gone by then."""
MOST_BEHIND = 64


class Kernel(Protocol):
    """What is asked of netlink."""

    def dump(self, kind: int, family: int) -> bytes:
        """Return all messages of an answer; raise NetlinkError."""


class Tool(Protocol):
    """What is asked of ethtool."""

    def call(self, name: str, command: bytes) -> bytes:
        """Return the answer; raises OSError."""


@dataclass(frozen=True, slots=True)
class SocketReading:
    """A socket now; see SwitchWatch."""

    number: int
    present: bool = False
    link: bool = False
    speed_mbps: int | None = None
    full_duplex: bool | None = None
    rx_bytes: int = 0
    tx_bytes: int = 0
    errors: int = 0
    behind: tuple[str, ...] = field(default_factory=tuple)
    other_switch: bool = False


class SwitchWatch:
    """Reads all sockets of a switch.  Calls block for milliseconds: make them in a thread."""

    def __init__(
        self, switch: Switch, kernel: Kernel, tool: Tool, now: Callable[[], float]
    ) -> None:
        self._switch = switch
        self._kernel = kernel
        self._tool = tool
        self._now = now
        self._many_since: dict[int, float] = {}
        self._failure = ""

    def read(self) -> dict[int, SocketReading]:
        """Return the readings by number; a kernel that does not answer is none of them present."""
        try:
            links = self._links()
            behind = self._behind()
        except netlink.NetlinkError as error:
            if error.text != self._failure:
                _log.warning("%s", error.text)
            self._failure = error.text
            return {port.number: SocketReading(port.number) for port in self._switch.ports}
        self._failure = ""
        readings = {}
        for port in self._switch.ports:
            link = links.get(port.netdev)
            if link is None:
                readings[port.number] = SocketReading(port.number)
                continue
            speed, duplex = self._speed(port.netdev) if link.carrier else (None, None)
            macs = behind.get(link.index, ()) if link.carrier else ()
            readings[port.number] = SocketReading(
                number=port.number,
                present=True,
                link=link.carrier,
                speed_mbps=speed,
                full_duplex=duplex,
                rx_bytes=link.rx_bytes,
                tx_bytes=link.tx_bytes,
                errors=link.rx_errors,
                behind=tuple(macs[:MOST_BEHIND]),
                other_switch=not port.uplink and self._is_switch(port.number, len(macs)),
            )
        return readings

    def hosts(self) -> dict[str, str]:
        """Return the Ethernet addresses of the hosts that the kernel knows, by IP address.

        One that several addresses answer to is left out: nobody can be told by it.
        """
        found: dict[str, set[str]] = {}
        try:
            for family in (socket.AF_INET, socket.AF_INET6):
                for kind, body in netlink.messages(self._kernel.dump(RTM_GETNEIGH, family)):
                    host = netlink.host_of(body) if kind == RTM_NEWNEIGH else None
                    if host is not None:
                        found.setdefault(host[0], set()).add(host[1])
        except netlink.NetlinkError as error:
            _log.debug("%s", error.text)  # `read` has told it
        return {address: macs.pop() for address, macs in found.items() if len(macs) == 1}

    def offer(self, longer_reach: Mapping[int, bool]) -> list[str]:
        """Offer 10 Mbit/s only on some sockets, all speeds on the others; return what failed."""
        failed = []
        for port in self._switch.ports:
            if not port.enhancement or port.number not in longer_reach:
                continue
            try:
                answer = self._tool.call(port.netdev, ethtool.get_command())
                order = ethtool.offer_command(answer, longer_reach=longer_reach[port.number])
                if order[8:12] != answer[8:12]:
                    self._tool.call(port.netdev, order)
            except OSError as error:
                failed.append(f"Socket {port.label}: {error.strerror}.")
        return failed

    def _links(self) -> dict[str, netlink.Link]:
        found = {}
        for kind, body in netlink.messages(self._kernel.dump(RTM_GETLINK, 0)):
            link = netlink.link_of(body) if kind == RTM_NEWLINK else None
            if link is not None:
                found[link.name] = link
        return found

    def _behind(self) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for kind, body in netlink.messages(self._kernel.dump(RTM_GETNEIGH, AF_BRIDGE)):
            neighbour = netlink.neighbour_of(body) if kind == RTM_NEWNEIGH else None
            if neighbour is not None:
                known = found.setdefault(neighbour.index, [])
                if neighbour.mac not in known:  # the same one in several VLANs is one
                    known.append(neighbour.mac)
        return found

    def _speed(self, name: str) -> tuple[int | None, bool | None]:
        try:
            return ethtool.speed_of(self._tool.call(name, ethtool.get_command()))
        except OSError:
            return None, None

    def _is_switch(self, number: int, count: int) -> bool:
        if count < 2:
            self._many_since.pop(number, None)
            return False
        return self._now() - self._many_since.setdefault(number, self._now()) >= OTHER_SWITCH_S

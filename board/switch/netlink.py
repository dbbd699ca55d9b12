"""rtnetlink: questions and answers as bytes (RFC 3549, linux/rtnetlink.h, linux/if_link.h)."""

from __future__ import annotations

import ipaddress
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from board.errors import BoardError

AF_BRIDGE = 7
RTM_NEWLINK = 16
RTM_GETLINK = 18
RTM_NEWNEIGH = 28
RTM_GETNEIGH = 30
NLMSG_ERROR = 2
NLMSG_DONE = 3
DUMP = 0x0301
"""NLM_F_REQUEST with NLM_F_ROOT and NLM_F_MATCH."""

IFLA_IFNAME = 3
IFLA_STATS64 = 23
IFLA_CARRIER = 33
NDA_DST = 1
NDA_LLADDR = 2
NUD_KNOWN = 0x02 | 0x04 | 0x08 | 0x10 | 0x80
"""Reachable, stale, asked again, or set by hand: the address belongs to a host that answered."""
NUD_PERMANENT = 0x80
"""The switch's own address: nobody is behind it."""

_HEADER = struct.Struct("=IHHII")
_LINK = struct.Struct("=BxHiII")
_NEIGHBOUR = struct.Struct("=BxxxiHBB")
_ATTRIBUTE = struct.Struct("=HH")
_STATS = struct.Struct("=6Q")
MAC_BYTES = 6
RECEIVE = 64 * 1024
TIMEOUT_S = 2.0


class NetlinkError(BoardError):
    """The kernel did not answer, or answered with an error."""


@dataclass(frozen=True, slots=True)
class Link:
    """A net device: `carrier`: something is plugged in; counters since it was made."""

    index: int
    name: str
    carrier: bool
    rx_bytes: int
    tx_bytes: int
    rx_errors: int


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An Ethernet address that the switch learned behind a net device."""

    index: int
    mac: str


def question(kind: int, family: int, number: int) -> bytes:
    """Return a dump request of links or neighbours."""
    if kind == RTM_GETLINK:
        body = _LINK.pack(family, 0, 0, 0, 0)
    else:
        body = _NEIGHBOUR.pack(family, 0, 0, 0, 0)
    return _HEADER.pack(_HEADER.size + len(body), kind, DUMP, number, 0) + body


def messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield type and body of each message; raise NetlinkError for what is cut short."""
    at = 0
    while at < len(data):
        if len(data) - at < _HEADER.size:
            raise NetlinkError("board.netlink", "An answer of the kernel was cut short.")
        length, kind, _flags, _number, _port = _HEADER.unpack_from(data, at)
        if not _HEADER.size <= length <= len(data) - at:
            raise NetlinkError("board.netlink", "An answer of the kernel was cut short.")
        yield kind, data[at + _HEADER.size : at + length]
        at += (length + 3) & ~3


def link_of(body: bytes) -> Link | None:
    """Return the net device of an RTM_NEWLINK, None where it has no name."""
    if len(body) < _LINK.size:
        return None
    _family, _type, index, _flags, _change = _LINK.unpack_from(body)
    found = dict(_attributes(body[_LINK.size :]))
    name = found.get(IFLA_IFNAME, b"").rstrip(b"\0").decode(errors="replace")
    stats = found.get(IFLA_STATS64, b"")
    counters = _STATS.unpack_from(stats) if len(stats) >= _STATS.size else (0,) * 6
    if not name:
        return None
    return Link(
        index=index,
        name=name,
        carrier=found.get(IFLA_CARRIER, b"\0")[:1] == b"\1",
        rx_bytes=counters[2],
        tx_bytes=counters[3],
        rx_errors=counters[4],
    )


def neighbour_of(body: bytes) -> Neighbour | None:
    """Return the learned address of an RTM_NEWNEIGH; None for the switch's own and for groups."""
    if len(body) < _NEIGHBOUR.size:
        return None
    _family, index, state, _flags, _type = _NEIGHBOUR.unpack_from(body)
    mac = dict(_attributes(body[_NEIGHBOUR.size :])).get(NDA_LLADDR, b"")
    if len(mac) != MAC_BYTES or state & NUD_PERMANENT or mac[0] & 1:
        return None
    return Neighbour(index, mac.hex(":"))


def host_of(body: bytes) -> tuple[str, str] | None:
    """Return IP and Ethernet address of an RTM_NEWNEIGH of AF_INET or AF_INET6, None for others."""
    if len(body) < _NEIGHBOUR.size:
        return None
    _family, _index, state, _flags, _type = _NEIGHBOUR.unpack_from(body)
    found = dict(_attributes(body[_NEIGHBOUR.size :]))
    mac, address = found.get(NDA_LLADDR, b""), found.get(NDA_DST, b"")
    if len(mac) != MAC_BYTES or not any(mac) or not state & NUD_KNOWN:
        return None
    try:
        return str(ipaddress.ip_address(address)), mac.hex(":")
    except ValueError:
        return None


class Netlink:
    """Asks the kernel.  `dump` blocks for milliseconds: call it in a thread."""

    def __init__(self) -> None:
        self._number = 0

    def dump(self, kind: int, family: int) -> bytes:
        """Return all messages of an answer; raise NetlinkError."""
        self._number += 1
        answer = bytearray()
        try:
            with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as sock:
                sock.settimeout(TIMEOUT_S)
                sock.bind((0, 0))
                sock.send(question(kind, family, self._number))
                while True:
                    part = sock.recv(RECEIVE)
                    answer += part
                    kinds = [found for found, _body in messages(part)]
                    if NLMSG_ERROR in kinds:
                        raise NetlinkError("board.netlink", "The kernel refused to list the ports.")
                    if NLMSG_DONE in kinds:
                        return bytes(answer)
        except OSError as error:
            raise NetlinkError(
                "board.netlink",
                "The ports of the switch cannot be listed: {reason}.",
                reason=error.strerror or error,
            ) from None


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, at)
        if not _ATTRIBUTE.size <= length <= len(data) - at:
            return
        yield kind & 0x3FFF, data[at + _ATTRIBUTE.size : at + length]
        at += (length + 3) & ~3

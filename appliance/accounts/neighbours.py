"""Which network card an address on the link belongs to, asked of the kernel's neighbour table.

RTM_GETNEIGH over netlink (rtnetlink(7)) tells IPv4 and IPv6 alike and needs no rights.  A card is
known only of a peer on the same link; behind a router there is the router's card, or none, and
nothing here pretends otherwise.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
import struct
from collections.abc import Iterator

_MAC = re.compile(r"[0-9a-f]{2}([:-]?[0-9a-f]{2}){5}")
_RTM_GETNEIGH = 30
_RTM_NEWNEIGH = 28
_NLMSG_DONE = 3
_NLMSG_ERROR = 2
_REQUEST_DUMP = 0x301
"""NLM_F_REQUEST | NLM_F_ROOT | NLM_F_MATCH"""
_NDA_DST = 1
_NDA_LLADDR = 2
_HEADER = struct.Struct("=IHHII")
_NDMSG = struct.Struct("=BxxxiHBB")
_ATTRIBUTE = struct.Struct("=HH")
_MOST_BYTES = 1 << 20
_WAIT_S = 0.5


def read_mac(value: object) -> str | None:
    """Return a hardware address as "00:1A:2B:3C:4D:5E", "" for none; None if it is not one.

    Not one either: the broadcast address, groups, all zeros (IEEE 802, bit 0 of the first byte).
    """
    if not isinstance(value, str):
        return None
    text = value.strip().lower()
    if not text:
        return ""
    if not _MAC.fullmatch(text):
        return None
    digits = text.replace(":", "").replace("-", "")
    if int(digits[:2], 16) & 1 or not int(digits, 16):
        return None
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2)).upper()


def card_of(address: str) -> str | None:
    """Return the hardware address of a peer on the link, None where it cannot be known.

    Blocking, at most about half a second.
    """
    try:
        wanted = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if isinstance(wanted, ipaddress.IPv6Address) and wanted.ipv4_mapped is not None:
        wanted = wanted.ipv4_mapped
    with contextlib.suppress(OSError, AttributeError):
        for data in _dump():
            for found, card in cards(data):
                if found == wanted:
                    return card
    return None


def cards(
    data: bytes,
) -> Iterator[tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, str]]:
    """Yield address and hardware address of each neighbour in netlink messages."""
    at = 0
    while at + _HEADER.size <= len(data):
        length, kind, _flags, _seq, _pid = _HEADER.unpack_from(data, at)
        if length < _HEADER.size or at + length > len(data):
            return
        if kind == _RTM_NEWNEIGH and length >= _HEADER.size + _NDMSG.size:
            entry = _neighbour(data[at + _HEADER.size + _NDMSG.size : at + length])
            if entry is not None:
                yield entry
        at += length + 3 & ~3


def _neighbour(
    data: bytes,
) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, str] | None:
    address, card, at = None, None, 0
    while at + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, at)
        if length < _ATTRIBUTE.size or at + length > len(data):
            break
        value = data[at + _ATTRIBUTE.size : at + length]
        if kind == _NDA_DST and len(value) in (4, 16):
            address = ipaddress.ip_address(value)
        elif kind == _NDA_LLADDR and len(value) == 6:
            card = read_mac(value.hex())
        at += length + 3 & ~3
    return (address, card) if address is not None and card else None


def _dump() -> Iterator[bytes]:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as link:
        link.settimeout(_WAIT_S)
        body = _NDMSG.pack(socket.AF_UNSPEC, 0, 0, 0, 0)
        link.send(_HEADER.pack(_HEADER.size + len(body), _RTM_GETNEIGH, _REQUEST_DUMP, 1, 0) + body)
        taken = 0
        while taken < _MOST_BYTES:
            data = link.recv(65_536)
            taken += len(data)
            yield data
            if _is_last(data):
                return


def _is_last(data: bytes) -> bool:
    at = 0
    while at + _HEADER.size <= len(data):
        length, kind, _flags, _seq, _pid = _HEADER.unpack_from(data, at)
        if kind in (_NLMSG_DONE, _NLMSG_ERROR) or length < _HEADER.size:
            return True
        at += length + 3 & ~3
    return not data

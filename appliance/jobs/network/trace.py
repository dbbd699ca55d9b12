"""The way to an address, hop by hop, from the errors that come back to UDP packets (RFC 792)."""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from appliance.jobs.network.target import Target

FIRST_PORT = 33_434
IP_RECVERR, IPV6_RECVERR = 11, 25
_EXTENDED = struct.Struct("=IBBBBII")
"""struct sock_extended_err (ip(7)): errno, origin, type, code, pad, info, data."""

_V4, _V6 = 2, 3
_TIME_EXCEEDED = {_V4: 11, _V6: 3}


@dataclass(frozen=True, slots=True)
class Hop:
    """A hop; `address` "" where nobody answered, `arrived` at the target itself."""

    number: int
    address: str
    delay_ms: float | None
    arrived: bool


def hops(
    target: Target,
    *,
    most: int = 24,
    wait_s: float = 1.0,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[Hop]:
    """Yield each hop until the target answers or `most` are asked.  Needs no right.  Blocking."""
    for number in range(1, most + 1):
        if cancelled():
            return
        hop = _one(target, number, wait_s)
        yield hop
        if hop.arrived:
            return


def _one(target: Target, number: int, wait_s: float) -> Hop:
    with socket.socket(target.family, socket.SOCK_DGRAM) as link:
        if target.is_v6:
            link.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
            link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, number)
        else:
            link.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
            link.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, number)
        sent = time.monotonic()
        try:
            link.sendto(b"\0" * 32, (target.address, FIRST_PORT + number))
        except OSError:
            return Hop(number, "", None, False)
        asked = select.poll()
        asked.register(link, select.POLLIN)  # POLLERR is always told
        if not asked.poll(wait_s * 1000):
            return Hop(number, "", None, False)
        delay_ms = (time.monotonic() - sent) * 1000
        try:
            _data, extra, _flags, _peer = link.recvmsg(512, 512, socket.MSG_ERRQUEUE)
        except OSError:
            return Hop(number, target.address, delay_ms, True)
        for level, kind, data in extra:
            if (level, kind) in (
                (socket.IPPROTO_IP, IP_RECVERR),
                (socket.IPPROTO_IPV6, IPV6_RECVERR),
            ):
                return _hop(number, data, delay_ms)
        return Hop(number, "", None, False)


def _hop(number: int, data: bytes, delay_ms: float) -> Hop:
    _errno, origin, kind, _code, _pad, _info, _more = _EXTENDED.unpack_from(data)
    offender = data[_EXTENDED.size :]
    address = ""
    if origin == _V4 and len(offender) >= 8:
        address = socket.inet_ntop(socket.AF_INET, offender[4:8])
    elif origin == _V6 and len(offender) >= 24:
        address = socket.inet_ntop(socket.AF_INET6, offender[8:24])
    arrived = origin in _TIME_EXCEEDED and kind != _TIME_EXCEEDED[origin]
    return Hop(number, address, delay_ms, arrived)

"""ICMP echo (RFC 792, RFC 4443): how long an answer takes, and how many are lost."""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from appliance.jobs.errors import JobError
from appliance.jobs.network.target import Target
from appliance.text import _

SO_TIMESTAMPNS = 35
"""linux/socket.h: when the kernel got a packet; this process has the lowest priority."""

_SIZE = 56
_REQUEST = {4: 8, 6: 128}
_REPLY = {4: 0, 6: 129}
_MOST_PACKET = 2048


@dataclass(frozen=True, slots=True)
class Echo:
    """One request: when it was sent (s since the first) and how long it took, None if lost."""

    at_s: float
    delay_ms: float | None


def echoes(
    target: Target,
    count: int,
    *,
    interval_s: float,
    timeout_s: float,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[Echo]:
    """Send `count` requests one after the other and yield what becomes of each.  Blocking.

    Raises JobError (not_permitted, no_route).
    """
    with _open(target) as link:
        link.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        mark = os.urandom(8)
        began = time.monotonic()
        for number in range(count):
            if cancelled():
                return
            at = time.monotonic()
            delay = _one(link, target, number + 1, mark, timeout_s)
            yield Echo(at - began, delay)
            rest = interval_s - (time.monotonic() - at)
            if rest > 0 and number + 1 < count:
                time.sleep(rest)


def _open(target: Target) -> socket.socket:
    """Return a ping socket (net.ipv4.ping_group_range), or a raw one where that is allowed."""
    protocol = socket.IPPROTO_ICMPV6 if target.is_v6 else socket.IPPROTO_ICMP
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            return socket.socket(target.family, kind, protocol)
        except PermissionError:
            continue
    raise JobError("not_permitted", _("This computer does not let programs ping."))


def _one(
    link: socket.socket, target: Target, number: int, mark: bytes, timeout_s: float
) -> float | None:
    version = 6 if target.is_v6 else 4
    body = mark + struct.pack("!Q", number) + bytes(_SIZE - 16)
    head = struct.pack("!BBHHH", _REQUEST[version], 0, 0, os.getpid() & 0xFFFF, number)
    packet = head + body
    if version == 4:
        packet = packet[:2] + struct.pack("!H", _checksum(packet)) + packet[4:]
    deadline = time.monotonic() + timeout_s
    sent_ns = time.time_ns()
    try:
        link.sendto(packet, (target.address, 0))
    except OSError as error:
        if isinstance(error, PermissionError):
            raise JobError("not_permitted", _("A rule of this box forbids to ping.")) from error
        text = _("There is no way to {name} ({address}): check address, mask and gateway.")
        raise JobError("no_route", text.format(name=target.name, address=target.address)) from error
    while (rest := deadline - time.monotonic()) > 0:
        link.settimeout(rest)
        try:
            data, extra, _flags, _peer = link.recvmsg(_MOST_PACKET, 128)
        except TimeoutError:
            return None
        except OSError:
            return None
        got_ns = _stamp(extra) or time.time_ns()
        if _is_answer(data, version, number, mark):
            return max(0.0, (got_ns - sent_ns) / 1e6)
    return None


def _is_answer(data: bytes, version: int, number: int, mark: bytes) -> bool:
    """Whether a packet answers this request; a raw IPv4 socket gives the IP header, too."""
    if version == 4 and data and data[0] >> 4 == 4 and len(data) >= 20 + 8 + 16:
        data = data[(data[0] & 15) * 4 :]
    if len(data) < 24 or data[0] != _REPLY[version]:
        return False
    return data[6:8] == struct.pack("!H", number) and data[8:16] == mark


def _stamp(extra: list[tuple[int, int, bytes]]) -> int | None:
    for level, kind, data in extra:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS and len(data) >= 16:
            seconds, nanoseconds = struct.unpack("qq", data[:16])
            return int(seconds * 1_000_000_000 + nanoseconds)
    return None


def _checksum(packet: bytes) -> int:
    """Return the checksum of RFC 1071."""
    if len(packet) % 2:
        packet += b"\0"
    total = sum(struct.unpack(f"!{len(packet) // 2}H", packet))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return int(~total & 0xFFFF)

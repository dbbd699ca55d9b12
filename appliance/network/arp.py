"""ARP: is an address free, and who answers for it (RFC 826, RFC 5227)."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import struct

from appliance.network.host import NetworkError
from appliance.text import _

ETH_P_ARP = 0x0806
PROBES = 3
PROBE_EVERY_S = 0.3
ANSWER_S = 0.6
"""Of the last probe.  RFC 5227 section 1.1 asks for 1 to 2 s between probes and 2 s after them, for
networks of any age; within one segment an answer takes a millisecond, and a person waits."""
LARGEST = 128
_BROADCAST = b"\xff" * 6
_ETHERNET = struct.Struct("!6s6sH")
_ARP = struct.Struct("!HHBBH6s4s6s4s")
_REQUEST, _REPLY = 1, 2
_NOBODY = b"\0" * 4


def probe(mac: bytes, address: str) -> bytes:
    """Return the frame that asks for an address without claiming one (RFC 5227 section 2.1.1)."""
    wanted = ipaddress.IPv4Address(address).packed
    head = _ETHERNET.pack(_BROADCAST, mac, ETH_P_ARP)
    return head + _ARP.pack(1, 0x0800, 6, 4, _REQUEST, mac, _NOBODY, b"\0" * 6, wanted)


def bearer(frame: bytes, address: str, own: bytes) -> str | None:
    """Return the hardware address of another that bears or probes for `address`, None for others.

    Both count as a conflict (RFC 5227 section 2.1.1).  Frames cut short and foreign ones are None.
    """
    if len(frame) < _ETHERNET.size + _ARP.size:
        return None
    _to, _from, kind = _ETHERNET.unpack_from(frame)
    medium, protocol, hard, soft, operation, mac, sender, _target_mac, target = _ARP.unpack_from(
        frame, _ETHERNET.size
    )
    known = (kind, medium, protocol, hard, soft) == (ETH_P_ARP, 1, 0x0800, 6, 4)
    if not known or operation not in (_REQUEST, _REPLY) or mac == own or mac[0] & 1:
        return None
    wanted = ipaddress.IPv4Address(address).packed
    probing = operation == _REQUEST and sender == _NOBODY and target == wanted
    return mac.hex(":") if sender == wanted or probing else None


async def who_has(interface: str, address: str) -> list[str]:
    """Return the hardware addresses of all others that answer for an address, in 1.2 s.

    Needs CAP_NET_RAW.  Empty for IPv6, where the kernel probes by itself (RFC 4862 section 5.4).
    Raise NetworkError.
    """
    if ":" in address:
        return []
    try:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ARP)) as sock:
            sock.setblocking(False)
            sock.bind((interface, ETH_P_ARP))
            own = sock.getsockname()[4]
            return await _ask(sock, own, address)
    except OSError as error:
        text = _("The segment of {interface} cannot be asked: {reason}.")
        reason = error.strerror or error
        raise NetworkError(
            "network.no_probe", text.format(interface=interface, reason=reason)
        ) from error


async def _ask(sock: socket.socket, own: bytes, address: str) -> list[str]:
    found: dict[str, None] = {}

    async def listen() -> None:
        while True:
            frame = await asyncio.get_running_loop().sock_recv(sock, LARGEST)
            if (mac := bearer(frame, address, own)) is not None:
                found[mac] = None

    listening = asyncio.create_task(listen())
    try:
        for _number in range(PROBES):
            sock.send(probe(own, address))
            await asyncio.wait([listening], timeout=PROBE_EVERY_S)
        await asyncio.wait([listening], timeout=ANSWER_S - PROBE_EVERY_S)
        if listening.done():
            listening.result()
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    return list(found)

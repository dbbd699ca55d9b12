"""Whether the box reaches its router and its name servers: for the set-up, in a second or two.

Nothing of what is answered is taken in: an entry in the kernel's neighbour table, and the number of
our own question in the answer of a name server (RFC 1035 section 4.1.1), are all that is looked at.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from appliance.text import _

ROUTES = Path("/proc/net/route")
NEIGHBOURS = Path("/proc/net/arp")
RESOLVER = Path("/etc/resolv.conf")
WAIT_S = 2.0
LOOK_S = 0.1
MOST_SERVERS = 3
DISCARD, DOMAIN = 9, 53
_COMPLETE = 0x2
_GATEWAY = 0x2


@dataclass(frozen=True, slots=True)
class Reached:
    """One thing that was tried: `what` gateway or names, its address, and how it went in words."""

    what: Literal["gateway", "names"]
    address: str
    ok: bool
    text: str


async def reach(
    *,
    routes: Path | None = None,
    neighbours: Path = NEIGHBOURS,
    resolver: Path | None = None,
    domain: int = DOMAIN,
    wait_s: float = WAIT_S,
) -> list[Reached]:
    """Try the router and each name server at once; by default those of this computer."""
    gateway = await asyncio.to_thread(default_gateway, routes or ROUTES)
    servers = await asyncio.to_thread(name_servers, resolver or RESOLVER)
    tries = [] if gateway is None else [_gateway(gateway, neighbours, wait_s)]
    tries += [_server(server, domain, wait_s) for server in servers]
    return list(await asyncio.gather(*tries))


def default_gateway(routes: Path) -> str | None:
    """Return the IPv4 address of the default route of least metric, None without one.  Blocks."""
    found = []
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in routes.read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if int(fields[1], 16) == 0 and int(fields[3], 16) & _GATEWAY:
                raw = bytes.fromhex(fields[2])[::-1]
                found.append((int(fields[6]), str(ipaddress.IPv4Address(raw))))
    return min(found)[1] if found else None


def name_servers(resolver: Path) -> list[str]:
    """Return the addresses of the name servers, three at most (resolv.conf(5)).  Blocks."""
    found = []
    with contextlib.suppress(OSError, UnicodeDecodeError):
        for line in resolver.read_text(encoding="utf-8").splitlines():
            words = line.split()
            if len(words) >= 2 and words[0] == "nameserver":
                with contextlib.suppress(ValueError):
                    found.append(str(ipaddress.ip_address(words[1])))
    return found[:MOST_SERVERS]


async def _gateway(address: str, neighbours: Path, wait_s: float) -> Reached:
    """Make the kernel look for the router, and see whether it has found it."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.setblocking(False)
        probe.sendto(b"", (address, DISCARD))
    found = False
    for _look in range(max(1, round(wait_s / LOOK_S))):
        found = await asyncio.to_thread(_is_neighbour, address, neighbours)
        if found:
            break
        await asyncio.sleep(LOOK_S)
    text = (
        _("The router {address} answers.")
        if found
        else _("The router {address} does not answer. Check its address and the cable.")
    )
    return Reached("gateway", address, found, text.format(address=address))


def _is_neighbour(address: str, neighbours: Path) -> bool:
    try:
        lines = neighbours.read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return False
    for line in lines:
        fields = line.split()
        if len(fields) > 2 and fields[0] == address and int(fields[2], 16) & _COMPLETE:
            return True
    return False


class _Question(asyncio.DatagramProtocol):
    def __init__(self, number: bytes) -> None:
        self._number = number
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        del addr
        if data[:2] == self._number and not self.answered.done():
            self.answered.set_result(None)

    def error_received(self, exc: Exception) -> None:
        if not self.answered.done():
            self.answered.set_exception(exc)


async def _server(address: str, port: int, wait_s: float) -> Reached:
    """Ask for the servers of the root (RFC 1035 section 4.1), which every name server knows."""
    number = secrets.token_bytes(2)
    query = number + bytes.fromhex("0100 0001 0000 0000 0000 00 0002 0001")
    answered = False
    with contextlib.suppress(OSError, TimeoutError):
        loop = asyncio.get_running_loop()
        transport, question = await loop.create_datagram_endpoint(
            lambda: _Question(number), remote_addr=(address, port)
        )
        try:
            async with asyncio.timeout(wait_s):
                transport.sendto(query)
                await question.answered
            answered = True
        finally:
            transport.close()
    text = (
        _("The name server {address} answers.")
        if answered
        else _("The name server {address} does not answer. Check its address.")
    )
    return Reached("names", address, answered, text.format(address=address))

"""From a host name to a connected socket: resolved anew each time, IPv6 and IPv4, bounded."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket

from appliance.recording.ingest import fault
from appliance.recording.ingest.state import IngestError

MAX_ADDRESSES = 4
"""So many addresses of a name are tried; families take turns, as the resolver sorted them."""


async def connect(host: str, port: int, timeout_s: float) -> socket.socket:
    """Return a non-blocking socket connected to `host`.

    Cameras change addresses (DHCP), so nothing is remembered.  Raises `IngestError` within
    `timeout_s`, which all addresses of the name share.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_s
    found = await _resolve(host, port, timeout_s)
    failed: OSError | None = None
    for index, (family, address) in enumerate(found):
        left = (deadline - loop.time()) / (1 if index == len(found) - 1 else 2)
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setblocking(False)
        try:
            async with asyncio.timeout(max(left, 0.05)):
                await loop.sock_connect(sock, address)
        except OSError as error:  # a TimeoutError is one
            sock.close()
            failed = failed if failed and isinstance(error, TimeoutError) else error
        except BaseException:
            sock.close()
            raise
        else:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
    assert failed is not None
    raise IngestError(fault.connect_failed(host, port, failed)) from failed


async def _resolve(
    host: str, port: int, timeout_s: float
) -> list[tuple[int, tuple[str, int] | tuple[str, int, int, int]]]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout_s):
            infos = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise IngestError(fault.unresolved(host)) from error
    families: dict[int, list[tuple[str, int] | tuple[str, int, int, int]]] = {}
    for family, _kind, _proto, _name, address in infos:
        if family in (socket.AF_INET, socket.AF_INET6):
            families.setdefault(family, []).append(address)
    turns = itertools.zip_longest(*([(f, a) for a in found] for f, found in families.items()))
    sorted_ = [entry for turn in turns for entry in turn if entry is not None]
    if not sorted_:
        raise IngestError(fault.unresolved(host))
    return sorted_[:MAX_ADDRESSES]

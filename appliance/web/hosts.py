"""Under which names the box may be addressed: against DNS rebinding and foreign origins."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from aiohttp import web

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_.-]{1,253})(?::([0-9]{1,5}))?")


class HostNames:
    """The names the box answers to; any literal address is fine, it cannot be rebound."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names: frozenset[str] = frozenset()
        self.set(names)

    def set(self, names: Iterable[str]) -> None:
        """Answer to these and to what the system calls itself."""
        host = socket.gethostname().lower()
        short = host.partition(".")[0]
        own = {"localhost", host, short, f"{short}.local"}
        self._names = frozenset(own | {name.lower().rstrip(".") for name in names if name})

    def allows(self, host: str) -> bool:
        """Whether a Host header is ours: a literal address or a known name, with any port."""
        match = _HOST.fullmatch(host)
        if match is None:
            return False
        name = match[1].lower().rstrip(".")
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return name in self._names
        return True


def same_origin(request: web.Request) -> bool:
    """Whether the Origin of `request` is where it was sent to; absent: no browser, no page."""
    origin = request.headers.get("Origin")
    if origin is None:
        return request.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme == request.scheme and parts.netloc.lower() == request.host.lower()

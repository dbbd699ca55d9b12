"""TLS towards others - mail, log server, updates - with the authorities the user trusts, too."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Iterable
from typing import Any


def client_context(authorities: Iterable[str] = (), *, public: bool = True) -> ssl.SSLContext:
    """Return a context for connecting out: TLS 1.2 or later, name and chain are checked.

    `authorities` are PEM texts of those trusted besides the public ones; without `public` they
    alone are.  Raises ssl.SSLError for a text that is no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if public:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    for pem in authorities:
        context.load_verify_locations(cadata=pem)
    return context


async def trusted_context(
    request: Callable[[str, dict[str, Any]], Awaitable[Any]],
) -> ssl.SSLContext:
    """Return `client_context` with the authorities of this box; `request` asks over the bus.

    Raises BusError while the supervisor is away.
    """
    answer = await request("certificates.trusted", {})
    return client_context(answer["authorities"])

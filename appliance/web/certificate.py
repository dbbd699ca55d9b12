"""The certificate the web server shows: what the supervisor hands out, exchanged while it runs."""

from __future__ import annotations

import datetime
import logging
import ssl
from collections.abc import Iterable

from appliance.bus.errors import BusError
from appliance.certificates.device import own_names, renewed
from appliance.certificates.pair import CertificateError, Pair, pair_of
from appliance.web.context import Bus

SERVICE = "web"
_log = logging.getLogger(__name__)


def server_context(pair: Pair) -> ssl.SSLContext:
    """Return a server context that shows `pair`: TLS 1.2 or later.  Raises OSError, SSLError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    pair.load(context)
    return context


class ShownCertificate:
    """Keeps the context for connections made from now on; those made go on with theirs.

    A new certificate means a new context: OpenSSL keeps one certificate for each kind of key, and
    would go on showing the former one beside another kind.
    """

    def __init__(self) -> None:
        self._context: ssl.SSLContext | None = None
        self._pair: Pair | None = None
        self._shown: tuple[str, str] | None = None

    def context(self) -> ssl.SSLContext:
        """Return the context for a new connection."""
        assert self._context is not None
        return self._context

    def steady(self) -> ssl.SSLContext:
        """Return a context for whoever takes but one: each handshake goes on in the newest."""
        assert self._pair is not None
        context = server_context(self._pair)

        def turn(connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
            connection.context = self.context()

        context.sni_callback = turn
        return context

    async def fetch(self, bus: Bus, names: Iterable[str], timeout_s: float) -> None:
        """Take what the supervisor hands out; without it, keep the former one or make one.

        That one is in memory and ends with the process: somebody who looks at pictures while the
        supervisor is away is let in, after a warning of the browser.
        """
        try:
            answer = await bus.request(
                "certificates.serve", {"service": SERVICE}, timeout_s=timeout_s
            )
            self._take(str(answer["key"]), str(answer["chain"]))
        except (BusError, CertificateError, ssl.SSLError, OSError, KeyError) as error:
            if self._context is None:
                _log.warning("A certificate for this life only is shown: %s", error)
                pair, _why = renewed(None, own_names(names), datetime.datetime.now(datetime.UTC))
                self._context, self._pair = server_context(pair), pair
            else:
                _log.warning("The former certificate is shown: %s", error)

    def _take(self, key: str, chain: str) -> None:
        if (key, chain) != self._shown:
            pair = pair_of(key, chain)
            self._context, self._pair = server_context(pair), pair
            self._shown = key, chain

"""Outlet `ping`: a GET or POST to a URL, such as that of a dead man's switch."""

from __future__ import annotations

import errno
import os
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from appliance.courier.outlet import Bounds, DeliveryError, Message
from appliance.text import _
from appliance.version import VERSION

METHODS = ("GET", "POST")
MOST_URL = 2048
MOST_BODY = 64 * 1024
_READ_BYTES = 4096


class PingOutlet:
    """Calls the URL of a message: {url, method?, text?}; 2xx means that it was heard.

    `trust` makes the TLS context: the CAs of the system and those that this box trusts.
    Redirections are not followed: a check in asks one address, and no other.
    """

    name = "ping"
    ordered = False
    batch = 1
    timeout_s = 20.0
    bounds = Bounds(items=64, total_bytes=1 << 20)
    ready = True

    def __init__(self, trust: Callable[[], ssl.SSLContext]) -> None:
        self._trust = trust

    def check(self, body: Mapping[str, Any]) -> None:
        """Raise ValueError where `body` is no URL to be called."""
        url, text = body.get("url"), body.get("text", "")
        if not isinstance(url, str) or not 0 < len(url) <= MOST_URL:
            raise ValueError(_("The address to be called is missing or too long."))
        try:
            parts = urlsplit(url)
            well = parts.scheme in ("http", "https") and bool(parts.hostname)
            well = well and (parts.port is None or parts.port > 0)
        except ValueError:
            well = False
        if not well or any(ord(character) <= 32 for character in url):
            raise ValueError(_("The address has to begin with https:// or http://."))
        if body.get("method", "GET") not in METHODS:
            raise ValueError(_("The address is called by GET or POST."))
        if not isinstance(text, str) or len(text.encode()) > MOST_BODY:
            raise ValueError(_("The text that goes along is too long."))

    async def deliver(self, messages: Sequence[Message]) -> None:
        """Call; raise DeliveryError."""
        for message in messages:
            await self._call(message.body)

    async def _call(self, body: Mapping[str, Any]) -> None:
        method, text = body.get("method", "GET"), str(body.get("text", ""))
        headers = {"User-Agent": f"nvr/{VERSION}"}
        data = text.encode() if method == "POST" else None
        if data is not None:
            headers["Content-Type"] = "text/plain; charset=utf-8"
        try:
            connector = aiohttp.TCPConnector(ssl=self._trust(), force_close=True)
            async with (
                aiohttp.ClientSession(connector=connector) as session,
                session.request(
                    method, body["url"], data=data, headers=headers, allow_redirects=False
                ) as answer,
            ):
                await answer.content.read(_READ_BYTES)
                status = answer.status
        except aiohttp.ClientConnectorCertificateError as error:
            raise DeliveryError(_untrusted()) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise DeliveryError(in_words(error)) from error
        if not 200 <= status < 300:
            text = _("The server answered with status {status} instead of 200.")
            raise DeliveryError(text.format(status=status))

    async def close(self) -> None:
        """Nothing is kept open."""


def in_words(error: Exception) -> str:
    """Return why a connection failed, without the address, which may hold a secret."""
    inner = getattr(error, "os_error", error)
    if isinstance(inner, ssl.SSLCertVerificationError):
        return _untrusted()
    if isinstance(inner, ssl.SSLError):
        return _("The encrypted connection failed: {why}.").format(
            why=inner.reason or _("unknown reason")
        )
    if isinstance(inner, OSError) and inner.errno is not None and inner.errno in errno.errorcode:
        return _("The connection failed: {why}.").format(why=os.strerror(inner.errno))
    return _("The connection failed.")


def _untrusted() -> str:
    return _(
        "The certificate of the server is not trusted. Check the address, or add the authority "
        "that issued it to the trusted ones."
    )

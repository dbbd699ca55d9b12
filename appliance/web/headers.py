"""Headers that keep a browser from doing more with our answers than we mean."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

_FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(), geolocation=(), microphone=(self), payment=(), usb=(), interest-cohort=()"
    ),
}
HSTS = "max-age=31536000"
"""Sent over HTTPS once plain HTTP is off.  A browser heeds it only where it trusts the certificate
and for names, never for addresses (RFC 6797 sections 8.1, 8.1.1): the device's own certificate,
which nobody signed, cannot lock anybody out by it."""
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""For everything that is not the page: nothing in it may run or load, should it be opened."""


def page_policy(request: web.Request) -> str:
    """Return the content security policy of the page.

    No inline code and no inline style elements: the page is built so that it needs neither (React
    sets single styles through the CSSOM, which this policy does not concern).  The WebSocket is
    named because older Safari does not count it as 'self'.
    """
    socket = f"{'wss' if request.secure else 'ws'}://{request.host}"
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            f"connect-src 'self' {socket}",
            "media-src 'self' blob:",
            "worker-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


@dataclass(slots=True)
class Transport:
    """How the box is reached; `plain_http` whether plain HTTP is served at all."""

    plain_http: bool = True


TRANSPORT = web.AppKey("transport", Transport)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Signal `on_response_prepare`: what every answer carries, unless the handler said other."""
    headers = response.headers
    if request.secure and not request.config_dict[TRANSPORT].plain_http:
        headers["Strict-Transport-Security"] = HSTS
    for name, value in _FIXED.items():
        headers.setdefault(name, value)
    headers.setdefault("Content-Security-Policy", DATA_POLICY)
    headers.setdefault("Cache-Control", "no-store")
    headers["Server"] = "nvr"

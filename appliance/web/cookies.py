"""The session cookie: unreadable to scripts, never sent by other sites, Secure over HTTPS."""

from __future__ import annotations

from aiohttp import web

SECURE_NAME = "__Host-nvr"
"""The prefix makes the browser insist on Secure, Path=/ and no Domain (RFC 6265bis 4.1.3.2)."""
PLAIN_NAME = "nvr"
KNOWN = "-known"
"""Ending of the cookie that says this browser signed in before."""
KNOWN_AGE_S = 400 * 86_400
"""The longest a browser keeps a cookie (RFC 6265bis 5.5)."""
MAX_TOKEN = 128


def token_of(request: web.Request) -> str:
    """Return the token that came with `request`, "" if none or one that cannot be ours."""
    return _sound(request.cookies.get(_name(request), ""))


def set_token(request: web.Request, response: web.StreamResponse, token: str, age_s: float) -> None:
    """Give the browser its token for at most `age_s` seconds."""
    response.set_cookie(
        _name(request),
        token,
        max_age=int(age_s),
        path="/",
        secure=request.secure,
        httponly=True,
        samesite="Strict",
    )


def drop_token(request: web.Request, response: web.StreamResponse) -> None:
    """Make the browser forget its token."""
    response.del_cookie(
        _name(request), path="/", secure=request.secure, httponly=True, samesite="Strict"
    )


def known_of(request: web.Request) -> str:
    """Return the cookie of a browser that signed in before, "" if there is none."""
    return _sound(request.cookies.get(_name(request) + KNOWN, ""))


def set_known(request: web.Request, response: web.StreamResponse, cookie: str) -> None:
    """Let the browser prove later that it signed in here."""
    response.set_cookie(
        _name(request) + KNOWN,
        cookie,
        max_age=KNOWN_AGE_S,
        path="/",
        secure=request.secure,
        httponly=True,
        samesite="Strict",
    )


def _sound(value: str) -> str:
    """Return a value that may be one of ours, else "": a header may hold bytes that are no text."""
    return value if len(value) <= MAX_TOKEN and value.isascii() else ""


def _name(request: web.Request) -> str:
    return SECURE_NAME if request.secure else PLAIN_NAME

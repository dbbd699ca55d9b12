"""Time-based one-time passwords (RFC 6238 over RFC 4226): SHA-1, 6 digits, 30 s."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from urllib.parse import quote, urlencode

STEP_S = 30
DIGITS = 6
SECRET_BYTES = 20
NEAR_STEPS = 1
"""Codes of the step before and after are good as well: half a minute of clock and of typing."""
FAR_STEPS = 20
"""So far off, ten minutes, a code is recognised as that of a wrong clock, and refused."""


def new_secret() -> str:
    """Return a new secret, 160 bits in base32 without padding (32 characters)."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def code_at(secret: str, step: int) -> str:
    """Return the code of a time step (RFC 4226 section 5.3)."""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1)
    offset = digest[-1] & 0xF
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def step_of(utc_s: float) -> int:
    """Return the number of the time step at `utc_s` (RFC 6238 section 4.2)."""
    return int(utc_s // STEP_S)


def matching_step(secret: str, code: str, utc_s: float, reach: int) -> int | None:
    """Return the step nearest to now, at most `reach` away, whose code is `code`; None if none."""
    now = step_of(utc_s)
    found = None
    for distance in range(reach, -1, -1):
        for step in (now + distance, now - distance):
            if step >= 0 and hmac.compare_digest(code_at(secret, step), code):
                found = step
    return found


def address(secret: str, account: str, issuer: str) -> str:
    """Return the otpauth address that authenticator apps take (Key URI Format)."""
    label = quote(f"{issuer}:{account}")
    query = urlencode(
        {"secret": secret, "issuer": issuer, "digits": DIGITS, "period": STEP_S}, quote_via=quote
    )
    return f"otpauth://totp/{label}?{query}"

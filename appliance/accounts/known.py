"""Browsers that signed in before: a cookie proves it, so that nobody can lock their owner out.

The idea is OWASP's "device cookies": tries that come with a valid one are counted for that browser
alone, neither held up by what others try nor by what their common address did.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

from appliance.accounts.files import write_private

KEY_BYTES = 32
NONCE_BYTES = 12
MAX_COOKIE = 128


class KnownBrowsers:
    """Signs and checks the cookies; the key is made at the first need (0600)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._key = b""

    def load(self) -> None:
        """Read the key, or make one (blocking); where it cannot be kept it lives this once."""
        try:
            self._key = self._path.read_bytes()
        except OSError:
            self._key = b""
        if len(self._key) != KEY_BYTES:
            self._key = secrets.token_bytes(KEY_BYTES)
            write_private(self._path, self._key)

    def issue(self, user: str) -> str:
        """Return the cookie of a browser in which `user` has just signed in."""
        nonce = secrets.token_hex(NONCE_BYTES)
        return f"{nonce}.{self._sign(nonce, user)}"

    def browser(self, cookie: str, user: str) -> str | None:
        """Return which browser it is if `user` signed in there before, None if not."""
        nonce, _dot, signature = cookie.partition(".")
        if not self._key or not signature or len(cookie) > MAX_COOKIE:
            return None
        expected = self._sign(nonce, user)
        return nonce if hmac.compare_digest(signature.encode(), expected.encode()) else None

    def _sign(self, nonce: str, user: str) -> str:
        message = f"{nonce}\0{user}".encode()
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()

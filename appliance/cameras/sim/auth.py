"""What a camera asks before it answers: Basic (RFC 7617) and Digest (RFC 7616, RFC 2069)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

REALM = "Simulated camera"
_HASHES = {"digest-md5": ("MD5", hashlib.md5), "digest-sha256": ("SHA-256", hashlib.sha256)}
_FIELD = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')


class Gatekeeper:
    """Knows the password, counts those refused, and locks after too many (if so defined)."""

    def __init__(
        self, user: str, password: str, schemes: tuple[str, ...], *, lock_after: int = 0
    ) -> None:
        self.user, self.password, self.schemes = user, password, schemes
        self.refused = 0
        self.lock_after = lock_after
        self.nonce = secrets.token_hex(16)
        self._stale = ""

    def renew_nonce(self) -> None:
        """Take a new nonce; answers made with the old one are stale, but no wrong password."""
        self._stale, self.nonce = self.nonce, secrets.token_hex(16)

    @property
    def locked(self) -> bool:
        """Whether so many wrong passwords came that even the right one is refused."""
        return bool(self.lock_after) and self.refused >= self.lock_after

    def challenges(self) -> list[str]:
        """Return the values of the WWW-Authenticate headers."""
        out = []
        for scheme in self.schemes:
            if scheme == "basic":
                out.append(f'Basic realm="{REALM}"')
            else:
                name = _HASHES[scheme][0]
                text = f'Digest realm="{REALM}", nonce="{self.nonce}"'
                if self._stale:
                    text += ", stale=true"
                if name != "MD5":
                    text += f', algorithm={name}, qop="auth"'
                out.append(text)
        return out

    def admits(self, method: str, header: str | None) -> bool:
        """Judge an Authorization header; a wrong one is counted, a missing one is not."""
        if not self.schemes:
            return True
        if header is None or (self._stale and self._stale in header):
            return False
        right = not self.locked and self._matches(method, header)
        if right:
            self.refused = 0
        else:
            self.refused += 1
        return right

    def _matches(self, method: str, header: str) -> bool:
        kind, _, rest = header.partition(" ")
        if kind.lower() == "basic" and "basic" in self.schemes:
            expected = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
            return hmac.compare_digest(rest.strip(), expected)
        if kind.lower() != "digest":
            return False
        fields = {m[1].lower(): m[2] if m[2] is not None else m[3] for m in _FIELD.finditer(rest)}
        scheme = {"MD5": "digest-md5", "SHA-256": "digest-sha256"}.get(
            fields.get("algorithm", "MD5").upper()
        )
        if scheme not in self.schemes or fields.get("nonce") != self.nonce:
            return False
        if fields.get("username") != self.user or fields.get("realm") != REALM:
            return False
        make = _HASHES[scheme][1]

        def digest(text: str) -> str:
            return make(text.encode()).hexdigest()

        secret = digest(f"{self.user}:{REALM}:{self.password}")
        request = digest(f"{method}:{fields.get('uri', '')}")
        if "qop" in fields:
            middle = f"{fields.get('nc')}:{fields.get('cnonce')}:{fields['qop']}"
            expected = digest(f"{secret}:{self.nonce}:{middle}:{request}")
        else:
            expected = digest(f"{secret}:{self.nonce}:{request}")
        return hmac.compare_digest(fields.get("response", ""), expected)

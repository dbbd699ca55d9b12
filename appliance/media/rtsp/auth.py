"""Basic and Digest authentication (RFC 2617, RFC 7616, RFC 7617): the client's side."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from appliance.media.errors import MalformedError, UnsupportedError

MAX_CHALLENGES = 16

_SCHEME = re.compile(r"\s*,?\s*([A-Za-z][A-Za-z0-9\-]*)(?=\s+[A-Za-z0-9_\-]+\s*=|\s*,|\s*$)")
_PARAMETER = re.compile(r'\s*,?\s*([A-Za-z0-9_\-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,;"]*)\s*;?')
_ALGORITHMS: dict[str, tuple[str, int]] = {"MD5": ("md5", 1), "SHA-256": ("sha256", 2)}


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to authenticate that a server offers."""

    scheme: str
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def is_digest(self) -> bool:
        """Whether the password itself stays unsaid."""
        return self.scheme == "digest"

    @property
    def algorithm(self) -> str:
        """Hash in capitals without "-SESS"; "" for Basic."""
        if not self.is_digest:
            return ""
        name = self.parameters.get("algorithm", "").upper().removesuffix("-SESS") or "MD5"
        return {"SHA256": "SHA-256"}.get(name, name)

    @property
    def stale(self) -> bool:
        """Whether the password was right and only the nonce has aged."""
        return self.parameters.get("stale", "").lower() == "true"

    @property
    def strength(self) -> int:
        """Rank among offers; 0 is not spoken here, a higher number is preferred."""
        if self.is_digest:
            known = _ALGORITHMS.get(self.algorithm)
            if known is None or "nonce" not in self.parameters:
                return 0
            return 1 + known[1] if _qop(self) is not None else 0
        return 1 if self.scheme == "basic" else 0


def parse_challenges(headers: Iterable[str]) -> list[Challenge]:
    """Read all WWW-Authenticate headers, several challenges in one included.

    What makes no sense is passed over; at most `MAX_CHALLENGES` are read.
    """
    found: list[Challenge] = []
    for text in headers:
        at = 0
        while len(found) < MAX_CHALLENGES and (scheme := _SCHEME.match(text, at)):
            at = scheme.end()
            parameters: dict[str, str] = {}
            while parameter := _PARAMETER.match(text, at):
                value = parameter[2]
                if value.startswith('"'):
                    value = re.sub(r"\\(.)", r"\1", value[1:-1])
                parameters.setdefault(parameter[1].lower(), value)
                at = parameter.end()
            found.append(Challenge(scheme[1].lower(), parameters))
    return found


def choose(challenges: Iterable[Challenge], *, allow_basic: bool) -> Challenge | None:
    """Return the strongest offer: Digest SHA-256, Digest MD5, then Basic if allowed (N13.1)."""
    usable = [c for c in challenges if c.strength and (allow_basic or c.is_digest)]
    return max(usable, key=lambda c: c.strength) if usable else None


def _qop(challenge: Challenge) -> str | None:
    """Return "auth", "" for the form of RFC 2069, or None if only auth-int is offered."""
    offered = challenge.parameters.get("qop", "")
    names = {name.strip().lower() for name in offered.split(",") if name.strip()}
    if not names:
        return ""
    return "auth" if "auth" in names else None


class Authenticator:
    """Answers one challenge for every request of a session; counts the uses of the nonce."""

    def __init__(
        self, challenge: Challenge, username: str, password: str, *, cnonce: Callable[[], str]
    ) -> None:
        """`cnonce` makes an unguessable text; raises `UnsupportedError` for an unknown scheme."""
        if not challenge.strength:
            raise UnsupportedError(
                f"the camera wants {challenge.scheme} {challenge.algorithm}".rstrip()
            )
        self.challenge = challenge
        self._username = username
        self._password = password
        self._cnonce = cnonce
        self._uses = 0

    def authorization(self, method: str, uri: str) -> str:
        """Return the value of the Authorization header for a request.

        Raises `MalformedError` where realm, nonce or user name hold a line break.
        """
        if not self.challenge.is_digest:
            pair = f"{self._username}:{self._password}".encode("utf-8", "replace")
            return f"Basic {base64.b64encode(pair).decode()}"
        return self._digest(method, uri)

    def _digest(self, method: str, uri: str) -> str:
        given = self.challenge.parameters
        name = _ALGORITHMS[self.challenge.algorithm][0]
        realm, nonce, qop = given.get("realm", ""), given["nonce"], _qop(self.challenge)
        self._uses += 1
        count, cnonce = f"{self._uses:08x}", self._cnonce()

        def hashed(text: str) -> str:
            data = text.encode("utf-8", "replace")
            return hashlib.new(name, data, usedforsecurity=False).hexdigest()

        secret = hashed(f"{self._username}:{realm}:{self._password}")
        session = given.get("algorithm", "").upper().endswith("-SESS")
        if session:
            secret = hashed(f"{secret}:{nonce}:{cnonce}")
        action = hashed(f"{method}:{uri}")
        middle = f"{nonce}:{count}:{cnonce}:{qop}" if qop else nonce
        words = [
            f"username={_quoted(self._username)}",
            f"realm={_quoted(realm)}",
            f"nonce={_quoted(nonce)}",
            f"uri={_quoted(uri)}",
            f'response="{hashed(f"{secret}:{middle}:{action}")}"',
        ]
        if "algorithm" in given:
            words.append(f"algorithm={_token(given['algorithm'])}")
        if "opaque" in given:
            words.append(f"opaque={_quoted(given['opaque'])}")
        if qop:
            words.append(f'qop={qop}, nc={count}, cnonce="{cnonce}"')
        elif session:
            words.append(f'cnonce="{cnonce}"')
        return "Digest " + ", ".join(words)


def _quoted(text: str) -> str:
    if any(ord(c) < 0x20 for c in text):
        raise MalformedError("user name, realm or nonce hold control characters")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _token(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9\-]{1,32}", text) else "MD5"

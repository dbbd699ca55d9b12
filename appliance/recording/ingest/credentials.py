"""Which authentication a session uses, and when a password counts as refused."""

from __future__ import annotations

import secrets

from appliance.media.rtsp.auth import Authenticator, Challenge, choose, parse_challenges
from appliance.media.rtsp.message import Response
from appliance.recording.ingest import fault
from appliance.recording.ingest.state import IngestError

MAX_STALE_NONCES = 2
"""Fresh nonces in a row that are answered before a camera that only says "stale" is given up."""


class Credentials:
    """User name and password towards one server, and the challenge in force.

    The password is tried once: a second 401 is a refusal, unless the camera says that only the
    nonce is stale, or has accepted the password in this session before.
    """

    def __init__(self, username: str, password: str, *, allow_basic: bool) -> None:
        self._username = username
        self._password = password
        self._allow_basic = allow_basic
        self._authenticator: Authenticator | None = None
        self._proved = False
        self._renewed = 0

    def anew(self) -> Credentials:
        """Return the same user and password for another server."""
        return Credentials(self._username, self._password, allow_basic=self._allow_basic)

    def authorization(self, method: str, uri: str) -> str | None:
        """Return the value of the Authorization header, None before the first challenge."""
        return self._authenticator.authorization(method, uri) if self._authenticator else None

    def accepted(self) -> None:
        """Take note that a request with `authorization` went through."""
        if self._authenticator is not None:
            self._proved = True
            self._renewed = 0

    def challenged(self, response: Response) -> None:
        """Prepare to repeat the request that got this 401; raises `IngestError` if there is none.

        Digest SHA-256 before MD5; Basic only if allowed (N13.1).
        """
        offers = parse_challenges(response.headers.all("WWW-Authenticate"))
        if not self._username and not self._password:
            raise IngestError(fault.password_needed())
        if self._authenticator is not None and not self._only_aged(offers):
            raise IngestError(fault.password_refused())
        chosen = choose(offers, allow_basic=self._allow_basic)
        if chosen is None:
            if choose(offers, allow_basic=True) is not None:
                raise IngestError(fault.basic_only())
            names = ", ".join(f"{o.scheme} {o.algorithm}".strip() for o in offers)
            raise IngestError(fault.authentication_unknown(names or "?"))
        self._authenticator = Authenticator(
            chosen, self._username, self._password, cnonce=lambda: secrets.token_hex(8)
        )

    def _only_aged(self, offers: list[Challenge]) -> bool:
        if self._renewed >= MAX_STALE_NONCES:
            return False
        self._renewed += 1
        if any(offer.stale for offer in offers):
            return True
        proved, self._proved = self._proved, False
        return proved

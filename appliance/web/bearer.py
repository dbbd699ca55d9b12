"""API tokens in the web process: decided from memory, following the accounts as sessions do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from appliance.accounts.permission import User
from appliance.accounts.rights import Rights, common, read_rights, rights_of, user_with
from appliance.accounts.tokens import PREFIX, digest_of

MAX_LENGTH = 128
_SCHEME = "bearer"


@dataclass(slots=True)
class Held:
    """A token in force: the id of its record, and what it may do now."""

    id: str
    user: User
    expires_utc_s: int | None
    ended: bool = False


class TokenTable:
    """Every token in force, by digest; `wall` is UTC seconds."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self._held: dict[str, Held] = {}
        self._used: dict[str, int] = {}
        self._on_end: list[Callable[[Held], None]] = []

    def on_end(self, callback: Callable[[Held], None]) -> None:
        """Call back whenever a token ends, or may do something else than before."""
        self._on_end.append(callback)

    def follow(self, entries: Iterable[Mapping[str, Any]], users: Mapping[str, User]) -> None:
        """Take over the tokens there are; what was revoked or changed ends at once."""
        held: dict[str, Held] = {}
        for entry in entries:
            owner = users.get(str(entry["user"]))
            if owner is None:
                continue
            rights: Rights | None = common(read_rights(entry["rights"]), rights_of(owner))
            user = user_with(owner.name, rights, owner.generation)
            user = replace(user, enrol=owner.enrol)
            digest, before = str(entry["digest"]), self._held.get(str(entry["digest"]))
            if before is None or before.user != user:
                before = Held(str(entry["id"]), user, entry["expires_utc_s"])
            held[digest] = before
        for digest, former in self._held.items():
            if held.get(digest) is not former:
                self._end(former)
        self._held = held

    def sweep(self) -> None:
        """End what has expired."""
        for digest, held in list(self._held.items()):
            if self.is_over(held):
                del self._held[digest]
                self._end(held)

    def find(self, token: str) -> Held | None:
        """Return what a token stands for, None if it is not (any more) in force."""
        if not (token.startswith(PREFIX) and token.isascii()) or len(token) > MAX_LENGTH:
            return None
        held = self._held.get(digest_of(token))
        if held is None or self.is_over(held):
            return None
        self._used[held.id] = int(self._wall())
        return held

    def is_over(self, held: Held) -> bool:
        """Whether a token has ended: revoked, its owner changed, or its time over."""
        return held.ended or (held.expires_utc_s is not None and held.expires_utc_s <= self._wall())

    def _end(self, held: Held) -> None:
        held.ended = True
        for callback in self._on_end:
            callback(held)

    def take_used(self) -> dict[str, int]:
        """Return when which token was last used since this was last asked, UTC seconds by id."""
        used, self._used = self._used, {}
        return used


def bearer_of(request: web.Request) -> str | None:
    """Return the token in the Authorization header (RFC 6750), None if there is no such header."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == _SCHEME else None


TOKENS = web.AppKey("tokens", TokenTable)

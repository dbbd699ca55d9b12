"""API tokens: shown once, kept as digests, with rights of their own within those of their owner.

Methods on the bus; `by` is who asks: {name, rights}.

- ``accounts.tokens`` {by, user} -> {tokens}: those of one account
- ``accounts.add_token`` {by, name, rights, days} -> {token, record}: for the asker; once
- ``accounts.remove_token`` {by, id} -> {}: the own, or of whom one may manage
- ``accounts.tokens_used`` {used: {id: utc_s}} -> {}: noted without a hurry
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from appliance.accounts.changes import token_words
from appliance.accounts.core import (
    AccountCore,
    Method,
    field_error,
    read_actor,
    read_text,
    refuse,
)
from appliance.accounts.model import Token
from appliance.accounts.permission import Permission
from appliance.accounts.rights import beyond, read_rights, write_rights
from appliance.bus.errors import BusError
from appliance.text import _

PREFIX = "nvr_"
"""So that a token is recognised where it does not belong, as in a public repository."""
TOKEN_BYTES = 32
MAX_PER_USER = 16
MAX_TOKENS = 256
MAX_DAYS = 3650
MAX_NAME = 40
_log = logging.getLogger(__name__)


def digest_of(token: str) -> str:
    """Return what is kept of a token; 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


class TokenDesk:
    """Answers what concerns API tokens."""

    def __init__(self, core: AccountCore) -> None:
        self._core = core

    def methods(self) -> Mapping[str, Method]:
        """Return the methods by name."""
        return {
            "accounts.tokens": self.tokens,
            "accounts.add_token": self.add,
            "accounts.remove_token": self.remove,
            "accounts.tokens_used": self.used,
        }

    async def tokens(self, params: dict[str, Any]) -> dict[str, Any]:
        """Return the tokens of an account: the own, or of whom the asker may manage."""
        by, account = read_actor(params), self._core.find(params)
        if account.name != by.name:
            self._core.check_rank(by, account)
        found = [t for t in self._core.document.tokens.values() if t.user == account.name]
        return {"tokens": [_record(token) for token in found]}

    async def add(self, params: dict[str, Any]) -> dict[str, Any]:
        """Make a token for the asker.  Raises BusError with every wrong field."""
        by = read_actor(params)
        self._core.check_whole()
        wrong: list[dict[str, str]] = []
        name = read_text(params, "name", 256).strip()
        if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
            text = _("Use 1 to {most} characters that print.").format(most=MAX_NAME)
            wrong.append(field_error("name", "name_length", text))
        days = params.get("days")
        if days is not None and not (isinstance(days, int) and 1 <= days <= MAX_DAYS):
            text = _("Must be 1 to {most} days, or without an end.").format(most=MAX_DAYS)
            wrong.append(field_error("days", "range", text))
        try:
            rights = read_rights(params.get("rights"))
        except ValueError:
            rights = {}
        if rights is not None and not rights:
            text = _("Choose at least one right.")
            wrong.append(field_error("rights", "accounts.no_rights", text))
        elif rights is not None:
            text = _("You do not have this right yourself, so you cannot give it.")
            wrong += [
                field_error(f"rights.{permission.value}", "accounts.beyond_own", text)
                for permission in beyond(rights, by.rights)
            ]
            if Permission.ACCOUNTS in rights:
                text = _("A token cannot manage accounts: a stolen one could make itself another.")
                wrong.append(field_error("rights.accounts", "accounts.not_for_tokens", text))
        refuse(wrong)
        secret = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
        async with self._core.writing:
            document = self._core.document
            if by.name not in document.accounts:
                raise BusError("accounts.unknown", _("There is no such account (any more)."))
            own = sum(token.user == by.name for token in document.tokens.values())
            if own >= MAX_PER_USER or len(document.tokens) >= MAX_TOKENS:
                text = _("There are {most} tokens. Revoke one that is not used any more.")
                raise BusError(
                    "accounts.full", text.format(most=own if own >= MAX_PER_USER else MAX_TOKENS)
                )
            now = self._core.now_s
            token = Token(
                secrets.token_hex(8),
                by.name,
                name,
                digest_of(secret),
                rights,
                now,
                None if days is None else now + days * 86_400,
            )
            await self._core.replace(replace(document, tokens={**document.tokens, token.id: token}))
            self._core.note_change(by, token_words(token), user=by.name)
        _log.info("%s made the API token %s", by.name, token.id)
        return {"token": secret, "record": _record(token)}

    async def remove(self, params: dict[str, Any]) -> dict[str, Any]:
        """Revoke a token; it is worthless at once."""
        by, wanted = read_actor(params), read_text(params, "id", 64)
        async with self._core.writing:
            self._core.check_whole()
            document = self._core.document
            token = document.tokens.get(wanted)
            owner = None if token is None else document.accounts.get(token.user)
            if token is None or owner is None:
                raise BusError("accounts.unknown", _("There is no such token (any more)."))
            if owner.name != by.name:
                if not (by.rights is None or Permission.ACCOUNTS in by.rights):
                    raise BusError("accounts.unknown", _("There is no such token (any more)."))
                self._core.check_rank(by, owner)
            tokens = {key: other for key, other in document.tokens.items() if key != wanted}
            await self._core.replace(replace(document, tokens=tokens))
            what = _("API token revoked: {name}").format(name=token.name)
            self._core.note_change(by, [what], user=owner.name)
        _log.info("%s revoked the API token %s of %s", by.name, wanted, owner.name)
        return {"user": owner.name, "name": token.name}

    async def used(self, params: dict[str, Any]) -> dict[str, Any]:
        """Note when tokens were last used."""
        used = params.get("used")
        if not isinstance(used, dict):
            raise BusError("accounts.bad_request", "used is not an object")
        async with self._core.writing:
            self._core.check_whole()
            document = self._core.document
            tokens = dict(document.tokens)
            for key, moment in used.items():
                token = tokens.get(key)
                if token is not None and isinstance(moment, int):
                    tokens[key] = replace(token, used_utc_s=max(moment, token.used_utc_s or 0))
            if tokens != document.tokens:
                await self._core.replace(replace(document, tokens=tokens))
        return {}


def _record(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "user": token.user,
        "name": token.name,
        "rights": write_rights(token.rights),
        "created_utc_s": token.created_utc_s,
        "expires_utc_s": token.expires_utc_s,
        "used_utc_s": token.used_utc_s,
    }

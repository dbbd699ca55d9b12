"""ONVIF users: accounts for other systems that speak ONVIF to the box, apart from people's.

(D2-AC-20)  The digests of ONVIF (WS-Security UsernameToken 1.0) are made of the password itself, so
it is kept sealed with the device key instead of hashed, and compared here: it never leaves the
supervisor.  No ONVIF user is there at first, and none signs in to anything else.

Methods on the bus; `by` is who asks: {name, rights}.

- ``accounts.onvif_users`` {by} -> {users}
- ``accounts.put_onvif_user`` {by, name, create, revision?, values, password?} -> user's record
- ``accounts.remove_onvif_user`` {by, name, revision?} -> {}
- ``accounts.check_onvif`` {user, nonce, created, digest} -> {level}, or null where the digest is
  not right; nonce and digest in base64.  Whoever asks has refused old and repeated nonces.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from appliance.accounts.changes import onvif_changes
from appliance.accounts.core import (
    AccountCore,
    Actor,
    Method,
    field_error,
    read_actor,
    read_text,
    refuse,
)
from appliance.accounts.model import OnvifUser
from appliance.accounts.rights import OPERATOR, VIEWER, Rights, beyond
from appliance.accounts.wishes import Sort, existing, read_wish
from appliance.bus.errors import BusError
from appliance.settings.vault import VaultError
from appliance.text import _

LEVELS: Mapping[str, Rights | None] = {
    "administrator": None,
    "operator": OPERATOR,
    "user": VIEWER,
}
"""The levels of ONVIF (Core, user levels) and what each may do here."""
MAX_USERS = 32
SORT = Sort(
    frozenset({"level", "remarks"}),
    MAX_USERS,
    _("There are {most} ONVIF users, no more can be added."),
    _("There is no such ONVIF user (any more)."),
)
_log = logging.getLogger(__name__)


class OnvifDesk:
    """Answers what concerns ONVIF users."""

    def __init__(self, core: AccountCore) -> None:
        self._core = core

    def methods(self) -> Mapping[str, Method]:
        """Return the methods by name."""
        return {
            "accounts.onvif_users": self.users,
            "accounts.put_onvif_user": self.put,
            "accounts.remove_onvif_user": self.remove,
            "accounts.check_onvif": self.check,
        }

    async def users(self, params: dict[str, Any]) -> dict[str, Any]:
        """Return every ONVIF user; `within` says whether the asker may change it."""
        by = read_actor(params)
        self._core.check_whole()
        return {"users": [_record(user, by) for user in self._core.document.onvif.values()]}

    async def put(self, params: dict[str, Any]) -> dict[str, Any]:
        """Add or change one; without a password the one there is stays."""
        async with self._core.writing:
            self._core.check_whole()
            document = self._core.document
            wish = read_wish(params, SORT, document.onvif)
            by, before = wish.by, wish.before
            level = wish.values.get("level", before.level if before else "")
            wrong = wish.wrong + _level_errors(by, level)
            if before is not None:
                _check_rank(by, before)
            elif not params.get("password"):
                text = _("Enter a password.")
                wrong.append(field_error("password", "accounts.no_password", text))
            refuse(wrong)
            user = before or OnvifUser(wish.name, "", level, revision=0)
            if params.get("password"):
                password = read_text(params, "password", 64)
                sealed = await asyncio.to_thread(self._seal, user.name, password)
                user = replace(user, password=sealed, changed_utc_s=self._core.now_s)
            remarks = str(wish.values.get("remarks", user.remarks))
            user = replace(user, level=level, remarks=remarks, revision=user.revision + 1)
            await self._core.replace(replace(document, onvif={**document.onvif, user.name: user}))
            self._core.note_change(by, onvif_changes(before, user), user=_shown(user))
        _log.info("%s %s the ONVIF user %s", by.name, "changed" if before else "added", user.name)
        return _record(user, by)

    async def remove(self, params: dict[str, Any]) -> dict[str, Any]:
        """Remove one; other systems that use it are refused from then on."""
        by = read_actor(params)
        async with self._core.writing:
            self._core.check_whole()
            document = self._core.document
            user = existing(params, SORT, document.onvif)
            _check_rank(by, user)
            left = {name: other for name, other in document.onvif.items() if name != user.name}
            await self._core.replace(replace(document, onvif=left))
            self._core.note_change(by, [_("removed")], user=_shown(user))
        _log.info("%s removed the ONVIF user %s", by.name, user.name)
        return {}

    async def check(self, params: dict[str, Any]) -> dict[str, Any] | None:
        """Compare a digest: SHA-1 of nonce, time of creation and password (UsernameToken 1.0)."""
        self._core.check_whole()
        created = read_text(params, "created", 64)
        try:
            nonce = base64.b64decode(read_text(params, "nonce", 256), validate=True)
            digest = base64.b64decode(read_text(params, "digest", 64), validate=True)
        except (binascii.Error, ValueError) as error:
            raise BusError("accounts.bad_request", "nonce or digest is not base64") from error
        user = self._core.document.onvif.get(read_text(params, "user", 64))
        password = "" if user is None else await asyncio.to_thread(self._open, user)
        right = hashlib.sha1(
            nonce + created.encode() + password.encode(), usedforsecurity=False
        ).digest()
        if not hmac.compare_digest(right, digest) or user is None or not password:
            return None
        return {"level": user.level}

    def _seal(self, name: str, password: str) -> str:
        return self._core.vault().seal(password, f"accounts/onvif/{name}")

    def _open(self, user: OnvifUser) -> str:
        try:
            return self._core.vault().open_sealed(user.password, f"accounts/onvif/{user.name}")
        except VaultError:
            _log.error("The password of the ONVIF user %s cannot be read: set it anew", user.name)
            return ""


def _level_errors(by: Actor, level: Any) -> list[dict[str, str]]:
    if not isinstance(level, str) or level not in LEVELS:
        text = _("Choose administrator, operator or user.")
        return [field_error("level", "choice", text)]
    if beyond(LEVELS[level], by.rights):
        text = _("This level may do more than you may, so you cannot give it.")
        return [field_error("level", "accounts.beyond_own", text)]
    return []


def _check_rank(by: Actor, user: OnvifUser) -> None:
    if beyond(LEVELS.get(user.level), by.rights):
        text = _("This ONVIF user may do more than you may change.")
        raise BusError("accounts.outranks", text)


def _shown(user: OnvifUser) -> str:
    return _("{name} (ONVIF)").format(name=user.name)


def _record(user: OnvifUser, by: Actor) -> dict[str, Any]:
    return {
        "name": user.name,
        "level": user.level,
        "remarks": user.remarks,
        "changed_utc_s": user.changed_utc_s,
        "revision": user.revision,
        "within": not beyond(LEVELS.get(user.level), by.rights),
    }

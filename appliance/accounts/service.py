"""What the supervisor answers about accounts on the bus; hashing is done by who asks, not here.

Methods, each taking and returning JSON:

- ``accounts.state`` {} -> {initialised, damaged}
- ``accounts.check_code`` {code, address} -> {}; errors accounts.code_wrong, accounts.code_wait
- ``accounts.setup`` {code, address, hash} -> user; the first set-up, once (D1-IZ-02)
- ``accounts.lookup`` {user} -> user with hash, or null: for the process that verifies passwords
- ``accounts.users`` {} -> [user]: for sessions that have to follow what changed
- ``accounts.change_password`` {user, hash, generation} -> user (D2-AC-06)

A user is {name, permissions, channels, generation}.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from appliance.accounts.failures import FailureLock
from appliance.accounts.permission import Permission, User
from appliance.accounts.setup_code import SetupCode
from appliance.accounts.store import (
    ADMIN,
    Account,
    AccountsDamagedError,
    AccountStore,
    is_sound_hash,
)
from appliance.bus.errors import BusError
from appliance.text import _

Method = Callable[[dict[str, Any]], Awaitable[Any]]
ROLES = frozenset({"web"})
"""Peers that may call these methods: the hash goes to them for verification."""
FOLDER = "accounts"
MAX_HASH = 256
_CODE = "setup code"
_log = logging.getLogger(__name__)


def user_to_json(user: User) -> dict[str, Any]:
    """Return `user` as it goes over the bus and into the sessions' file."""
    return {
        "name": user.name,
        "permissions": sorted(user.permissions),
        "channels": None if user.channels is None else sorted(user.channels),
        "generation": user.generation,
    }


def user_from_json(value: Mapping[str, Any]) -> User:
    """Return the user; permissions this code does not know are left out.  Raises ValueError."""
    known = {p.value for p in Permission}
    try:
        channels = value["channels"]
        return User(
            name=str(value["name"]),
            permissions=frozenset(Permission(p) for p in value["permissions"] if p in known),
            channels=None if channels is None else frozenset(int(c) for c in channels),
            generation=int(value["generation"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a user: {error}") from error


class AccountService:
    """Accounts of one box, kept below `state_dir`; all files are touched in a thread."""

    def __init__(
        self,
        state_dir: Path,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        folder = state_dir / FOLDER
        self._store = AccountStore(folder / "accounts.json")
        self._code = SetupCode(folder / "setup-code.json")
        self._tries = FailureLock(clock)
        self._wall = wall
        self._writing = asyncio.Lock()
        self._damaged = False
        try:
            self._store.load()
        except AccountsDamagedError:
            self._damaged = True

    def methods(self) -> Mapping[str, Method]:
        """Return the methods by name."""
        return {
            "accounts.state": self.state,
            "accounts.check_code": self.check_code,
            "accounts.setup": self.setup,
            "accounts.lookup": self.lookup,
            "accounts.users": self.users,
            "accounts.change_password": self.change_password,
        }

    def issue_code(self) -> str | None:
        """Make and return the one-time code for showing at the box; None once it is set up."""
        return None if self._initialised else self._code.issue()

    @property
    def _initialised(self) -> bool:
        return self._damaged or bool(self._store.all())

    async def state(self, _params: dict[str, Any]) -> dict[str, bool]:
        """Say whether there is an account yet."""
        return {"initialised": self._initialised, "damaged": self._damaged}

    async def check_code(self, params: dict[str, Any]) -> dict[str, Any]:
        """Compare the code, so that no password is hashed for whoever does not have it."""
        self._check_open()
        address = _text(params, "address", 64)
        verdict = self._tries.check(_CODE, address)
        if verdict.locked_s > 0:
            raise BusError(
                "accounts.code_wait",
                _("Too many wrong codes. Wait {seconds} s, then try again.").format(
                    seconds=math.ceil(verdict.locked_s)
                ),
            )
        if not await asyncio.to_thread(self._code.matches, _text(params, "code", 64)):
            self._tries.failed(_CODE, address)
            text = _("This is not the one-time code. It is shown at the box itself.")
            field = {"path": "code", "code": "accounts.code_wrong", "text": text}
            raise BusError("accounts.code_wrong", text, fields=[field])
        return {}

    async def setup(self, params: dict[str, Any]) -> dict[str, Any]:
        """Create the administrator, once; the code is used up."""
        await self.check_code(params)
        async with self._writing:
            self._check_open()
            account = Account(ADMIN, _hash(params), None, changed_utc_s=int(self._wall()))
            account = await self._put(account)
            await asyncio.to_thread(self._code.use_up)
        _log.info("The administrator's password was set for the first time")
        return user_to_json(account.user)

    async def lookup(self, params: dict[str, Any]) -> dict[str, Any] | None:
        """Return one account with its hash."""
        self._check_whole()
        account = self._store.get(_text(params, "user", 64))
        return None if account is None else {**user_to_json(account.user), "hash": account.hash}

    async def users(self, _params: dict[str, Any]) -> list[dict[str, Any]]:
        """Return every account, without hashes."""
        self._check_whole()
        return [user_to_json(account.user) for account in self._store.all()]

    async def change_password(self, params: dict[str, Any]) -> dict[str, Any]:
        """Replace the hash, unless the account changed since `generation`."""
        self._check_whole()
        async with self._writing:
            account = self._store.get(_text(params, "user", 64))
            if account is None or account.generation != params.get("generation"):
                raise BusError(
                    "accounts.changed", _("The account has changed meanwhile. Sign in again.")
                )
            account = replace(account, hash=_hash(params), changed_utc_s=int(self._wall()))
            account = await self._put(account)
        _log.info("The password of %s was changed", account.name)
        return user_to_json(account.user)

    async def _put(self, account: Account) -> Account:
        try:
            return await asyncio.to_thread(self._store.put, account)
        except OSError as error:
            _log.error("Accounts cannot be written: %s", error)
            raise BusError(
                "accounts.not_written",
                _("The account could not be stored: {reason}. Nothing was changed.").format(
                    reason=error.strerror or error
                ),
            ) from error

    def _check_open(self) -> None:
        self._check_whole()
        if self._initialised:
            raise BusError("accounts.initialised", _("This box is set up already. Sign in."))

    def _check_whole(self) -> None:
        if self._damaged:
            raise BusError(
                "accounts.damaged",
                _(
                    "The file of accounts is damaged, nobody can sign in. Recording goes on. "
                    "Restore the file from a backup, or reset the accounts at the box."
                ),
            )


def methods(state_dir: Path) -> Mapping[str, Method]:
    """Return the methods of a new service; use `AccountService` to issue the code as well."""
    return AccountService(state_dir).methods()


def _text(params: Mapping[str, Any], name: str, most: int) -> str:
    value = params.get(name)
    if not isinstance(value, str) or len(value) > most:
        raise BusError("accounts.bad_request", f"{name} is not a text of at most {most} characters")
    return value


def _hash(params: Mapping[str, Any]) -> str:
    value = _text(params, "hash", MAX_HASH)
    if not is_sound_hash(value):
        raise BusError("accounts.bad_request", "hash is not a strong enough argon2id hash")
    return value

"""The accounts document: who there is, what they may do, and how their passwords hash."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from appliance.accounts.files import write_private
from appliance.accounts.permission import GRANTABLE, Permission, User

VERSION = 1
ADMIN = "admin"
"""The one account of the first set-up; its name is fixed (D1-IZ-02, D2-WB-04)."""
MAX_BYTES = 1 << 20
MIN_MEMORY_KIB = 19_456
_ALL = "*"
_PHC = re.compile(
    r"\$argon2id\$v=19\$m=(\d{1,7}),t=([1-9]\d{0,2}),p=\d{1,2}"
    r"\$[A-Za-z0-9+/]{20,64}\$[A-Za-z0-9+/]{40,90}"
)
_log = logging.getLogger(__name__)


class AccountsDamagedError(Exception):
    """Neither the document nor its last good copy can be read; nobody can sign in or set up."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account.  `permissions` None means every one, also those that come later.

    `hash` is an argon2id PHC string; `generation` rises with each change.
    """

    name: str
    hash: str
    permissions: frozenset[Permission] | None
    channels: frozenset[int] | None = None
    generation: int = 1
    changed_utc_s: int = 0

    @property
    def user(self) -> User:
        """What the deciding function needs to know; without the hash."""
        return User(
            self.name,
            GRANTABLE if self.permissions is None else self.permissions,
            self.channels,
            self.generation,
        )


class AccountStore:
    """Holds the document in memory and on disk; synchronous, one owner.

    The file is replaced as a whole (0600) and the one before is kept beside it.  A damaged file is
    not the same as no file: it never opens the first set-up again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._previous = path.with_name(path.name + ".previous")
        self._accounts: dict[str, Account] = {}

    def load(self) -> None:
        """Read the document.  Raises AccountsDamagedError; OSError where it cannot be read."""
        existing = [path for path in (self._path, self._previous) if path.exists()]
        for path in existing:
            try:
                self._accounts = _decode(_read(path))
            except ValueError as error:
                _log.error("Accounts file %s is damaged: %s", path, error)
                continue
            if path == self._previous:
                _log.warning("Accounts were taken from the last good copy, %s", path)
            return
        if existing:
            raise AccountsDamagedError(str(self._path))
        self._accounts = {}

    def get(self, name: str) -> Account | None:
        """Return the account of that name, None if there is none."""
        return self._accounts.get(name)

    def all(self) -> list[Account]:
        """Return every account, by name."""
        return [self._accounts[name] for name in sorted(self._accounts)]

    def put(self, account: Account) -> Account:
        """Add or replace, durably; the generation rises.  Raises OSError, nothing changed then."""
        before = self._accounts.get(account.name)
        account = replace(account, generation=before.generation + 1 if before else 1)
        accounts = {**self._accounts, account.name: account}
        if self._accounts:
            write_private(self._previous, _encode(self._accounts))
        write_private(self._path, _encode(accounts))
        self._accounts = accounts
        return account


def is_sound_hash(text: str) -> bool:
    """Whether `text` is an argon2id PHC string of at least the least cost accepted."""
    match = _PHC.fullmatch(text)
    return match is not None and int(match[1]) >= MIN_MEMORY_KIB


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError("too long")
    return data


def _encode(accounts: dict[str, Account]) -> bytes:
    users = [
        {
            "name": account.name,
            "hash": account.hash,
            "permissions": _ALL if account.permissions is None else sorted(account.permissions),
            "channels": None if account.channels is None else sorted(account.channels),
            "generation": account.generation,
            "changed_utc_s": account.changed_utc_s,
        }
        for account in accounts.values()
    ]
    return json.dumps({"version": VERSION, "users": users}, indent=1).encode()


def _decode(data: bytes) -> dict[str, Account]:
    """Return the accounts of a document.  Raises ValueError."""
    document = json.loads(data)
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise ValueError("not a document of version 1")
    users = document.get("users")
    if not isinstance(users, list) or not users:
        raise ValueError("no list of users")
    accounts = [_account(entry) for entry in users]
    return {account.name: account for account in accounts}


def _account(entry: Any) -> Account:
    try:
        permissions, channels = entry["permissions"], entry["channels"]
        return Account(
            name=str(entry["name"]),
            hash=str(entry["hash"]),
            permissions=None if permissions == _ALL else frozenset(map(Permission, permissions)),
            channels=None if channels is None else frozenset(map(int, channels)),
            generation=int(entry["generation"]),
            changed_utc_s=int(entry["changed_utc_s"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"not an account: {error}") from error

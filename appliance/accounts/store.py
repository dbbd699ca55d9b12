"""The accounts document on disk: replaced as a whole or not at all, with a last good copy."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from pathlib import Path

from appliance.accounts.files import write_private
from appliance.accounts.model import Account, Document, decode, encode, mended

MAX_BYTES = 4 << 20
MIN_MEMORY_KIB = 19_456
_PHC = re.compile(
    r"\$argon2id\$v=19\$m=(\d{1,7}),t=([1-9]\d{0,2}),p=\d{1,2}"
    r"\$[A-Za-z0-9+/]{20,64}\$[A-Za-z0-9+/]{40,90}"
)
_log = logging.getLogger(__name__)


class AccountsDamagedError(Exception):
    """Neither the document nor its last good copy can be read; nobody can sign in or set up."""


class AccountStore:
    """Holds the document in memory and on disk; synchronous, one owner.

    The file is replaced as a whole (0600) and the one before is kept beside it.  A damaged file is
    not the same as no file: it never opens the first set-up again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._previous = path.with_name(path.name + ".previous")
        self._document = mended(Document())

    @property
    def document(self) -> Document:
        """Return what holds now."""
        return self._document

    def load(self) -> None:
        """Read the document.  Raises AccountsDamagedError; OSError where it cannot be read."""
        existing = [path for path in (self._path, self._previous) if path.exists()]
        for path in existing:
            try:
                self._document = decode(_read(path))
            except ValueError as error:
                _log.error("Accounts file %s is damaged: %s", path, error)
                continue
            if path == self._previous:
                _log.warning("Accounts were taken from the last good copy, %s", path)
            return
        if existing:
            raise AccountsDamagedError(str(self._path))
        self._document = mended(Document())

    def get(self, name: str) -> Account | None:
        """Return the account of that name, None if there is none."""
        return self._document.accounts.get(name)

    def all(self) -> list[Account]:
        """Return every account, by name."""
        accounts = self._document.accounts
        return [accounts[name] for name in sorted(accounts)]

    def replace(self, document: Document) -> None:
        """Put `document` in place, durably.  Raises OSError, nothing changed then."""
        document = mended(document)
        if self._document.accounts:
            write_private(self._previous, encode(self._document))
        write_private(self._path, encode(document))
        self._document = document

    def put(self, account: Account, *, proof: bool = True) -> Account:
        """Add or replace one account, durably; its revision rises, with `proof` its generation too.

        Raises OSError, nothing changed then.
        """
        before = self.get(account.name)
        account = replace(
            account,
            revision=before.revision + 1 if before else 1,
            generation=before.generation + proof if before else account.generation,
        )
        accounts = {**self._document.accounts, account.name: account}
        self.replace(replace(self._document, accounts=accounts))
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

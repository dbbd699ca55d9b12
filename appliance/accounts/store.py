"""The accounts document on disk: replaced as a whole or not at all, with a last good copy."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from appliance.accounts.files import write_private
from appliance.accounts.model import Account, Document, Token, decode, encode, mended
from appliance.settings.files import sync_folder

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

    The file is replaced as a whole (0600) and a copy is kept beside it, of the same state: from an
    older one, what was removed or revoked would come back.  A damaged file is not the same as no
    file: it never opens the first set-up again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._copy = path.with_name(path.name + ".copy")
        self._document = mended(Document())
        self.restored = False
        """Whether the document had to be taken from the copy."""

    @property
    def document(self) -> Document:
        """Return what holds now."""
        return self._document

    def load(self) -> None:
        """Read the document.  Raises AccountsDamagedError; OSError where it cannot be read."""
        existing = [path for path in (self._path, self._copy) if path.exists()]
        for path in existing:
            try:
                self._document = decode(_read(path))
            except ValueError as error:
                _log.error("Accounts file %s is damaged: %s", path, error)
                continue
            if path == self._copy:
                _log.warning("Accounts were taken from the copy, %s", path)
                self.restored = True
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
        data = encode(document)
        write_private(self._path, data)
        self._document = document
        try:
            write_private(self._copy, data)
        except OSError as error:
            _log.error("The copy of the accounts cannot be written: %s", error)
            with contextlib.suppress(OSError):
                self._copy.unlink(missing_ok=True)

    def clear(self) -> None:
        """Forget all accounts, as on a new box.  Raises OSError; they are all there then."""
        self._copy.unlink(missing_ok=True)
        self._path.unlink(missing_ok=True)
        sync_folder(self._path.parent)
        self._document = mended(Document())
        self.restored = False

    def put(
        self,
        account: Account,
        *,
        proof: bool = True,
        tokens: Mapping[str, Token] | None = None,
    ) -> Account:
        """Add or replace one account, durably; its revision rises, with `proof` its generation too.

        `tokens` takes the place of all tokens.  Raises OSError, nothing changed then.
        """
        before = self.get(account.name)
        account = replace(
            account,
            revision=before.revision + 1 if before else 1,
            generation=before.generation + proof if before else account.generation,
        )
        accounts = {**self._document.accounts, account.name: account}
        tokens = self._document.tokens if tokens is None else tokens
        self.replace(replace(self._document, accounts=accounts, tokens=tokens))
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

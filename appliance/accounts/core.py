"""What all methods of the account service share: the document, changing it, reading questions."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from appliance.accounts.model import Account, Document, Token
from appliance.accounts.permission import Permission, User
from appliance.accounts.rights import Rights, beyond, read_rights
from appliance.accounts.store import AccountsDamagedError, AccountStore, is_sound_hash
from appliance.bus.errors import BusError
from appliance.settings.vault import Vault
from appliance.text import _

Method = Callable[[dict[str, Any]], Awaitable[Any]]
MAX_HASH = 256
MAX_CHANGE = 1_800
"""Characters of what changed in one entry of the log; an entry holds some more."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What accounts need to know of the box: its zone, the channels there are, the time.

    `clock` is monotonic seconds, `wall` UTC seconds since 1970; `channels` None where they are not
    known, as in a tool that only reads accounts.  `told(kind, details)` keeps what was done.
    """

    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    zone: Callable[[], str] = lambda: "UTC"
    channels: Callable[[], Collection[int]] | None = None
    told: Callable[[str, dict[str, Any]], None] = lambda _kind, _details: None


class AccountCore:
    """Holds the document; all files are touched in a thread, changes are made one at a time."""

    def __init__(self, folder: Path, keys: Path, around: Surroundings) -> None:
        self.store = AccountStore(folder / "accounts.json")
        self.around = around
        self.writing = asyncio.Lock()
        self.damaged = False
        self._keys = keys
        self._vault: Vault | None = None
        try:
            self.store.load()
        except AccountsDamagedError:
            self.damaged = True

    @property
    def document(self) -> Document:
        """Return what holds now."""
        return self.store.document

    @property
    def now_s(self) -> int:
        """Return the time, UTC seconds since 1970."""
        return int(self.around.wall())

    def vault(self) -> Vault:
        """Return what seals secrets with the device key (blocking the first time)."""
        if self._vault is None:
            self._vault = Vault.open(self._keys)
        return self._vault

    async def replace(self, document: Document) -> None:
        """Store `document`.  Raises BusError, nothing changed then."""
        try:
            await asyncio.to_thread(self.store.replace, document)
        except OSError as error:
            raise _not_written(error) from error

    async def put(
        self, account: Account, *, proof: bool, tokens: Mapping[str, Token] | None = None
    ) -> Account:
        """Store one account; with `proof` its sessions end.  Raises BusError as `replace`.

        `tokens` are all API tokens there are from then on, None for those there are already.
        """
        try:
            return await asyncio.to_thread(self.store.put, account, proof=proof, tokens=tokens)
        except OSError as error:
            raise _not_written(error) from error

    async def put_password(self, by: Actor, account: Account, *, keep_tokens: bool) -> Account:
        """Store an account whose password is new: its sessions end, and its API tokens with them.

        Whoever knew the old one may have made tokens.  Raises BusError as `replace`.
        """
        tokens = self.document.tokens
        ending = [t for t in tokens.values() if t.user == account.name and not keep_tokens]
        kept = {key: token for key, token in tokens.items() if token not in ending}
        account = replace(account, changed_utc_s=self.now_s)
        stored = await self.put(account, proof=True, tokens=kept)
        if ending:
            names = ", ".join(sorted(token.name for token in ending))
            details = {"user": account.name, "count": len(ending), "names": names}
            self.note(by, "tokens_ended", **details)
        return stored

    def note(self, by: Actor, kind: str, **details: Any) -> None:
        """Enter in the log what was done, by whom, from where and how."""
        origin = {"actor": by.name, "address": by.address, "how": by.how}
        self.around.told(kind, {**origin, **details})

    def note_change(self, by: Actor, changes: Sequence[str], **whom: str) -> None:
        """Enter what changed of a `user` or `group`, in as many entries as that takes."""
        kind = "group_changed" if "group" in whom else "account_changed"
        told = ""
        for change in changes:
            if told and len(told) + len(change) > MAX_CHANGE:
                self.note(by, kind, **whom, what=told)
                told = ""
            told = f"{told}; {change}" if told else change
        if told:
            self.note(by, kind, **whom, what=told)

    async def clear(self) -> None:
        """Forget everything.  Raises BusError, nothing changed then."""
        try:
            await asyncio.to_thread(self.store.clear)
        except OSError as error:
            raise _not_written(error) from error
        self.damaged = False
        self.note(Actor("", None), "accounts_reset")

    def check_whole(self) -> None:
        """Raise BusError where the file of accounts cannot be read."""
        if self.damaged:
            raise BusError(
                "accounts.damaged",
                _(
                    "The file of accounts is damaged, nobody can sign in. Recording goes on. "
                    "Restore the file from a backup, or reset the accounts at the box."
                ),
            )

    def find(self, params: Mapping[str, Any], name: str = "user") -> Account:
        """Return the account a question is about.  Raises BusError."""
        self.check_whole()
        account = self.store.get(read_text(params, name, 64))
        if account is None:
            raise BusError("accounts.unknown", _("There is no such account (any more)."))
        return account

    def check_rank(self, by: Actor, account: Account) -> None:
        """Raise BusError where `account` may do what `by` may not: a lower one keeps its hands off.

        (D2-AC-03, N13.11)
        """
        if account.name != by.name and beyond(self.document.rights(account), by.rights):
            raise BusError(
                "accounts.outranks",
                _("{name} may do more than you may. Only somebody with the same rights can act "
                  "on this account.").format(name=account.name),
            )  # fmt: skip

    def own(self, params: Mapping[str, Any]) -> tuple[Actor, Account]:
        """Return who asks and their account, for what everybody does to their own.

        Raises BusError.
        """
        by = read_actor(params)
        return by, self.find({"user": by.name})


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks for a change, what they may do (None: everything), from where and how."""

    name: str
    rights: Rights | None
    address: str = ""
    how: str = ""


def read_actor(params: Mapping[str, Any]) -> Actor:
    """Return who asks: `by` {name, rights, address?, how?}.  Raises BusError."""
    by = params.get("by")
    with suppress(KeyError, ValueError):
        if isinstance(by, dict):
            origin = {"address": "", "how": "", **by}
            return Actor(
                read_text(by, "name", 64),
                read_rights(by["rights"]),
                read_text(origin, "address", 64),
                read_text(origin, "how", 64),
            )
    raise BusError("accounts.bad_request", "by is not who asks")


def read_text(params: Mapping[str, Any], name: str, most: int) -> str:
    """Return a text of at most `most` characters.  Raises BusError."""
    value = params.get(name)
    if not isinstance(value, str) or len(value) > most:
        raise BusError("accounts.bad_request", f"{name} is not a text of at most {most} characters")
    return value


def read_hash(params: Mapping[str, Any], name: str = "hash") -> str:
    """Return an argon2id hash that is strong enough.  Raises BusError."""
    value = read_text(params, name, MAX_HASH)
    if not is_sound_hash(value):
        raise BusError("accounts.bad_request", f"{name} is not a strong enough argon2id hash")
    return value


def field_error(path: str, code: str, text: str) -> dict[str, str]:
    """Return one wrong field."""
    return {"path": path, "code": code, "text": text}


def refuse(fields: list[dict[str, str]]) -> None:
    """Raise BusError with every wrong field, if there is one."""
    if fields:
        text = _("Some fields are wrong; nothing was changed.")
        raise BusError("accounts.invalid", text, fields=fields)


def user_to_json(user: User) -> dict[str, Any]:
    """Return `user` as it goes over the bus and into the sessions' file."""
    return {
        "name": user.name,
        "permissions": sorted(user.permissions),
        "channels": None if user.channels is None else sorted(user.channels),
        "narrowed": {p.value: sorted(channels) for p, channels in sorted(user.narrowed.items())},
        "generation": user.generation,
        "enrol": user.enrol,
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
            narrowed={
                Permission(p): frozenset(int(c) for c in named)
                for p, named in value.get("narrowed", {}).items()
                if p in known
            },
            enrol=bool(value.get("enrol", False)),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a user: {error}") from error


def stale() -> BusError:
    """Return the error for a change of what somebody else changed meanwhile."""
    return BusError("accounts.stale", _("Somebody else has changed this meanwhile. Load it again."))


def _not_written(error: OSError) -> BusError:
    _log.error("Accounts cannot be written: %s", error)
    return BusError(
        "accounts.not_written",
        _("The account could not be stored: {reason}. Nothing was changed.").format(
            reason=error.strerror or error
        ),
    )

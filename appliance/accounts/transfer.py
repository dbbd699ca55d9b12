"""Accounts and groups as a part of a configuration that another box takes over."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from appliance.accounts.core import AccountCore
from appliance.accounts.model import ADMIN, Account, Document, Factor, decode, encode
from appliance.accounts.store import is_sound_hash
from appliance.settings.problems import SettingsError
from appliance.settings.transfer import newer, wrong
from appliance.settings.vault import VaultError
from appliance.text import _


class AccountsPart:
    """Gathers accounts, groups, tokens and the recovery; `title` names them in a preview.

    Passwords go as the hashes they are kept as.  Secrets of second factors and passwords of ONVIF
    users are sealed with the device key, and sealed anew by the box that takes them over.
    """

    name = "accounts"
    title = _("Users and groups")

    def __init__(self, core: AccountCore) -> None:
        self._core = core

    def gather(self) -> Any:
        """Return everything about accounts; None where their file cannot be read.  Blocks."""
        if self._core.damaged or not self._core.document.accounts:
            return None
        value = json.loads(encode(self._core.document))
        for entry in value["users"]:
            factor = entry["factor"]
            if factor is not None:
                factor["secret"] = self._opened(factor["secret"], entry["name"])
                if not factor["secret"]:
                    entry["factor"] = None
        for entry in value["onvif"]:
            entry["password"] = self._opened(entry["password"], f"onvif/{entry['name']}", "")
        value["onvif"] = [entry for entry in value["onvif"] if entry["password"]]
        return value

    def weigh(self, value: Any) -> list[str]:
        """Return what would change, in words; raise SettingsError where it makes no sense."""
        document = self._document(value)
        return list(_changes(self._core.document, document))

    async def apply(self, value: Any) -> None:
        """Put them in the place of those here; all sessions end.  Raise SettingsError, BusError."""
        document = self._document(value)
        async with self._core.writing:
            before = self._core.document.accounts
            accounts = {}
            for name, account in document.accounts.items():
                known = before.get(name)
                factor = account.factor
                if factor is not None:
                    sealed = self._core.vault().seal(factor.secret, f"accounts/{name}/factor")
                    factor = replace(factor, secret=sealed)
                generation = max(account.generation, known.generation if known else 0) + 1
                revision = max(account.revision, known.revision if known else 0) + 1
                accounts[name] = replace(
                    account, factor=factor, generation=generation, revision=revision
                )
            onvif = {
                name: replace(
                    user, password=self._core.vault().seal(user.password, f"accounts/onvif/{name}")
                )
                for name, user in document.onvif.items()
            }
            await self._core.replace(replace(document, accounts=accounts, onvif=onvif))
            self._core.damaged = False

    def _opened(self, sealed: str, name: str, ending: str = "/factor") -> str:
        try:
            return self._core.vault().open_sealed(sealed, f"accounts/{name}{ending}")
        except VaultError:
            return ""

    @staticmethod
    def _document(value: Any) -> Document:
        try:
            document = decode(json.dumps(value).encode())
        except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
            version = value.get("version") if isinstance(value, dict) else None
            if isinstance(version, int) and version > 2:
                raise newer() from None
            raise _senseless() from error
        admin = document.accounts.get(ADMIN)
        hashes = all(is_sound_hash(account.hash) for account in document.accounts.values())
        if admin is None or admin.rights is not None or not hashes:
            raise _senseless()
        return document


def _senseless() -> SettingsError:
    return wrong("file", "accounts", _("holds users that make no sense; nothing was taken over"))


def _changes(here: Document, there: Document) -> Iterator[str]:
    for name in sorted({*here.accounts, *there.accounts}):
        old, new = here.accounts.get(name), there.accounts.get(name)
        if old is None:
            yield _("User {name}: added").format(name=name)
        elif new is None:
            yield _("User {name}: removed").format(name=name)
        else:
            yield from _account_changes(name, old, new)
    for name in sorted({*here.groups, *there.groups}):
        before, after = here.groups.get(name), there.groups.get(name)
        if before is None:
            yield _("Group {name}: added").format(name=name)
        elif after is None:
            yield _("Group {name}: removed").format(name=name)
        elif (before.rights, before.remarks) != (after.rights, after.remarks):
            yield _("Group {name}: changed").format(name=name)
    if set(here.tokens) != set(there.tokens):
        count = len(there.tokens)
        yield _("API tokens: {count} of the file").format(count=count)
    if set(here.onvif) != set(there.onvif):
        yield _("ONVIF users: {count} of the file").format(count=len(there.onvif))
    if here.recovery != there.recovery:
        yield _("Lost password: changed")


def _account_changes(name: str, old: Account, new: Account) -> Iterator[str]:
    if old.hash != new.hash:
        yield _("User {name}: password of the file").format(name=name)
    if _of(old) != _of(new):
        yield _("User {name}: changed").format(name=name)
    if _has_factor(old.factor) != _has_factor(new.factor):
        yield _("User {name}: second factor of the file").format(name=name)


def _of(account: Account) -> Mapping[str, Any]:
    return {
        "group": account.group,
        "rights": account.rights,
        "remarks": account.remarks,
        "period": account.period,
        "mac": account.mac,
        "hint": account.hint,
        "blocked": account.blocked_until_utc_s,
        "pattern": account.pattern,
    }


def _has_factor(factor: Factor | None) -> bool:
    return factor is not None

"""Users: seen and changed by whoever may, never beyond their own rights (D2-AC-01, D2-AC-03).

Methods on the bus; `by` is who asks: {name, rights}.

- ``accounts.users`` {by} -> {users}
- ``accounts.put_user`` {by, name, create, revision?, values, hash?} -> user's record
- ``accounts.remove_user`` {by, name, revision?} -> {}
- ``accounts.set_password`` {by, user, hash} -> {}: another's password (D2-AC-06); tokens end
- ``accounts.block`` {by, user, minutes} -> {until_utc_s}; 0 ends it (D2-MT-21)
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from appliance.accounts.admission import read_period, refusal
from appliance.accounts.changes import account_changes, proof_changes
from appliance.accounts.core import (
    AccountCore,
    Actor,
    Method,
    field_error,
    read_actor,
    read_hash,
    refuse,
)
from appliance.accounts.model import ADMIN, ADMINS, Account
from appliance.accounts.neighbours import read_mac
from appliance.accounts.rights import (
    beyond,
    common,
    without_channels,
    write_rights,
)
from appliance.accounts.wishes import (
    Sort,
    beyond_actor,
    existing,
    read_wish,
    text_errors,
    wanted_rights,
)
from appliance.bus.errors import BusError
from appliance.text import _

MAX_ACCOUNTS = 64
"""32 are asked for (N13.11 counts 31 beside admin)."""
MAX_HINT = 64
MAX_BLOCK_MINUTES = 65_535
SORT = Sort(
    frozenset({"group", "rights", "remarks", "period", "mac", "hint"}),
    MAX_ACCOUNTS,
    _("There are {most} accounts, no more can be added."),
    _("There is no such account (any more)."),
)
_log = logging.getLogger(__name__)


class PeopleDesk:
    """Answers what concerns users."""

    def __init__(self, core: AccountCore) -> None:
        self._core = core

    def methods(self) -> Mapping[str, Method]:
        """Return the methods by name."""
        return {
            "accounts.users": self.users,
            "accounts.put_user": self.put_user,
            "accounts.remove_user": self.remove_user,
            "accounts.set_password": self.set_password,
            "accounts.block": self.block,
        }

    async def users(self, params: dict[str, Any]) -> dict[str, Any]:
        """Return every user; `within` says whether the asker may change it."""
        by = read_actor(params)
        self._core.check_whole()
        return {"users": [self._user_record(account, by) for account in self._core.store.all()]}

    async def put_user(self, params: dict[str, Any]) -> dict[str, Any]:
        """Add or change a user.  Raises BusError with every wrong field, nothing changed then."""
        async with self._core.writing:
            self._core.check_whole()
            wish = read_wish(params, SORT, self._core.document.accounts)
            by, before = wish.by, wish.before
            if before is None:
                account = Account(wish.name, read_hash(params), group="")
                account = replace(account, changed_utc_s=self._core.now_s)
            else:
                account = before
                self._core.check_rank(by, before)
            wanted, wrong = self._changed(account, wish.values)
            refuse(wish.wrong + wrong + self._right_errors(by, wanted))
            if before is not None:
                _check_self(by, before, wanted)
            stored = await self._core.put(wanted, proof=False)
            self._core.note_change(by, account_changes(before, stored), user=stored.name)
        _log.info("%s %s the account %s", by.name, "changed" if before else "added", stored.name)
        return self._user_record(stored, by)

    async def remove_user(self, params: dict[str, Any]) -> dict[str, Any]:
        """Remove a user with their tokens; their sessions end."""
        by = read_actor(params)
        async with self._core.writing:
            self._core.check_whole()
            document = self._core.document
            account = existing(params, SORT, document.accounts)
            if account.name == ADMIN:
                raise BusError(
                    "accounts.last_admin",
                    _("admin cannot be removed: somebody has to be able to manage the box."),
                )
            if account.name == by.name:
                text = _("Nobody can remove their own account. Ask another administrator.")
                raise BusError("accounts.own", text)
            self._core.check_rank(by, account)
            accounts = {n: a for n, a in document.accounts.items() if n != account.name}
            await self._core.replace(replace(document, accounts=accounts))
            self._core.note_change(by, [_("removed")], user=account.name)
        _log.info("%s removed the account %s", by.name, account.name)
        return {}

    async def set_password(self, params: dict[str, Any]) -> dict[str, Any]:
        """Give another account a new password; sessions, tokens and second factor go."""
        by = read_actor(params)
        async with self._core.writing:
            account = self._core.find(params)
            self._core.check_rank(by, account)
            if account.name == by.name:
                raise BusError("accounts.own", _("Change your own password with the old one."))
            renewed = replace(account, hash=read_hash(params), factor=None, pattern="")
            await self._core.put_password(by, renewed, keep_tokens=False)
            self._core.note_change(by, proof_changes(account, renewed), user=account.name)
        _log.info("%s set a new password for %s", by.name, account.name)
        return {}

    async def block(self, params: dict[str, Any]) -> dict[str, Any]:
        """Keep an account out for so many minutes, from now."""
        by, account = read_actor(params), self._core.find(params)
        minutes = params.get("minutes")
        if not isinstance(minutes, int) or not 0 <= minutes <= MAX_BLOCK_MINUTES:
            text = _("Must be 0 to {most} minutes.").format(most=MAX_BLOCK_MINUTES)
            refuse([field_error("minutes", "range", text)])
            raise AssertionError
        if account.name in (by.name, ADMIN) and minutes:
            raise BusError(
                "accounts.own",
                _("Neither admin nor the own account can be blocked: nobody is shut out for good."),
            )
        async with self._core.writing:
            account = self._core.find(params)
            self._core.check_rank(by, account)
            until = self._core.now_s + 60 * minutes if minutes else 0
            account = replace(account, blocked_until_utc_s=until)
            await self._core.put(account, proof=False)
            self._core.note(by, "user_blocked", user=account.name, minutes=minutes)
        _log.info("%s blocked %s for %d minutes", by.name, account.name, minutes)
        return {"until_utc_s": until}

    async def forget_channels(self) -> None:
        """Take channels that are gone out of all rights."""
        if self._core.around.channels is None or self._core.damaged:
            return
        async with self._core.writing:
            document, known = self._core.document, set(self._core.around.channels())
            groups = {
                name: replace(group, rights=without_channels(group.rights, known))
                for name, group in document.groups.items()
            }
            accounts = {
                name: replace(account, rights=without_channels(account.rights, known))
                for name, account in document.accounts.items()
            }
            tokens = {
                key: replace(token, rights=without_channels(token.rights, known))
                for key, token in document.tokens.items()
            }
            changed = replace(document, groups=groups, accounts=accounts, tokens=tokens)
            if changed != document:
                await self._core.replace(changed)

    # -- reading what is wanted ----------------------------------------------------------------

    def _changed(
        self, account: Account, values: dict[str, Any]
    ) -> tuple[Account, list[dict[str, str]]]:
        """Return `account` with `values`, and every field that is wrong."""
        wrong = text_errors(values, "hint", MAX_HINT)
        group = values.get("group", account.group)
        if not isinstance(group, str) or group not in self._core.document.groups:
            text = _("Choose a group there is; every user is in exactly one.")
            wrong.append(field_error("group", "accounts.no_group", text))
            group = account.group
        rights, more = wanted_rights(self._core, values, account.rights)
        wrong += more
        period, mac = account.period, account.mac
        if "period" in values:
            period, errors = read_period(values["period"])
            wrong += [
                field_error(f"period.{path}" if path else "period", "period", text)
                for path, text in errors
            ]
        if "mac" in values:
            read = read_mac(values["mac"])
            if read is None:
                text = _("Must be a hardware address such as 00:1A:2B:3C:4D:5E, or empty.")
                wrong.append(field_error("mac", "mac", text))
            else:
                mac = read
        if account.name == ADMIN:
            for name, still in (("group", group == ADMINS), ("rights", rights is None),
                                ("period", period is None), ("mac", not mac)):  # fmt: skip
                if not still:
                    text = _("admin always has every right, at any time and from any computer.")
                    wrong.append(field_error(name, "accounts.last_admin", text))
        if wrong:
            return account, wrong
        return replace(
            account,
            group=group,
            rights=rights,
            period=period,
            mac=mac,
            remarks=str(values.get("remarks", account.remarks)),
            hint=str(values.get("hint", account.hint)),
        ), []

    def _right_errors(self, by: Actor, account: Account) -> list[dict[str, str]]:
        """Return the rights that reach beyond the group's or beyond those of who gives them."""
        group = self._core.document.groups.get(account.group)
        if group is None:
            return []
        text = _("The group {group} does not have this right.").format(group=group.name)
        wrong = [
            field_error(f"rights.{permission.value}", "accounts.beyond_group", text)
            for permission in (beyond(account.rights, group.rights) if account.rights else [])
        ]
        return wrong or beyond_actor(by, common(account.rights, group.rights))

    # -- telling -------------------------------------------------------------------------------

    def _user_record(self, account: Account, by: Actor) -> dict[str, Any]:
        document, around = self._core.document, self._core.around
        refused = refusal(account, around.wall(), around.zone())
        rights = document.rights(account)
        within = account.name == by.name or not beyond(rights, by.rights)
        return {
            "name": account.name,
            "group": account.group,
            "own_rights": account.rights is not None,
            "rights": write_rights(rights),
            "remarks": account.remarks,
            "period": _plain_period(account.period),
            "mac": account.mac,
            "hint": account.hint if within else "",
            "blocked_until_utc_s": account.blocked_until_utc_s,
            "refused": None if refused is None else refused.text,
            "second_factor": account.factor is not None,
            "factor_needed": document.needs_factor(account),
            "pattern": bool(account.pattern),
            "changed_utc_s": account.changed_utc_s,
            "revision": account.revision,
            "fixed": account.name == ADMIN,
            "within": within,
            "tokens": sum(token.user == account.name for token in document.tokens.values()),
        }


def _check_self(by: Actor, before: Account, wanted: Account) -> None:
    """Raise BusError where somebody changes what they themselves may."""
    limits = ("group", "rights", "period", "mac")
    if before.name != by.name or all(getattr(before, n) == getattr(wanted, n) for n in limits):
        return
    raise BusError(
        "accounts.own",
        _("Nobody changes their own rights: so nobody is shut out by mistake, or rises."),
    )


def _plain_period(period: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if period is None:
        return None
    return {
        day: [{"start": p["start"], "end": p["end"]} for p in periods]
        for day, periods in period.items()
    }

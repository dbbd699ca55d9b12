"""What the supervisor answers about accounts on the bus; hashing is done by who asks, not here.

Methods, each taking and returning JSON:

- ``accounts.state`` {} -> {initialised, damaged}
- ``accounts.check_code`` {code, address} -> {}; errors accounts.code_wrong, accounts.code_wait
- ``accounts.setup`` {code, address, hash} -> user; the first set-up, once (D1-IZ-02)
- ``accounts.lookup`` {user} -> account with hash, or null: for the process that verifies passwords
- ``accounts.follow`` {} -> {users, tokens}: what sessions and tokens have to follow
- ``accounts.change_password`` {by, hash, generation, keep_tokens?} -> {user, tokens_ended}
  (D2-AC-06): the own one; API tokens end with it unless they are said to stay

and those of `people`, `groups`, `tokens`, `factors`, `recovery` and `onvif`.  A user is {name,
permissions, channels, narrowed, generation, enrol}.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from appliance.accounts.admission import refusal
from appliance.accounts.changes import proof_changes
from appliance.accounts.core import (
    AccountCore,
    Method,
    Surroundings,
    field_error,
    read_hash,
    read_text,
    user_to_json,
)
from appliance.accounts.factors import FactorDesk
from appliance.accounts.failures import FailureLock
from appliance.accounts.groups import GroupDesk
from appliance.accounts.model import ADMIN, Account
from appliance.accounts.onvif import OnvifDesk
from appliance.accounts.people import PeopleDesk
from appliance.accounts.recovery import RecoveryDesk
from appliance.accounts.rights import write_rights
from appliance.accounts.setup_code import SetupCode
from appliance.accounts.tokens import TokenDesk
from appliance.accounts.transfer import AccountsPart
from appliance.bus.errors import BusError
from appliance.text import _

ROLES = frozenset({"web"})
"""Peers that may call these methods: the hash goes to them for verification."""
FOLDER = "accounts"
DEVICE_KEY = "device.key"
_CODE = "setup code"
_log = logging.getLogger(__name__)


class AccountService:
    """Accounts of one box, kept below `state_dir`."""

    def __init__(self, state_dir: Path, around: Surroundings | None = None) -> None:
        folder = state_dir / FOLDER
        around = around or Surroundings()
        self._core = AccountCore(folder, state_dir / "keys" / DEVICE_KEY, around)
        self._code = SetupCode(folder / "setup-code.json")
        self._tries = FailureLock(around.clock)
        self._people = PeopleDesk(self._core)
        self._desks = (
            self._people,
            GroupDesk(self._core),
            TokenDesk(self._core),
            FactorDesk(self._core),
            RecoveryDesk(self._core),
            OnvifDesk(self._core),
        )

    @property
    def part(self) -> AccountsPart:
        """Accounts and groups as a part of the configuration."""
        return AccountsPart(self._core)

    def methods(self) -> Mapping[str, Method]:
        """Return the methods by name."""
        found: dict[str, Method] = {
            "accounts.state": self.state,
            "accounts.check_code": self.check_code,
            "accounts.setup": self.setup,
            "accounts.lookup": self.lookup,
            "accounts.follow": self.follow,
            "accounts.change_password": self.change_password,
        }
        for desk in self._desks:
            found |= desk.methods()
        return found

    def issue_code(self) -> str | None:
        """Make and return the one-time code for showing at the box; None once it is set up."""
        return None if self.initialised else self._code.issue()

    async def forget_channels(self) -> None:
        """Take channels that were removed out of all rights, so that none is inherited."""
        await self._people.forget_channels()

    @property
    def initialised(self) -> bool:
        """Whether there is an account, or was one in a file that is damaged."""
        return self._core.damaged or bool(self._core.document.accounts)

    @property
    def restored(self) -> bool:
        """Whether the accounts had to be taken from the copy of their file."""
        return self._core.store.restored

    async def state(self, _params: dict[str, Any]) -> dict[str, bool]:
        """Say whether there is an account yet."""
        return {"initialised": self.initialised, "damaged": self._core.damaged}

    async def check_code(self, params: dict[str, Any]) -> dict[str, Any]:
        """Compare the code, so that no password is hashed for whoever does not have it."""
        self._check_open()
        address = read_text(params, "address", 64)
        verdict = self._tries.check(_CODE, address)
        if verdict.locked_s > 0:
            raise BusError(
                "accounts.code_wait",
                _("Too many wrong codes. Wait {seconds} s, then try again.").format(
                    seconds=math.ceil(verdict.locked_s)
                ),
            )
        if not await asyncio.to_thread(self._code.matches, read_text(params, "code", 64)):
            self._tries.failed(_CODE, address)
            text = _("This is not the one-time code. It is shown at the box itself.")
            field = field_error("code", "accounts.code_wrong", text)
            raise BusError("accounts.code_wrong", text, fields=[field])
        return {}

    async def setup(self, params: dict[str, Any]) -> dict[str, Any]:
        """Create the administrator, once; the code is used up."""
        await self.check_code(params)
        async with self._core.writing:
            self._check_open()
            account = Account(ADMIN, read_hash(params), changed_utc_s=self._core.now_s)
            account = await self._core.put(account, proof=True)
            await asyncio.to_thread(self._code.use_up)
            details = {"address": read_text(params, "address", 64)}
            self._core.around.told("setup_done", details)
        _log.info("The administrator's password was set for the first time")
        return user_to_json(self._core.document.user(account))

    async def lookup(self, params: dict[str, Any]) -> dict[str, Any] | None:
        """Return one account with what verifies it, and whether it may sign in now."""
        self._core.check_whole()
        account = self._core.store.get(read_text(params, "user", 64))
        if account is None:
            return None
        refused = refusal(account, self._core.around.wall(), self._core.around.zone())
        return {
            **user_to_json(self._core.document.user(account)),
            "hash": account.hash,
            "pattern": account.pattern,
            "factor": account.factor is not None,
            "factor_needed": self._core.document.needs_factor(account),
            "mac": account.mac,
            "hint": account.hint,
            "changed_utc_s": account.changed_utc_s,
            "refused": None if refused is None else {"code": refused.code, "text": refused.text},
        }

    async def follow(self, _params: dict[str, Any]) -> dict[str, Any]:
        """Return who may be signed in now, and the tokens in force, without anything secret."""
        self._core.check_whole()
        document, around = self._core.document, self._core.around
        now, zone = around.wall(), around.zone()
        admitted = [a for a in self._core.store.all() if refusal(a, now, zone) is None]
        names = {account.name for account in admitted}
        return {
            "users": [
                {**user_to_json(document.user(account)), "changed_utc_s": account.changed_utc_s}
                for account in admitted
            ],
            "tokens": [
                {
                    "id": token.id,
                    "digest": token.digest,
                    "user": token.user,
                    "rights": write_rights(token.rights),
                    "expires_utc_s": token.expires_utc_s,
                }
                for token in document.tokens.values()
                if token.user in names
            ],
        }

    async def change_password(self, params: dict[str, Any]) -> dict[str, Any]:
        """Replace the hash, unless the account changed since `generation`."""
        async with self._core.writing:
            by, account = self._core.own(params)
            if account.generation != params.get("generation"):
                raise BusError(
                    "accounts.changed", _("The account has changed meanwhile. Sign in again.")
                )
            tokens = len(self._core.document.tokens)
            renewed = await self._core.put_password(
                by,
                replace(account, hash=read_hash(params)),
                keep_tokens=bool(params.get("keep_tokens")),
            )
            self._core.note_change(by, proof_changes(account, renewed), user=account.name)
            ended = tokens - len(self._core.document.tokens)
        _log.info("The password of %s was changed", account.name)
        user = user_to_json(self._core.document.user(renewed))
        return {"user": user, "tokens_ended": ended}

    async def reset(self) -> None:
        """Forget all accounts, groups and tokens: the box waits for its first set-up again.

        Raises BusError; nothing changed then.
        """
        async with self._core.writing:
            await self._core.clear()
        _log.warning("All accounts were removed by a reset")

    def _check_open(self) -> None:
        self._core.check_whole()
        if self.initialised:
            raise BusError("accounts.initialised", _("This box is set up already. Sign in."))


def methods(state_dir: Path) -> Mapping[str, Method]:
    """Return the methods of a new service; use `AccountService` to issue the code as well."""
    return AccountService(state_dir).methods()

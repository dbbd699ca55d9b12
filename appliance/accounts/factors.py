"""The second factor (TOTP with spare codes) and the unlock pattern of the local screen.

Methods on the bus:

- ``accounts.begin_factor`` {by} -> {secret, address}: nothing holds before the next
- ``accounts.confirm_factor`` {by, code} -> {spare}: from now on a code is asked for
- ``accounts.drop_factor`` {by} -> {}; error accounts.factor_needed where the group asks for it
- ``accounts.check_factor`` {user, code} -> {spare_left}; errors accounts.factor_wrong,
  accounts.factor_clock
- ``accounts.set_pattern`` {by, hash} -> {}; "" takes it off (D2-AC-07)

All but the check concern the account of who asks; who calls them has verified its password.
"""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from appliance.accounts import totp
from appliance.accounts.changes import proof_changes
from appliance.accounts.core import (
    AccountCore,
    Actor,
    Method,
    field_error,
    read_hash,
    read_text,
)
from appliance.accounts.model import Account, Factor
from appliance.bus.errors import BusError
from appliance.settings.vault import VaultError
from appliance.text import _

SPARE_CODES = 10
SPARE_BYTES = 5
"""40 bits each, of which few can be tried: failures lock."""
ENROLL_S = 600.0
MAX_ENROLLING = 64
MAX_BURNT = 256
ISSUER = "Video recorder"


class FactorDesk:
    """Answers what concerns second factors and patterns; secrets never leave after enrolment."""

    def __init__(self, core: AccountCore) -> None:
        self._core = core
        self._begun: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._burnt: OrderedDict[tuple[str, int], None] = OrderedDict()

    def methods(self) -> Mapping[str, Method]:
        """Return the methods by name."""
        return {
            "accounts.begin_factor": self.begin,
            "accounts.confirm_factor": self.confirm,
            "accounts.drop_factor": self.drop,
            "accounts.check_factor": self.check,
            "accounts.set_pattern": self.set_pattern,
        }

    async def begin(self, params: dict[str, Any]) -> dict[str, Any]:
        """Make a secret for an authenticator app; it waits 10 minutes for its first code."""
        _by, account = self._core.own(params)
        secret = totp.new_secret()
        self._begun[account.name] = (secret, self._core.around.clock() + ENROLL_S)
        self._begun.move_to_end(account.name)
        while len(self._begun) > MAX_ENROLLING:
            self._begun.popitem(last=False)
        return {"secret": secret, "address": totp.address(secret, account.name, ISSUER)}

    async def confirm(self, params: dict[str, Any]) -> dict[str, Any]:
        """Take the second factor into force once its app shows the right code."""
        by, account = self._core.own(params)
        code = _digits(read_text(params, "code", 64))
        secret, until = self._begun.get(account.name, ("", 0.0))
        if not secret or until < self._core.around.clock():
            raise BusError("accounts.factor_late", _("This took too long. Begin again."))
        step = self._step(account.name, secret, code)
        spare = [_spare_code() for _number in range(SPARE_CODES)]
        async with self._core.writing:
            _by, account = self._core.own(params)
            sealed = await asyncio.to_thread(self._seal, secret, account.name)
            factor = Factor(sealed, tuple(map(_spare_digest, spare)), step)
            await self._put(by, account, replace(account, factor=factor), proof=True)
        self._begun.pop(account.name, None)
        return {"spare": spare}

    async def drop(self, params: dict[str, Any]) -> dict[str, Any]:
        """Do without a second factor from now on."""
        async with self._core.writing:
            by, account = self._core.own(params)
            if self._core.document.needs_factor(account):
                text = _("Your group {group} asks for a second factor, so it cannot be taken off.")
                raise BusError("accounts.factor_needed", text.format(group=account.group))
            if account.factor is not None:
                await self._put(by, account, replace(account, factor=None), proof=True)
        return {}

    async def check(self, params: dict[str, Any]) -> dict[str, Any]:
        """Take a code of the app, or a spare code, once.  Raises BusError in words."""
        text = read_text(params, "code", 64)
        async with self._core.writing:
            account = self._core.find(params)
            factor = account.factor
            if factor is None:
                return {"spare_left": 0}
            digest = _spare_digest(text)
            if digest in factor.spare:
                left = tuple(kept for kept in factor.spare if kept != digest)
                factor = replace(factor, spare=left)
            else:
                secret = await asyncio.to_thread(self._open, factor.secret, account.name)
                step = self._step(account.name, secret, _digits(text))
                if step <= factor.last:
                    raise _wrong(_("This code was used already. Wait for the next one."))
                factor = replace(factor, last=step)
            await self._core.put(replace(account, factor=factor), proof=False)
        return {"spare_left": len(factor.spare)}

    async def set_pattern(self, params: dict[str, Any]) -> dict[str, Any]:
        """Keep the hash of the unlock pattern, or none."""
        hashed = "" if params.get("hash") == "" else read_hash(params)
        async with self._core.writing:
            by, account = self._core.own(params)
            await self._put(by, account, replace(account, pattern=hashed), proof=False)
        return {}

    async def _put(self, by: Actor, before: Account, after: Account, *, proof: bool) -> None:
        await self._core.put(after, proof=proof)
        self._core.note_change(by, proof_changes(before, after), user=after.name)

    def _step(self, name: str, secret: str, code: str) -> int:
        """Return the time step `code` is of.  Raises BusError: wrong, or of a wrong clock.

        A code of a clock that is ahead is burnt: it would be good later on.
        """
        now = self._core.around.wall()
        step = totp.matching_step(secret, code, now, totp.FAR_STEPS) if code else None
        if step is None or (name, step) in self._burnt:
            raise _wrong(_("This is not the code that the authenticator app shows now."))
        off_s = (step - totp.step_of(now)) * totp.STEP_S
        if abs(off_s) <= totp.NEAR_STEPS * totp.STEP_S:
            return step
        self._burnt[name, step] = None
        while len(self._burnt) > MAX_BURNT:
            self._burnt.popitem(last=False)
        shown = datetime.datetime.fromtimestamp(now, datetime.UTC).strftime("%H:%M:%S")
        minutes = round(abs(off_s) / 60)
        words = (
            _(
                "The clock of the phone is about {minutes} min ahead of the recorder's, which "
                "says {time} UTC. Set the wrong one right, then enter a new code."
            )
            if off_s > 0
            else _(
                "The clock of the phone is about {minutes} min behind the recorder's, which "
                "says {time} UTC. Set the wrong one right, then enter a new code."
            )
        ).format(minutes=max(1, minutes), time=shown)
        field = field_error("code", "accounts.factor_clock", words)
        raise BusError("accounts.factor_clock", words, fields=[field])

    def _seal(self, secret: str, name: str) -> str:
        return self._core.vault().seal(secret, f"accounts/{name}/factor")

    def _open(self, sealed: str, name: str) -> str:
        try:
            return self._core.vault().open_sealed(sealed, f"accounts/{name}/factor")
        except VaultError as error:
            raise BusError(
                "accounts.factor_lost",
                _(
                    "The second factor cannot be read: the box has another key than before. Use "
                    "a spare code, or let an administrator set a new password."
                ),
            ) from error


def pattern_errors(points: list[int]) -> list[dict[str, str]]:
    """Return why `points` is no unlock pattern: numbers 1 to 9 of a 3 x 3 grid (D2-AC-07)."""
    if len(points) < 4:
        text = _("Join at least four points; these are {count}.").format(count=len(points))
        return [field_error("pattern", "pattern_short", text)]
    if len(set(points)) != len(points) or not all(1 <= point <= 9 for point in points):
        text = _("Each point of the nine can be joined once.")
        return [field_error("pattern", "pattern_points", text)]
    return []


def _wrong(text: str) -> BusError:
    field = field_error("code", "accounts.factor_wrong", text)
    return BusError("accounts.factor_wrong", text, fields=[field])


def _digits(text: str) -> str:
    digits = "".join(text.split())
    return digits if len(digits) == totp.DIGITS and digits.isascii() and digits.isdigit() else ""


def _spare_code() -> str:
    code = secrets.token_hex(SPARE_BYTES)
    return f"{code[:5]}-{code[5:]}"


def _spare_digest(code: str) -> str:
    plain = "".join(c for c in code.lower() if c in "0123456789abcdef")
    return hashlib.sha256(f"spare {plain}".encode()).hexdigest()

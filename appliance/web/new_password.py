"""Setting passwords: the first one, the own, another's, and one that was lost."""

from __future__ import annotations

from typing import Any

from appliance.accounts.core import user_from_json
from appliance.accounts.model import ADMIN
from appliance.accounts.neighbours import card_of
from appliance.accounts.permission import User
from appliance.accounts.rules import broken_rules, normalise
from appliance.bus.errors import BusError
from appliance.text import _
from appliance.web.asking import api_error, ask_bus
from appliance.web.errors import ApiError, FieldError
from appliance.web.reading import invalid
from appliance.web.sign_in import Caller, SignIn

RECOVERY = "recovery of admin (security questions)"
"""What wrong answers are counted for, apart from wrong passwords.

No account can have this name: who signs in to one of it would have failures of their own forgiven.
"""


def password_errors(sign_in: SignIn, password: str, user: str, path: str) -> list[FieldError]:
    """Return every rule that a new password breaks (D2-AC-06)."""
    broken = broken_rules(normalise(password), user, sign_in.least_kinds)
    return [FieldError(path, rule.code, rule.text) for rule in broken]


async def set_up(sign_in: SignIn, code: str, password: str, caller: Caller) -> User:
    """Create the administrator (D1-IZ-02).  Raises ApiError with every wrong field."""
    fields = password_errors(sign_in, password, ADMIN, "password")
    with sign_in.one_at_a_time("", caller):
        try:
            known = {"code": code, "address": caller.address}
            await sign_in.bus.request("accounts.check_code", known)
        except BusError as error:
            if error.code != "accounts.code_wrong":
                raise _setup_error(error) from error
            fields.insert(0, FieldError("code", error.code, error.text))
        if fields:
            raise invalid(fields)
        hashed = await sign_in.hash(password)
        try:
            user = await sign_in.bus.request(
                "accounts.setup", {"code": code, "address": caller.address, "hash": hashed}
            )
        except BusError as error:
            raise _setup_error(error) from error
    return user_from_json(user)


async def verify_own(sign_in: SignIn, user: User, password: str, caller: Caller) -> dict[str, Any]:
    """Return the own account if `password` is in use; raises ApiError at the field "password"."""
    return await _verify(sign_in, user.name, password, caller, "password", [])


async def hash_own(
    sign_in: SignIn, user: User, old: str, new: str, caller: Caller
) -> dict[str, Any]:
    """Return what replaces the own password (D2-AC-06): its hash, and of which state it was asked.

    Raises ApiError with every wrong field.
    """
    fields = password_errors(sign_in, new, user.name, "new")
    if normalise(new) == normalise(old):
        text = _("This is the old password. Choose another.")
        fields.append(FieldError("new", "password_same", text))
    current = await _verify(sign_in, user.name, old, caller, "old", fields)
    if fields:
        raise invalid(fields)
    return {"hash": await sign_in.hash(new), "generation": current["generation"]}


async def hash_new(sign_in: SignIn, password: str, user: str) -> str:
    """Return the hash of a password somebody gives another; raises ApiError at "password"."""
    fields = password_errors(sign_in, password, user, "password")
    if fields:
        raise invalid(fields)
    return await sign_in.hash(password)


async def recover(
    sign_in: SignIn, *, answers: list[str] | None, key: str, password: str, caller: Caller
) -> None:
    """Set the password of admin anew, by answers or by the key of the file (D2-AC-10..15)."""
    fields = password_errors(sign_in, password, ADMIN, "password")
    if fields:
        raise invalid(fields)
    params = {"address": caller.address, "route": "file" if answers is None else "questions"}
    with sign_in.one_at_a_time(RECOVERY, caller):
        try:
            if answers is None:
                params["key"] = key
                await sign_in.bus.request("accounts.check_recovery_key", params)
            else:
                await _check_answers(sign_in, answers, caller)
            params["hash"] = await sign_in.hash(password)
            await sign_in.bus.request("accounts.reset_password", params)
        except BusError as error:
            if error.code == "accounts.recovery_wait":
                headers = {"Retry-After": "60"}
                raise ApiError(429, error.code, error.text, headers=headers) from error
            if error.code == "accounts.recovery_wrong":
                sign_in.note("login_failed", {"user": ADMIN, "address": caller.address, "count": 1})
            raise api_error(error) from error


def on_link(caller: Caller) -> bool:
    """Whether the caller is at the box or on its own network (N1.8); blocking."""
    return caller.is_local or card_of(caller.address) is not None


def folded_answers(answers: list[str]) -> str:
    """Return what is hashed of all answers: neither case nor blanks nor their kind matter."""
    return "\n".join("".join(normalise(answer).casefold().split()) for answer in answers)


async def _check_answers(sign_in: SignIn, answers: list[str], caller: Caller) -> None:
    sign_in.check_lock(RECOVERY, caller)
    ways = await ask_bus(sign_in.bus, "accounts.recovery", {})
    stored = ways["answers"] if ways["enabled"] else ""
    if not await sign_in.matches(folded_answers(answers), stored or None):
        told = sign_in.failed(RECOVERY, caller)
        if told.code == "locked":
            raise told
        text = _("At least one answer is not the one that was stored.")
        raise ApiError(422, "accounts.answers_wrong", text, [FieldError("answers", "wrong", text)])


async def _verify(
    sign_in: SignIn, name: str, password: str, caller: Caller, path: str, fields: list[FieldError]
) -> dict[str, Any]:
    try:
        return await sign_in.verify(name, password, caller)
    except ApiError as error:
        if error.code != "wrong_password":
            raise
        text = _("This is not the password now in use.")
        raise invalid([FieldError(path, "wrong_password", text), *fields]) from error


def _setup_error(error: BusError) -> ApiError:
    if error.code == "accounts.initialised":
        return ApiError(409, error.code, error.text)
    if error.code == "accounts.code_wait":
        return ApiError(429, error.code, error.text, headers={"Retry-After": "60"})
    return api_error(error)

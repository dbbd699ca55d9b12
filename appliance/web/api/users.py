"""Accounts: who there is, what each may do, when and from where (D2-AC-03, N13.11, A10.3)."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import GRANTABLE, Permission
from appliance.web.acting import act, acted
from appliance.web.new_password import hash_new
from appliance.web.reading import read_body
from appliance.web.routing import Route
from appliance.web.sign_in import SIGN_IN

_SMALL = 64 * 1024


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class UserValues(_Strict):
    """What can be changed of an account; what is left out stays.

    `rights` is "*" for all of the group's, else {permission: "*" or [channel, ...]} within them.
    `period` is {monday: [{start: "HH:MM", end: "HH:MM"}], ...} or null for always.  `mac` binds
    to a network card on the recorder's own network, "" for none.  `hint` is shown at the box only.
    """

    group: str | None = Field(None, max_length=64)
    rights: Any = None
    remarks: str | None = Field(None, max_length=400)
    period: Any = None
    mac: str | None = Field(None, max_length=64)
    hint: str | None = Field(None, max_length=200)


class NewUserBody(UserValues):
    """A new account with its first password."""

    name: str = Field(max_length=64)
    password: str = Field(max_length=256)


class UserBody(UserValues):
    """A change; `revision` is that of the account as it was read, to notice others' changes."""

    revision: int | None = None


class GivenPasswordBody(_Strict):
    """A new password for somebody else: their sessions end, their second factor is taken off."""

    password: str = Field(max_length=256)


class BlockBody(_Strict):
    """For how many minutes an account is kept out, from now; 0 lets it in again (D2-MT-21)."""

    minutes: int


class BlockAnswer(BaseModel):
    """Until when the account is blocked, UTC seconds; 0: it is not."""

    until_utc_s: int


class UserAnswer(BaseModel):
    """An account; `rights` are those in force, `within` whether the asker may change it."""

    model_config = ConfigDict(extra="allow")
    name: str
    group: str
    own_rights: bool
    rights: Any
    remarks: str
    period: Any
    mac: str
    hint: str
    blocked_until_utc_s: int
    refused: str | None
    second_factor: bool
    pattern: bool
    changed_utc_s: int
    revision: int
    fixed: bool
    within: bool
    tokens: int


class PermissionAnswer(BaseModel):
    """A permission that can be given; `per_channel` whether it is for each channel apart."""

    name: str
    per_channel: bool


class UsersAnswer(BaseModel):
    """All accounts, and the permissions there are."""

    users: list[UserAnswer]
    permissions: list[PermissionAnswer]


def routes() -> list[Route]:
    """Routes of this subject."""
    accounts = Permission.ACCOUNTS
    wrong = ("accounts.invalid", "accounts.outranks", "accounts.own", "accounts.stale",
             "accounts.unknown", "supervisor_away")  # fmt: skip
    return [
        Route("GET", "/api/v1/users", get_users, accounts, "Accounts", "accounts",
              answer=UsersAnswer, errors=("supervisor_away",)),
        Route("POST", "/api/v1/users", post_user, accounts, "Add an account", "accounts",
              body=NewUserBody, answer=UserAnswer, status=201, body_bytes=_SMALL,
              errors=(*wrong, "invalid", "accounts.full")),
        Route("PATCH", "/api/v1/users/{name}", patch_user, accounts, "Change an account",
              "accounts", body=UserBody, answer=UserAnswer, body_bytes=_SMALL, errors=wrong),
        Route("DELETE", "/api/v1/users/{name}", delete_user, accounts,
              "Remove an account; its sessions and tokens end", "accounts", status=204,
              errors=(*wrong, "accounts.last_admin")),
        Route("POST", "/api/v1/users/{name}/password", post_password, accounts,
              "Give somebody else a new password", "accounts", body=GivenPasswordBody, status=204,
              body_bytes=_SMALL, errors=(*wrong, "invalid")),
        Route("POST", "/api/v1/users/{name}/block", post_block, accounts,
              "Keep an account out for some minutes", "accounts", body=BlockBody,
              answer=BlockAnswer, body_bytes=_SMALL, errors=wrong),
    ]  # fmt: skip


async def get_users(request: web.Request) -> web.Response:
    """Answer everybody."""
    answer = await act(request, "accounts.users")
    permissions = [{"name": p.value, "per_channel": p.per_channel} for p in _in_order()]
    return web.json_response({**answer, "permissions": permissions})


async def post_user(request: web.Request) -> web.Response:
    """Add somebody; the password is hashed here and goes nowhere."""
    body = await read_body(request, NewUserBody)
    values = body.model_dump(exclude={"name", "password"}, exclude_unset=True)
    hashed = await hash_new(request.config_dict[SIGN_IN], body.password, body.name)
    record = await act(
        request, "accounts.put_user", name=body.name, create=True, values=values, hash=hashed
    )
    await acted(request, "account_changed", user=body.name, what="added")
    return web.json_response(record, status=201)


async def patch_user(request: web.Request) -> web.Response:
    """Change somebody; what they are doing goes on only as far as they still may."""
    name = request.match_info["name"]
    body = await read_body(request, UserBody)
    values = body.model_dump(exclude={"revision"}, exclude_unset=True)
    record = await act(
        request, "accounts.put_user", name=name, values=values, revision=body.revision
    )
    await acted(request, "account_changed", user=name, what=", ".join(sorted(values)))
    return web.json_response(record)


async def delete_user(request: web.Request) -> web.Response:
    """Remove somebody."""
    name = request.match_info["name"]
    await act(request, "accounts.remove_user", name=name)
    await acted(request, "account_changed", user=name, what="removed")
    return web.Response(status=204)


async def post_password(request: web.Request) -> web.Response:
    """Set another's password."""
    name = request.match_info["name"]
    body = await read_body(request, GivenPasswordBody)
    hashed = await hash_new(request.config_dict[SIGN_IN], body.password, name)
    await act(request, "accounts.set_password", user=name, hash=hashed)
    await acted(request, "account_changed", user=name, what="password")
    return web.Response(status=204)


async def post_block(request: web.Request) -> web.Response:
    """Keep somebody out, from this moment."""
    name = request.match_info["name"]
    body = await read_body(request, BlockBody)
    answer = await act(request, "accounts.block", user=name, minutes=body.minutes)
    await acted(request, "user_blocked", user=name, minutes=body.minutes)
    return web.json_response(answer)


def _in_order() -> list[Permission]:
    return [permission for permission in Permission if permission in GRANTABLE]

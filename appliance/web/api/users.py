"""Accounts: who there is, what each may do, when and from where (D2-AC-03, N13.11, A10.3)."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import GRANTABLE, Permission
from appliance.web.acting import act, change
from appliance.web.new_password import hash_new
from appliance.web.reading import Strict, read_body
from appliance.web.records import BODY_BYTES, ERRORS, Records
from appliance.web.routing import Route
from appliance.web.sign_in import SIGN_IN


class UserValues(Strict):
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


class GivenPasswordBody(Strict):
    """A new password for somebody else: sessions, API tokens and second factor end."""

    password: str = Field(max_length=256)


class BlockBody(Strict):
    """For how many minutes an account is kept out, from now; 0 lets it in again (D2-MT-21)."""

    minutes: int


class BlockAnswer(BaseModel):
    """Until when the account is blocked, UTC seconds; 0: it is not."""

    until_utc_s: int


class UserAnswer(BaseModel):
    """An account; `rights` are those in force, `within` whether the asker may change it.

    `factor_needed`: its group asks for a second factor.
    """

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
    factor_needed: bool
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


async def _first_hash(request: web.Request, body: Any, name: str) -> dict[str, str]:
    """Return the hash of a new account's password, which is made here and goes nowhere."""
    if not isinstance(body, NewUserBody):
        return {}
    return {"hash": await hash_new(request.config_dict[SIGN_IN], body.password, name)}


USERS = Records(
    path="/api/v1/users",
    put="accounts.put_user",
    remove="accounts.remove_user",
    values=UserValues,
    fresh=NewUserBody,
    body=UserBody,
    answer=UserAnswer,
    texts=("Add an account", "Change an account; what it is doing goes on as far as it still may",
           "Remove an account; its sessions and tokens end"),
    more=_first_hash,
    errors=("accounts.own", "invalid"),
    remove_errors=("accounts.last_admin",),
)  # fmt: skip


def routes() -> list[Route]:
    """Routes of this subject."""
    accounts, path = Permission.ACCOUNTS, USERS.path
    wrong = (*ERRORS, "accounts.own")
    return [
        Route("GET", path, get_users, accounts, "Accounts", "accounts",
              answer=UsersAnswer, errors=("supervisor_away",)),
        *USERS.routes(),
        Route("POST", f"{path}/{{name}}/password", post_password, accounts,
              "Give somebody else a new password; sessions, tokens and second factor end",
              "accounts", body=GivenPasswordBody, status=204, body_bytes=BODY_BYTES,
              errors=(*wrong, "invalid")),
        Route("POST", f"{path}/{{name}}/block", post_block, accounts,
              "Keep an account out for some minutes", "accounts", body=BlockBody,
              answer=BlockAnswer, body_bytes=BODY_BYTES, errors=wrong),
    ]  # fmt: skip


async def get_users(request: web.Request) -> web.Response:
    """Answer everybody."""
    answer = await act(request, "accounts.users")
    permissions = [{"name": p.value, "per_channel": p.per_channel} for p in _in_order()]
    return web.json_response({**answer, "permissions": permissions})


async def post_password(request: web.Request) -> web.Response:
    """Set another's password."""
    name = request.match_info["name"]
    body = await read_body(request, GivenPasswordBody)
    hashed = await hash_new(request.config_dict[SIGN_IN], body.password, name)
    await change(request, "accounts.set_password", user=name, hash=hashed)
    return web.Response(status=204)


async def post_block(request: web.Request) -> web.Response:
    """Keep somebody out, from this moment."""
    name = request.match_info["name"]
    body = await read_body(request, BlockBody)
    answer = await change(request, "accounts.block", user=name, minutes=body.minutes)
    return web.json_response(answer)


def _in_order() -> list[Permission]:
    return [permission for permission in Permission if permission in GRANTABLE]

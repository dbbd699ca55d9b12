"""ONVIF users: accounts with which other systems use the box over ONVIF (D2-AC-20)."""

from __future__ import annotations

from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, Field

from appliance.accounts.permission import Permission
from appliance.accounts.rules import normalise
from appliance.web.acting import act
from appliance.web.new_password import password_errors
from appliance.web.reading import Strict, invalid
from appliance.web.records import Records
from appliance.web.routing import Route
from appliance.web.sign_in import SIGN_IN

Level = Literal["administrator", "operator", "user"]


class OnvifValues(Strict):
    """What can be changed; `level` is one of ONVIF's, what is left out stays."""

    level: Level | None = None
    remarks: str | None = Field(None, max_length=400)


class NewOnvifUserBody(OnvifValues):
    """A new ONVIF user."""

    name: str = Field(max_length=64)
    level: Level = "user"
    password: str = Field(max_length=256)


class OnvifUserBody(OnvifValues):
    """A change; without a password the one there is stays."""

    password: str | None = Field(None, max_length=256)
    revision: int | None = None


class OnvifUserAnswer(BaseModel):
    """An ONVIF user; `within` tells whether the asker may change it, times are UTC seconds."""

    name: str
    level: Level
    remarks: str
    changed_utc_s: int
    revision: int
    within: bool


class OnvifUsersAnswer(BaseModel):
    """All ONVIF users."""

    users: list[OnvifUserAnswer]


async def _password(request: web.Request, body: Any, name: str) -> dict[str, str]:
    """Return the password, once it keeps the rules; other systems need it as it is."""
    if body.password is None:
        return {}
    fields = password_errors(request.config_dict[SIGN_IN], body.password, name, "password")
    if fields:
        raise invalid(fields)
    return {"password": normalise(body.password)}


ONVIF_USERS = Records(
    path="/api/v1/onvif-users",
    put="accounts.put_onvif_user",
    remove="accounts.remove_onvif_user",
    values=OnvifValues,
    fresh=NewOnvifUserBody,
    body=OnvifUserBody,
    answer=OnvifUserAnswer,
    texts=("Add an ONVIF user", "Change an ONVIF user", "Remove an ONVIF user"),
    more=_password,
    errors=("invalid",),
)


def routes() -> list[Route]:
    """Routes of this subject."""
    return [
        Route("GET", ONVIF_USERS.path, get_users, Permission.ACCOUNTS, "ONVIF users", "accounts",
              answer=OnvifUsersAnswer, errors=("supervisor_away",)),
        *ONVIF_USERS.routes(),
    ]  # fmt: skip


async def get_users(request: web.Request) -> web.Response:
    """Answer every ONVIF user, without passwords."""
    return web.json_response(await act(request, "accounts.onvif_users"))

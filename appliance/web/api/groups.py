"""Groups: the rights within which those of their members lie (D1-PL-11, D2-AC-02)."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic import BaseModel, Field

from appliance.accounts.permission import Permission
from appliance.web.acting import act
from appliance.web.reading import Strict
from appliance.web.records import Records
from appliance.web.routing import Route


class GroupValues(Strict):
    """What can be changed; `rights` is "*" or {permission: "*" or [channel, ...]}.

    `factor`: the members need a second factor.
    """

    rights: Any = None
    factor: bool | None = None
    remarks: str | None = Field(None, max_length=400)


class NewGroupBody(GroupValues):
    """A new group."""

    name: str = Field(max_length=64)


class GroupBody(GroupValues):
    """A change; `revision` is that of the group as it was read, to notice others' changes."""

    revision: int | None = None


class GroupAnswer(BaseModel):
    """A group; `fixed` ones cannot be removed, `within` tells whether the asker may change it."""

    name: str
    rights: Any
    remarks: str
    revision: int
    factor: bool
    fixed: bool
    within: bool
    members: list[str]


class GroupsAnswer(BaseModel):
    """All groups."""

    groups: list[GroupAnswer]


GROUPS = Records(
    path="/api/v1/groups",
    put="accounts.put_group",
    remove="accounts.remove_group",
    values=GroupValues,
    fresh=NewGroupBody,
    body=GroupBody,
    answer=GroupAnswer,
    texts=("Add a group", "Change a group; its members are held to it at once",
           "Remove a group that nobody is in"),
    remove_errors=("accounts.in_use", "accounts.fixed"),
)  # fmt: skip


def routes() -> list[Route]:
    """Routes of this subject."""
    return [
        Route("GET", GROUPS.path, get_groups, Permission.ACCOUNTS, "Groups", "accounts",
              answer=GroupsAnswer, errors=("supervisor_away",)),
        *GROUPS.routes(),
    ]  # fmt: skip


async def get_groups(request: web.Request) -> web.Response:
    """Answer every group."""
    return web.json_response(await act(request, "accounts.groups"))

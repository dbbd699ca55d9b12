"""Groups: the rights within which those of their members lie (D1-PL-11, D2-AC-02)."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.web.acting import act, acted
from appliance.web.reading import read_body
from appliance.web.routing import Route

_SMALL = 64 * 1024


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class GroupValues(_Strict):
    """What can be changed; `rights` is "*" or {permission: "*" or [channel, ...]}."""

    rights: Any = None
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
    fixed: bool
    within: bool
    members: list[str]


class GroupsAnswer(BaseModel):
    """All groups."""

    groups: list[GroupAnswer]


def routes() -> list[Route]:
    """Routes of this subject."""
    accounts = Permission.ACCOUNTS
    wrong = ("accounts.invalid", "accounts.outranks", "accounts.stale", "accounts.unknown",
             "supervisor_away")  # fmt: skip
    return [
        Route("GET", "/api/v1/groups", get_groups, accounts, "Groups", "accounts",
              answer=GroupsAnswer, errors=("supervisor_away",)),
        Route("POST", "/api/v1/groups", post_group, accounts, "Add a group", "accounts",
              body=NewGroupBody, answer=GroupAnswer, status=201, body_bytes=_SMALL,
              errors=(*wrong, "accounts.full")),
        Route("PATCH", "/api/v1/groups/{name}", patch_group, accounts, "Change a group",
              "accounts", body=GroupBody, answer=GroupAnswer, body_bytes=_SMALL, errors=wrong),
        Route("DELETE", "/api/v1/groups/{name}", delete_group, accounts,
              "Remove a group that nobody is in", "accounts", status=204,
              errors=(*wrong, "accounts.in_use", "accounts.fixed")),
    ]  # fmt: skip


async def get_groups(request: web.Request) -> web.Response:
    """Answer every group."""
    return web.json_response(await act(request, "accounts.groups"))


async def post_group(request: web.Request) -> web.Response:
    """Add a group."""
    body = await read_body(request, NewGroupBody)
    values = body.model_dump(exclude={"name"}, exclude_unset=True)
    record = await act(request, "accounts.put_group", name=body.name, create=True, values=values)
    await acted(request, "account_changed", group=body.name, what="added")
    return web.json_response(record, status=201)


async def patch_group(request: web.Request) -> web.Response:
    """Change a group; its members are held to it at once."""
    name = request.match_info["name"]
    body = await read_body(request, GroupBody)
    values = body.model_dump(exclude={"revision"}, exclude_unset=True)
    record = await act(
        request, "accounts.put_group", name=name, values=values, revision=body.revision
    )
    await acted(request, "account_changed", group=name, what=", ".join(sorted(values)))
    return web.json_response(record)


async def delete_group(request: web.Request) -> web.Response:
    """Remove a group."""
    name = request.match_info["name"]
    await act(request, "accounts.remove_group", name=name)
    await acted(request, "account_changed", group=name, what="removed")
    return web.Response(status=204)

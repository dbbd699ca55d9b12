"""API tokens of the own account: made and shown once, listed, revoked."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.web.acting import act, change, own_session, prove
from appliance.web.reading import read_body, read_query
from appliance.web.routing import Route, request_access


class TokensQuery(BaseModel):
    """Whose tokens; the own by default, another's for whoever manages accounts."""

    model_config = ConfigDict(extra="forbid")
    user: str | None = Field(None, max_length=64)


class NewTokenBody(BaseModel):
    """A token: what it is for, its rights within the own, and for how many days (null: no end).

    `rights` is {permission: "*" or [channel, ...]}; managing accounts is not given to tokens.
    `password` is the own one: a page left open makes no token.
    """

    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=256)
    rights: dict[str, Any]
    days: int | None = 365
    password: str = Field(max_length=256)


class TokenAnswer(BaseModel):
    """A token without what it is; times are UTC seconds."""

    id: str
    user: str
    name: str
    rights: Any
    created_utc_s: int
    expires_utc_s: int | None
    used_utc_s: int | None


class TokensAnswer(BaseModel):
    """Tokens of one account."""

    tokens: list[TokenAnswer]


class NewTokenAnswer(BaseModel):
    """A new token: `token` is shown this once.  Send it as "Authorization: Bearer <token>"."""

    token: str
    record: TokenAnswer


def routes() -> list[Route]:
    """Routes of this subject."""
    return [
        Route("GET", "/api/v1/tokens", get_tokens, Permission.SESSION, "API tokens", "accounts",
              query=TokensQuery, answer=TokensAnswer,
              errors=("not_allowed", "accounts.outranks", "accounts.unknown")),
        Route("POST", "/api/v1/tokens", post_token, Permission.SESSION,
              "Make an API token for the own account", "accounts", body=NewTokenBody,
              answer=NewTokenAnswer, status=201, body_bytes=16 * 1024,
              errors=("accounts.invalid", "accounts.full", "invalid", "locked", "session_needed")),
        Route("DELETE", "/api/v1/tokens/{id}", delete_token, Permission.SESSION,
              "Revoke an API token", "accounts", status=204,
              errors=("accounts.unknown", "accounts.outranks", "session_needed")),
    ]  # fmt: skip


async def get_tokens(request: web.Request) -> web.Response:
    """Answer the tokens of an account."""
    user = own_session(request).user.name
    wanted = read_query(request, TokensQuery).user or user
    if wanted != user:
        request_access(request).require(Permission.ACCOUNTS)
    return web.json_response(await act(request, "accounts.tokens", user=wanted))


async def post_token(request: web.Request) -> web.Response:
    """Make one; nobody sees it again."""
    own_session(request)
    body = await read_body(request, NewTokenBody)
    await prove(request, body.password)
    answer = await change(
        request, "accounts.add_token", name=body.name, rights=body.rights, days=body.days
    )
    return web.json_response(answer, status=201)


async def delete_token(request: web.Request) -> web.Response:
    """Revoke one."""
    own_session(request)
    await change(request, "accounts.remove_token", id=request.match_info["id"])
    return web.Response(status=204)

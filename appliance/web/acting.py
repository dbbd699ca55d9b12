"""Acting on accounts: who asks goes along, sessions and tokens follow at once."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from appliance.accounts.permission import User
from appliance.accounts.rights import rights_of, write_rights
from appliance.accounts.sessions import Session
from appliance.bus.errors import BusError
from appliance.text import _
from appliance.web.asking import TIMEOUT_S, api_error, ask
from appliance.web.context import context
from appliance.web.cookies import known_of, token_of
from appliance.web.errors import ApiError
from appliance.web.guard import origin
from appliance.web.new_password import verify_own
from appliance.web.routing import login_required, request_access
from appliance.web.session_keeper import SESSIONS, following
from appliance.web.sign_in import SIGN_IN, Caller


def caller(request: web.Request) -> Caller:
    """Return where a try comes from."""
    return Caller(request_access(request).address, known_of(request))


def signed_in(request: web.Request) -> User:
    """Return who is signed in.  Raises ApiError 401."""
    user = request_access(request).user
    if user is None:
        raise login_required()
    return user


def own_session(request: web.Request) -> Session:
    """Return the session of a person.  Raises ApiError 403 for an API token: not its business."""
    if request_access(request).token:
        raise ApiError(
            403,
            "session_needed",
            _("This is for people who are signed in; an API token cannot do it."),
        )
    session = request.config_dict[SESSIONS].find(token_of(request))
    if session is None:
        raise login_required()
    return session


async def prove(request: web.Request, password: str) -> User:
    """Return who is signed in, if `password` is theirs.  Raises ApiError at the field."""
    user = own_session(request).user
    await verify_own(request.config_dict[SIGN_IN], user, password, caller(request))
    return user


def _by(request: web.Request) -> dict[str, Any]:
    user, who = signed_in(request), origin(request)
    rights = write_rights(rights_of(user))
    return {"name": user.name, "rights": rights, "address": who.address[:64], "how": who.how}


async def act(request: web.Request, method: str, /, **params: Any) -> Any:
    """Ask about accounts in the name of who asks.  Raises ApiError."""
    return await ask(request, method, by=_by(request), **params)


async def change(
    request: web.Request, method: str, /, *, proof: bool = False, **params: Any
) -> Any:
    """Change accounts in the name of who asks; the supervisor notes it in the log.

    With `proof` what proves the own account changes: the session that does it goes on.  Raises
    ApiError.
    """
    session = request_access(request).session if proof else ""
    try:
        async with following(request.app, but=session):
            return await context(request).bus.request(
                method, {"by": _by(request), **params}, timeout_s=TIMEOUT_S
            )
    except BusError as error:
        raise api_error(error) from error

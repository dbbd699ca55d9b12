"""Acting on accounts: who asks goes along, what was done is noted."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from appliance.accounts.permission import User
from appliance.accounts.rights import rights_of, write_rights
from appliance.accounts.sessions import Session
from appliance.text import _
from appliance.web.asking import ask
from appliance.web.cookies import known_of, token_of
from appliance.web.errors import ApiError
from appliance.web.guard import origin
from appliance.web.routing import login_required, request_access
from appliance.web.session_keeper import SESSIONS, follow, save
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


async def act(request: web.Request, method: str, /, **params: Any) -> Any:
    """Ask for a change of accounts in the name of who asks.  Raises ApiError."""
    user = signed_in(request)
    by = {"name": user.name, "rights": write_rights(rights_of(user))}
    return await ask(request, method, by=by, **params)


async def acted(
    request: web.Request, kind: str = "", *, proof: bool = False, **details: Any
) -> None:
    """Let sessions and tokens follow at once, and note what was done, by whom, whence and how.

    With `proof` what proves the own account was changed: the session that did it goes on.
    """
    if kind:
        who = origin(request)
        told = {"actor": who.name, "address": who.address, "how": who.how, **details}
        request.config_dict[SIGN_IN].note(kind, told)
    await follow(request.app, but=request_access(request).session if proof else "")
    await save(request.config_dict[SESSIONS])

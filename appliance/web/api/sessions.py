"""Who is signed in (D2-MT-20, A10.10, N13.13): the own sessions or everybody's; ended singly."""

from __future__ import annotations

from aiohttp import web
from pydantic import BaseModel

from appliance.accounts.permission import Permission
from appliance.accounts.rights import beyond, rights_of
from appliance.accounts.sessions import Session
from appliance.text import _
from appliance.web import websocket
from appliance.web.acting import own_session, signed_in
from appliance.web.audit import note
from appliance.web.errors import ApiError
from appliance.web.reading import not_found
from appliance.web.routing import Route, request_access
from appliance.web.session_keeper import SESSIONS, following


class SessionRecord(BaseModel):
    """A session; times are UTC seconds, `agent` is what the browser says it is.

    `open` tells whether a page of it is open now, `own` whether it is the asker's account,
    `here` whether it is the one that asks.
    """

    id: str
    user: str
    address: str
    agent: str
    created_utc_s: int
    used_utc_s: int
    open: bool
    own: bool
    here: bool


class SessionsAnswer(BaseModel):
    """Sessions, the newest first."""

    sessions: list[SessionRecord]


def routes() -> list[Route]:
    """Routes of this subject."""
    return [
        Route("GET", "/api/v1/sessions", get_sessions, Permission.SESSION,
              "The own sessions, and everybody's for whoever manages accounts", "accounts",
              answer=SessionsAnswer, errors=("session_needed",)),
        Route("DELETE", "/api/v1/sessions/{id}", delete_session, Permission.SESSION,
              "End a session: an own one, or another's for whoever manages accounts", "accounts",
              status=204, errors=("not_found", "session_needed", "accounts.outranks")),
    ]  # fmt: skip


async def get_sessions(request: web.Request) -> web.Response:
    """Answer who is signed in, as far as it is the asker's business."""
    user, access = own_session(request).user, request_access(request)
    sessions = request.config_dict[SESSIONS]
    sessions.sweep()
    open_ids = websocket.sessions_with_sockets(request.app)
    found = [
        SessionRecord(
            id=session.id,
            user=session.user.name,
            address=session.address,
            agent=session.agent,
            created_utc_s=int(session.created),
            used_utc_s=int(session.used),
            open=session.id in open_ids,
            own=session.user.name == user.name,
            here=session.id == access.session,
        ).model_dump()
        for session in reversed(sessions.all())
        if _concerns(request, session)
    ]
    return web.json_response({"sessions": found})


async def delete_session(request: web.Request) -> web.Response:
    """End one; of an account with more rights than the asker's it is refused."""
    user, sessions = own_session(request).user, request.config_dict[SESSIONS]
    session = sessions.by_id(request.match_info["id"])
    if session is None or not _concerns(request, session):
        raise not_found()
    if session.user.name != user.name and beyond(rights_of(session.user), rights_of(user)):
        text = _("{name} may do more than you may, so you cannot end this session.")
        raise ApiError(403, "accounts.outranks", text.format(name=session.user.name))
    async with following(request.app):
        sessions.end(session)
        await note(request, "session_ended", user=session.user.name, whence=session.address)
    return web.Response(status=204)


def _concerns(request: web.Request, session: Session) -> bool:
    user, access = signed_in(request), request_access(request)
    return session.user.name == user.name or access.may(Permission.ACCOUNTS)

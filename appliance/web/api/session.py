"""First set-up, signing in and out, the own session and password."""

from __future__ import annotations

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission, User
from appliance.accounts.sessions import Session, csrf_token
from appliance.web.asking import ask
from appliance.web.cookies import drop_token, set_token, token_of
from appliance.web.reading import read_body
from appliance.web.routing import Route, login_required, request_access
from appliance.web.session_keeper import SESSIONS, follow, save
from appliance.web.sign_in import SIGN_IN

_SMALL = 4096


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SetupState(BaseModel):
    """Whether the first person has set the password yet, and whether this browser is signed in."""

    initialised: bool
    signed_in: bool


class SetupBody(_Strict):
    """The one-time code shown at the box, and the password of `admin` (D1-IZ-02)."""

    code: str = Field(max_length=64)
    password: str = Field(max_length=256)


class LoginBody(_Strict):
    """User name and password (D2-WB-04)."""

    user: str = Field(min_length=1, max_length=32)
    password: str = Field(max_length=256)


class PasswordBody(_Strict):
    """The password now in use and the new one (D2-AC-06)."""

    old: str = Field(max_length=256)
    new: str = Field(max_length=256)


class SessionAnswer(BaseModel):
    """Who is signed in.  `csrf` goes into header X-CSRF-Token of every change.

    `channels` is null for all channels.  `ends_in_s`: seconds until the longest session is over,
    however much it is used.  `idle_s`: seconds without mouse and keyboard after which an open page
    has to sign out; null where an open page counts as use.
    """

    user: str
    permissions: list[str]
    channels: list[int] | None
    csrf: str
    ends_in_s: int
    idle_s: int | None


class PasswordAnswer(SessionAnswer):
    """The session that goes on; `signed_out` others of the account have ended."""

    signed_out: int


def routes() -> list[Route]:
    """Routes of this subject."""
    public, signed_in = Permission.PUBLIC, Permission.SESSION
    return [
        Route("GET", "/api/v1/setup", get_setup, public, "Whether the box is set up",
              "session", answer=SetupState),
        Route("POST", "/api/v1/setup", post_setup, public,
              "Set the administrator's password with the one-time code, and sign in",
              "session", body=SetupBody, answer=SessionAnswer, body_bytes=_SMALL,
              errors=("accounts.code_wait", "accounts.initialised", "invalid")),
        Route("POST", "/api/v1/login", post_login, public, "Sign in", "session",
              body=LoginBody, answer=SessionAnswer, body_bytes=_SMALL,
              errors=("wrong_password", "locked", "busy")),
        Route("POST", "/api/v1/logout", post_logout, signed_in, "Sign out", "session", status=204,
              body_bytes=_SMALL),
        Route("GET", "/api/v1/session", get_session, signed_in, "Who is signed in", "session",
              answer=SessionAnswer),
        Route("POST", "/api/v1/password", post_password, signed_in, "Change the own password",
              "session", body=PasswordBody, answer=PasswordAnswer, body_bytes=_SMALL,
              errors=("invalid", "locked", "accounts.changed")),
    ]  # fmt: skip


async def get_setup(request: web.Request) -> web.Response:
    """Answer whether there is an account yet; asking who is signed in needs a session."""
    state = await ask(request, "accounts.state")
    signed_in = request_access(request).user is not None
    return web.json_response({"initialised": bool(state["initialised"]), "signed_in": signed_in})


async def post_setup(request: web.Request) -> web.Response:
    """Create the administrator and sign in."""
    body = await read_body(request, SetupBody)
    address = request_access(request).address
    user = await request.config_dict[SIGN_IN].set_up(body.code, body.password, address)
    return await _enter(request, user)


async def post_login(request: web.Request) -> web.Response:
    """Verify and sign in; a session the browser had before ends."""
    body = await read_body(request, LoginBody)
    address = request_access(request).address
    user = await request.config_dict[SIGN_IN].sign_in(body.user, body.password, address)
    return await _enter(request, user)


async def post_logout(request: web.Request) -> web.Response:
    """End the session, here and in every page of it."""
    sessions = request.config_dict[SESSIONS]
    session = sessions.find(token_of(request))
    if session is not None:
        sessions.end(session)
    await save(sessions)
    response = web.Response(status=204)
    drop_token(request, response)
    return response


async def get_session(request: web.Request) -> web.Response:
    """Say who is signed in."""
    user = request_access(request).user
    session = request.config_dict[SESSIONS].find(token_of(request))
    if user is None or session is None:
        raise login_required()
    return web.json_response(_answer(request, token_of(request), session))


async def post_password(request: web.Request) -> web.Response:
    """Change the own password; every other session of the account ends."""
    body = await read_body(request, PasswordBody)
    access = request_access(request)
    sessions, token = request.config_dict[SESSIONS], token_of(request)
    session = sessions.find(token)
    if access.user is None or session is None:
        raise login_required()
    sign_in = request.config_dict[SIGN_IN]
    await sign_in.change_password(access.user, body.old, body.new, access.address)
    signed_out = sessions.others_of(session)
    await follow(request.app, but=access.session)
    await save(sessions)
    return web.json_response(_answer(request, token, session) | {"signed_out": signed_out})


async def _enter(request: web.Request, user: User) -> web.Response:
    sessions = request.config_dict[SESSIONS]
    former = sessions.find(token_of(request))
    if former is not None:
        sessions.end(former)
    token, session = sessions.create(user, request_access(request).address)
    await save(sessions)
    response = web.json_response(_answer(request, token, session))
    set_token(request, response, token, sessions.absolute_s)
    return response


def _answer(request: web.Request, token: str, session: Session) -> dict[str, object]:
    sessions, user = request.config_dict[SESSIONS], session.user
    return SessionAnswer(
        user=user.name,
        permissions=sorted(user.permissions),
        channels=None if user.channels is None else sorted(user.channels),
        csrf=csrf_token(token),
        ends_in_s=int(sessions.ends_in_s(session)),
        idle_s=None if sessions.open_page_counts else int(sessions.idle_s),
    ).model_dump()

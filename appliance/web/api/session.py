"""First set-up, signing in and out, the own session and password."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic import BaseModel, Field

from appliance.accounts.permission import Permission, User
from appliance.accounts.rights import rights_of, write_rights
from appliance.accounts.sessions import Session, csrf_token
from appliance.web.acting import caller, change, own_session
from appliance.web.api.second_factor import pattern_text
from appliance.web.asking import ask
from appliance.web.cookies import drop_token, set_known, set_token, token_of
from appliance.web.new_password import hash_own, set_up
from appliance.web.reading import Strict, read_body
from appliance.web.routing import Route, request_access
from appliance.web.session_keeper import CHANGED_S, SESSIONS, save
from appliance.web.sign_in import SIGN_IN

_SMALL = 4096


class SetupState(BaseModel):
    """Whether the first person has set the password yet, and whether this browser is signed in."""

    initialised: bool
    signed_in: bool
    least_kinds: int


class SetupBody(Strict):
    """The one-time code shown at the box, and the password of `admin` (D1-IZ-02)."""

    code: str = Field(max_length=64)
    password: str = Field(max_length=256)


class LoginBody(Strict):
    """User name and password (D2-WB-04); `code` where the account has a second factor."""

    user: str = Field(min_length=1, max_length=32)
    password: str = Field(max_length=256)
    code: str = Field("", max_length=64)


class PatternLoginBody(Strict):
    """User name and unlock pattern, on the recorder's own screen (D2-AC-07, D1-LG-01)."""

    user: str = Field(min_length=1, max_length=32)
    pattern: list[int] = Field(max_length=9)


class PasswordBody(Strict):
    """The password now in use and the new one (D2-AC-06); API tokens end unless they are kept."""

    old: str = Field(max_length=256)
    new: str = Field(max_length=256)
    keep_tokens: bool = False


class SessionAnswer(BaseModel):
    """Who is signed in.  `csrf` goes into header X-CSRF-Token of every change.

    `rights` maps each permission to "*" or the channels it holds on.  `ends_in_s`: seconds until
    the longest session is over, however much it is used.  `idle_s`: seconds without mouse and
    keyboard after which an open page has to sign out; null where an open page counts as use.
    `renew`: the password is older than the settings want it to be; `least_kinds`: how many kinds
    of characters a new one needs.  `enrol`: the group asks for a second factor, which has to be set
    up before anything else.
    """

    user: str
    permissions: list[str]
    rights: dict[str, Any]
    csrf: str
    ends_in_s: int
    idle_s: int | None
    renew: bool
    least_kinds: int
    enrol: bool


class PasswordAnswer(SessionAnswer):
    """The session that goes on; `signed_out` others and `tokens_ended` API tokens have ended."""

    signed_out: int
    tokens_ended: int


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
              errors=("wrong_password", "locked", "busy", "code_needed", "accounts.factor_wrong",
                      "accounts.factor_clock", "blocked", "outside_period", "wrong_card",
                      "card_unknown")),
        Route("POST", "/api/v1/login/pattern", post_pattern_login, public,
              "Sign in by the unlock pattern, at the box", "session", body=PatternLoginBody,
              answer=SessionAnswer, body_bytes=_SMALL,
              errors=("wrong_password", "locked", "busy", "only_local")),
        Route("POST", "/api/v1/logout", post_logout, signed_in, "Sign out", "session", status=204,
              body_bytes=_SMALL, enrolling=True),
        Route("GET", "/api/v1/session", get_session, signed_in, "Who is signed in", "session",
              answer=SessionAnswer, enrolling=True),
        Route("POST", "/api/v1/password", post_password, signed_in, "Change the own password",
              "session", body=PasswordBody, answer=PasswordAnswer, body_bytes=_SMALL,
              errors=("invalid", "locked", "accounts.changed", "session_needed"), enrolling=True),
    ]  # fmt: skip


async def get_setup(request: web.Request) -> web.Response:
    """Answer whether there is an account yet; asking who is signed in needs a session."""
    state = await ask(request, "accounts.state")
    signed_in = request_access(request).user is not None
    return web.json_response(
        {
            "initialised": bool(state["initialised"]),
            "signed_in": signed_in,
            "least_kinds": request.config_dict[SIGN_IN].least_kinds,
        }
    )


async def post_setup(request: web.Request) -> web.Response:
    """Create the administrator and sign in."""
    body = await read_body(request, SetupBody)
    sign_in = request.config_dict[SIGN_IN]
    user = await set_up(sign_in, body.code, body.password, caller(request))
    return await _enter(request, user)


async def post_login(request: web.Request) -> web.Response:
    """Verify and sign in; a session the browser had before ends."""
    body = await read_body(request, LoginBody)
    sign_in = request.config_dict[SIGN_IN]
    user = await sign_in.sign_in(body.user, body.password, caller(request), body.code)
    return await _enter(request, user)


async def post_pattern_login(request: web.Request) -> web.Response:
    """Verify the pattern and sign in, as with a password."""
    body = await read_body(request, PatternLoginBody)
    points = pattern_text(body.pattern)
    sign_in = request.config_dict[SIGN_IN]
    user = await sign_in.sign_in_by_pattern(body.user, points, caller(request))
    return await _enter(request, user)


async def post_logout(request: web.Request) -> web.Response:
    """End the session, here and in every page of it."""
    sessions = request.config_dict[SESSIONS]
    session = sessions.find(token_of(request))
    if session is not None:
        sessions.end(session)
        left = {"user": session.user.name, "address": request_access(request).address}
        request.config_dict[SIGN_IN].note("signed_out", left)
    await save(sessions)
    response = web.Response(status=204)
    drop_token(request, response)
    return response


async def get_session(request: web.Request) -> web.Response:
    """Say who is signed in."""
    return web.json_response(_answer(request, token_of(request), own_session(request)))


async def post_password(request: web.Request) -> web.Response:
    """Change the own password; every other session of the account ends, API tokens mostly."""
    body = await read_body(request, PasswordBody)
    sessions, token = request.config_dict[SESSIONS], token_of(request)
    session = own_session(request)
    sign_in = request.config_dict[SIGN_IN]
    fresh = await hash_own(sign_in, session.user, body.old, body.new, caller(request))
    signed_out = sessions.others_of(session)
    answer = await change(
        request, "accounts.change_password", proof=True, keep_tokens=body.keep_tokens, **fresh
    )
    ended = {"signed_out": signed_out, "tokens_ended": answer["tokens_ended"]}
    return web.json_response(_answer(request, token, session) | ended)


async def _enter(request: web.Request, user: User) -> web.Response:
    sessions = request.config_dict[SESSIONS]
    former = sessions.find(token_of(request))
    if former is not None:
        sessions.end(former)
    who = caller(request)
    agent = request.headers.get("User-Agent", "")
    token, session = sessions.create(user, who.address, agent)
    await save(sessions)
    sign_in = request.config_dict[SIGN_IN]
    how = "local" if who.is_local else "browser"
    sign_in.note("signed_in", {"user": user.name, "address": who.address, "how": how})
    response = web.json_response(_answer(request, token, session))
    set_token(request, response, token, sessions.absolute_s)
    set_known(request, response, sign_in.known.issue(user.name))
    return response


def _answer(request: web.Request, token: str, session: Session) -> dict[str, object]:
    sessions, user = request.config_dict[SESSIONS], session.user
    sign_in = request.config_dict[SIGN_IN]
    return SessionAnswer(
        user=user.name,
        permissions=sorted(user.permissions),
        rights=write_rights(rights_of(user)),
        csrf=csrf_token(token),
        ends_in_s=int(sessions.ends_in_s(session)),
        idle_s=None if sessions.open_page_counts else int(sessions.idle_s),
        renew=_is_old(request, user),
        least_kinds=sign_in.least_kinds,
        enrol=user.enrol,
    ).model_dump()


def _is_old(request: web.Request, user: User) -> bool:
    days = request.config_dict[SIGN_IN].renew_days
    changed_s = request.config_dict[CHANGED_S].get(user.name)
    if not days or changed_s is None:
        return False
    return request.config_dict[SESSIONS].now_s - changed_s > days * 86_400

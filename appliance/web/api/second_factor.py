"""The own second factor (TOTP, RFC 6238) and the unlock pattern of the local screen (D2-AC-07)."""

from __future__ import annotations

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.factors import pattern_errors
from appliance.accounts.permission import Permission
from appliance.bus.errors import BusError
from appliance.web.acting import acted, caller, own_session
from appliance.web.asking import ask
from appliance.web.context import context
from appliance.web.errors import FieldError
from appliance.web.new_password import verify_own
from appliance.web.reading import invalid, not_found, read_body
from appliance.web.routing import Route
from appliance.web.sign_in import SIGN_IN, factor_error

_SMALL = 4096


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ProofBody(_Strict):
    """The password now in use."""

    password: str = Field(max_length=256)


class CodeBody(_Strict):
    """The code that the authenticator app shows."""

    code: str = Field(max_length=64)


class PatternBody(ProofBody):
    """Points 1 to 9 of a 3 x 3 grid in the order they are joined, four at least; [] for none."""

    pattern: list[int] = Field(max_length=9)


class OwnSecurityAnswer(BaseModel):
    """What protects the own account: second factor, pattern, when the password was set (UTC s)."""

    second_factor: bool
    pattern: bool
    changed_utc_s: int


class BegunAnswer(BaseModel):
    """The secret for the app, as text and as otpauth address; worth nothing before a first code."""

    secret: str
    address: str


class SpareAnswer(BaseModel):
    """Codes that work once each where the phone is lost; shown this once."""

    spare: list[str]


def routes() -> list[Route]:
    """Routes of this subject."""
    base, session = "/api/v1/second-factor", Permission.SESSION
    wrong = ("invalid", "locked", "session_needed", "supervisor_away")
    return [
        Route("GET", base, get_own, session, "What protects the own account", "accounts",
              answer=OwnSecurityAnswer, errors=("session_needed",)),
        Route("POST", base, post_begin, session, "Begin a second factor", "accounts",
              body=ProofBody, answer=BegunAnswer, body_bytes=_SMALL, errors=wrong),
        Route("POST", f"{base}/confirm", post_confirm, session,
              "Take the second factor into force with its first code", "accounts", body=CodeBody,
              answer=SpareAnswer, body_bytes=_SMALL,
              errors=("accounts.factor_wrong", "accounts.factor_clock", "accounts.factor_late")),
        Route("POST", f"{base}/drop", post_drop, session, "Do without the second factor",
              "accounts", body=ProofBody, status=204, body_bytes=_SMALL, errors=wrong),
        Route("POST", "/api/v1/pattern", post_pattern, session,
              "Set or take off the unlock pattern of the local screen", "accounts",
              body=PatternBody, status=204, body_bytes=_SMALL, errors=wrong),
    ]  # fmt: skip


async def get_own(request: web.Request) -> web.Response:
    """Say what there is."""
    account = await ask(request, "accounts.lookup", user=own_session(request).user.name)
    if account is None:
        raise not_found()
    return web.json_response(
        OwnSecurityAnswer(
            second_factor=account["factor"],
            pattern=bool(account["pattern"]),
            changed_utc_s=account["changed_utc_s"],
        ).model_dump()
    )


async def post_begin(request: web.Request) -> web.Response:
    """Make a secret, for who proves to be there."""
    name = await _prove(request, (await read_body(request, ProofBody)).password)
    return web.json_response(await ask(request, "accounts.begin_factor", user=name))


async def post_confirm(request: web.Request) -> web.Response:
    """Take it into force; other sessions of the account end."""
    name = own_session(request).user.name
    body = await read_body(request, CodeBody)
    params = {"user": name, "code": body.code}
    try:
        answer = await context(request).bus.request("accounts.confirm_factor", params)
    except BusError as error:
        raise factor_error(error) from error
    await acted(request, "account_changed", proof=True, user=name, what="second factor on")
    return web.json_response(answer)


async def post_drop(request: web.Request) -> web.Response:
    """Take it off."""
    name = await _prove(request, (await read_body(request, ProofBody)).password)
    await ask(request, "accounts.drop_factor", user=name)
    await acted(request, "account_changed", proof=True, user=name, what="second factor off")
    return web.Response(status=204)


async def post_pattern(request: web.Request) -> web.Response:
    """Keep the pattern's hash."""
    body = await read_body(request, PatternBody)
    if body.pattern:
        wrong = pattern_errors(body.pattern)
        if wrong:
            raise invalid([FieldError(w["path"], w["code"], w["text"]) for w in wrong])
    name = await _prove(request, body.password)
    hashed = ""
    if body.pattern:
        hashed = await request.config_dict[SIGN_IN].hash(pattern_text(body.pattern))
    await ask(request, "accounts.set_pattern", user=name, hash=hashed)
    await acted(request, "account_changed", user=name, what="unlock pattern")
    return web.Response(status=204)


def pattern_text(points: list[int]) -> str:
    """Return what is hashed of a pattern."""
    return "pattern " + "-".join(map(str, points))


async def _prove(request: web.Request, password: str) -> str:
    user = own_session(request).user
    await verify_own(request.config_dict[SIGN_IN], user, password, caller(request))
    return user.name

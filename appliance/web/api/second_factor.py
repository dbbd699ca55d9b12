"""The own second factor (TOTP, RFC 6238) and the unlock pattern of the local screen (D2-AC-07)."""

from __future__ import annotations

from aiohttp import web
from pydantic import BaseModel, Field

from appliance.accounts.factors import pattern_errors
from appliance.accounts.permission import Permission
from appliance.bus.errors import BusError
from appliance.web.acting import act, change, own_session, prove
from appliance.web.asking import ask
from appliance.web.errors import ApiError, FieldError
from appliance.web.reading import Strict, invalid, not_found, read_body
from appliance.web.routing import Route
from appliance.web.sign_in import SIGN_IN, factor_error

_SMALL = 4096


class ProofBody(Strict):
    """The password now in use."""

    password: str = Field(max_length=256)


class CodeBody(Strict):
    """The code that the authenticator app shows."""

    code: str = Field(max_length=64)


class PatternBody(ProofBody):
    """Points 1 to 9 of a 3 x 3 grid in the order they are joined, four at least; [] for none."""

    pattern: list[int] = Field(max_length=9)


class OwnSecurityAnswer(BaseModel):
    """What protects the own account: second factor, pattern, when the password was set (UTC s).

    `factor_needed`: the group asks for a second factor.
    """

    second_factor: bool
    factor_needed: bool
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
              answer=OwnSecurityAnswer, errors=("session_needed",), enrolling=True),
        Route("POST", base, post_begin, session, "Begin a second factor", "accounts",
              body=ProofBody, answer=BegunAnswer, body_bytes=_SMALL, errors=wrong, enrolling=True),
        Route("POST", f"{base}/confirm", post_confirm, session,
              "Take the second factor into force with its first code", "accounts", body=CodeBody,
              answer=SpareAnswer, body_bytes=_SMALL, enrolling=True,
              errors=("accounts.factor_wrong", "accounts.factor_clock", "accounts.factor_late")),
        Route("POST", f"{base}/drop", post_drop, session, "Do without the second factor",
              "accounts", body=ProofBody, status=204, body_bytes=_SMALL,
              errors=(*wrong, "accounts.factor_needed")),
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
            factor_needed=account["factor_needed"],
            pattern=bool(account["pattern"]),
            changed_utc_s=account["changed_utc_s"],
        ).model_dump()
    )


async def post_begin(request: web.Request) -> web.Response:
    """Make a secret, for who proves to be there."""
    await prove(request, (await read_body(request, ProofBody)).password)
    return web.json_response(await act(request, "accounts.begin_factor"))


async def post_confirm(request: web.Request) -> web.Response:
    """Take it into force; other sessions of the account end."""
    own_session(request)
    body = await read_body(request, CodeBody)
    try:
        answer = await change(request, "accounts.confirm_factor", proof=True, code=body.code)
    except ApiError as error:
        if isinstance(error.__cause__, BusError):
            raise factor_error(error.__cause__) from error
        raise
    return web.json_response(answer)


async def post_drop(request: web.Request) -> web.Response:
    """Take it off."""
    await prove(request, (await read_body(request, ProofBody)).password)
    await change(request, "accounts.drop_factor", proof=True)
    return web.Response(status=204)


async def post_pattern(request: web.Request) -> web.Response:
    """Keep the pattern's hash."""
    body = await read_body(request, PatternBody)
    if body.pattern:
        wrong = pattern_errors(body.pattern)
        if wrong:
            raise invalid([FieldError(w["path"], w["code"], w["text"]) for w in wrong])
    await prove(request, body.password)
    hashed = ""
    if body.pattern:
        hashed = await request.config_dict[SIGN_IN].hash(pattern_text(body.pattern))
    await change(request, "accounts.set_pattern", hash=hashed)
    return web.Response(status=204)


def pattern_text(points: list[int]) -> str:
    """Return what is hashed of a pattern."""
    return "pattern " + "-".join(map(str, points))

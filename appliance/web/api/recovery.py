"""A lost password of `admin`: questions or a file, set while there is one (D2-AC-10..15, N1.8)."""

from __future__ import annotations

import asyncio
from typing import Literal

from aiohttp import web
from pydantic import BaseModel, Field

from appliance.accounts.model import ADMIN
from appliance.accounts.permission import Permission
from appliance.accounts.recovery import question_errors
from appliance.text import _
from appliance.web.acting import caller, change, own_session, prove
from appliance.web.asking import ask
from appliance.web.errors import ApiError, FieldError
from appliance.web.new_password import folded_answers, on_link, recover
from appliance.web.reading import Strict, invalid, read_body
from appliance.web.routing import Route, not_allowed
from appliance.web.session_keeper import following
from appliance.web.sign_in import SIGN_IN

_SMALL = 8192
LEAST_ANSWER = 3


class WaysAnswer(BaseModel):
    """How the password of admin can be set anew; the questions only for the own network."""

    enabled: bool
    questions: list[str]
    file: bool
    near: bool


class KeyAnswer(BaseModel):
    """The key of the recovery file, {"what": "nvr recovery", "key": key}; told this once."""

    key: str


class ResetBody(Strict):
    """A new password, and the answers in the order of the questions or the key of the file."""

    route: Literal["questions", "file"]
    answers: list[str] = Field(default_factory=list, max_length=5)
    key: str = Field("", max_length=256)
    password: str = Field(max_length=256)


class QuestionBody(Strict):
    """A question and its answer."""

    question: str = Field(max_length=200)
    answer: str = Field(max_length=100)


class QuestionsBody(Strict):
    """Two to five questions, or none; the password now in use."""

    password: str = Field(max_length=256)
    questions: list[QuestionBody] = Field(max_length=16)


class ProofBody(Strict):
    """The password now in use."""

    password: str = Field(max_length=256)


class EnableBody(ProofBody):
    """Whether the password can be set anew without being signed in."""

    enabled: bool


def routes() -> list[Route]:
    """Routes of this subject."""
    base = "/api/v1/recovery"
    public, session = Permission.PUBLIC, Permission.SESSION
    wrong = ("invalid", "locked", "not_allowed", "session_needed", "supervisor_away")
    return [
        Route("GET", base, get_ways, public, "How a lost password can be set anew", "accounts",
              answer=WaysAnswer, errors=("supervisor_away",)),
        Route("POST", base, post_reset, public, "Set a lost password of admin anew", "accounts",
              body=ResetBody, status=204, body_bytes=_SMALL,
              errors=("invalid", "locked", "busy", "accounts.recovery_wrong", "not_near",
                      "accounts.recovery_wait", "accounts.recovery_off")),
        Route("PUT", f"{base}/questions", put_questions, session, "Set the questions", "accounts",
              body=QuestionsBody, status=204, body_bytes=_SMALL, errors=wrong),
        Route("POST", f"{base}/file", post_file, session,
              "Make the key of a recovery file; an earlier one ends", "accounts", body=ProofBody,
              answer=KeyAnswer, body_bytes=_SMALL, errors=wrong),
        Route("PUT", f"{base}/enabled", put_enabled, session, "Allow or forbid it", "accounts",
              body=EnableBody, status=204, body_bytes=_SMALL, errors=wrong),
    ]  # fmt: skip


async def get_ways(request: web.Request) -> web.Response:
    """Answer what there is; the questions go no further than the own network."""
    ways = await ask(request, "accounts.recovery")
    near = await asyncio.to_thread(on_link, caller(request))
    shown = ways["questions"] if near and ways["enabled"] else []
    answer = WaysAnswer(enabled=ways["enabled"], questions=shown, file=ways["file"], near=near)
    return web.json_response(answer.model_dump())


async def post_reset(request: web.Request) -> web.Response:
    """Set the password anew."""
    body = await read_body(request, ResetBody)
    by_questions = body.route == "questions"
    if by_questions and not await asyncio.to_thread(on_link, caller(request)):
        raise ApiError(
            403,
            "not_near",
            _("Questions are answered on the recorder's own network only. Use the file."),
        )
    async with following(request.app):
        await recover(
            request.config_dict[SIGN_IN],
            answers=body.answers if by_questions else None,
            key=body.key,
            password=body.password,
            caller=caller(request),
        )
    return web.Response(status=204)


async def put_questions(request: web.Request) -> web.Response:
    """Set or take off the questions."""
    body = await read_body(request, QuestionsBody)
    questions = [" ".join(entry.question.split()) for entry in body.questions]
    wrong = [FieldError(w["path"], w["code"], w["text"]) for w in _wrong(questions)]
    for number, entry in enumerate(body.questions):
        if len(folded_answers([entry.answer])) < LEAST_ANSWER:
            text = _("Use at least {least} characters.").format(least=LEAST_ANSWER)
            wrong.append(FieldError(f"questions.{number}.answer", "length", text))
    if wrong:
        raise invalid(wrong)
    await _prove(request, body.password)
    hashed = ""
    if questions:
        answers = folded_answers([entry.answer for entry in body.questions])
        hashed = await request.config_dict[SIGN_IN].hash(answers)
    await change(request, "accounts.set_questions", questions=questions, hash=hashed)
    return web.Response(status=204)


async def post_file(request: web.Request) -> web.Response:
    """Make the key; the page writes it to a file, to be kept on a USB stick away from the box."""
    await _prove(request, (await read_body(request, ProofBody)).password)
    key = (await change(request, "accounts.make_recovery_key"))["key"]
    return web.json_response(KeyAnswer(key=key).model_dump())


async def put_enabled(request: web.Request) -> web.Response:
    """Allow or forbid it."""
    body = await read_body(request, EnableBody)
    await _prove(request, body.password)
    await change(request, "accounts.enable_recovery", enabled=body.enabled)
    return web.Response(status=204)


async def _prove(request: web.Request, password: str) -> None:
    if own_session(request).user.name != ADMIN:
        raise not_allowed()
    await prove(request, password)


def _wrong(questions: list[str]) -> list[dict[str, str]]:
    return question_errors(questions) if questions else []

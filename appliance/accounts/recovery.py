"""Setting a lost password of `admin` anew: by questions, or by a file saved at set-up (D2-AC-10).

Methods on the bus:

- ``accounts.recovery`` {} -> {enabled, questions, answers, file}: the routes there are
- ``accounts.set_questions`` {by, questions, hash} -> {}: [] takes them off
- ``accounts.make_recovery_key`` {by} -> {key}: once; the former one is worthless
- ``accounts.enable_recovery`` {by, enabled} -> {}
- ``accounts.check_recovery_key`` {key, address} -> {}
- ``accounts.reset_password`` {route: questions or file, key?, hash, address} -> {}

The answers are compared by who hashes; the key of the file is compared here.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import math
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from appliance.accounts.core import (
    AccountCore,
    Actor,
    Method,
    field_error,
    read_actor,
    read_hash,
    read_text,
    refuse,
)
from appliance.accounts.failures import FailureLock
from appliance.accounts.model import ADMIN, Recovery
from appliance.bus.errors import BusError
from appliance.text import _

LEAST_QUESTIONS = 2
MOST_QUESTIONS = 5
MAX_QUESTION = 120
KEY_BYTES = 32
_TRIES = "recovery"
_log = logging.getLogger(__name__)


class RecoveryDesk:
    """Answers what concerns a lost password."""

    def __init__(self, core: AccountCore) -> None:
        self._core = core
        self._tries = FailureLock(core.around.clock)

    def methods(self) -> Mapping[str, Method]:
        """Return the methods by name."""
        return {
            "accounts.recovery": self.recovery,
            "accounts.set_questions": self.set_questions,
            "accounts.make_recovery_key": self.make_key,
            "accounts.enable_recovery": self.enable,
            "accounts.check_recovery_key": self.check_key,
            "accounts.reset_password": self.reset,
        }

    async def recovery(self, _params: dict[str, Any]) -> dict[str, Any]:
        """Return which routes there are; the hash of the answers is for who verifies it."""
        self._core.check_whole()
        ways = self._core.document.recovery
        return {
            "enabled": ways.enabled,
            "questions": list(ways.questions),
            "answers": ways.answers,
            "file": bool(ways.key),
        }

    async def set_questions(self, params: dict[str, Any]) -> dict[str, Any]:
        """Keep the questions and the hash of all answers together."""
        questions = params.get("questions")
        if not isinstance(questions, list) or not all(isinstance(q, str) for q in questions):
            raise BusError("accounts.bad_request", "questions are not a list of texts")
        questions = [" ".join(question.split()) for question in questions]
        if questions:
            refuse(question_errors(questions))
        answers = read_hash(params) if questions else ""
        what = _("Questions for a lost password: {count}").format(count=len(questions))
        await self._change(params, what, questions=tuple(questions), answers=answers)
        return {}

    async def make_key(self, params: dict[str, Any]) -> dict[str, Any]:
        """Make the key of a recovery file; it is shown once and kept as its digest."""
        key = secrets.token_hex(KEY_BYTES)
        await self._change(params, _("Recovery file: made"), key=_digest(key))
        _log.info("A recovery file was made; an earlier one does not work any more")
        return {"key": key}

    async def enable(self, params: dict[str, Any]) -> dict[str, Any]:
        """Allow or forbid setting the password anew without being signed in."""
        enabled = bool(params.get("enabled"))
        what = _("Recovery: allowed") if enabled else _("Recovery: forbidden")
        await self._change(params, what, enabled=enabled)
        return {}

    async def check_key(self, params: dict[str, Any]) -> dict[str, Any]:
        """Compare the key, so that no password is hashed for whoever does not have the file.

        Raises BusError as `reset`.
        """
        self._core.check_whole()
        ways, address = self._core.document.recovery, read_text(params, "address", 64)
        if not ways.enabled:
            raise _off()
        wait_s = self._tries.check(_TRIES, address).locked_s
        if wait_s > 0:
            text = _("Too many wrong files. Wait {seconds} s, then try again.")
            raise BusError("accounts.recovery_wait", text.format(seconds=math.ceil(wait_s)))
        digest = _digest(read_text(params, "key", 256))
        if not ways.key or not hmac.compare_digest(digest, ways.key):
            self._tries.failed(_TRIES, address)
            text = _("This is not the recovery file of this box, or a newer one was made.")
            field = field_error("key", "accounts.recovery_wrong", text)
            raise BusError("accounts.recovery_wrong", text, fields=[field])
        return {}

    async def reset(self, params: dict[str, Any]) -> dict[str, Any]:
        """Set the administrator's password; its sessions and API tokens end.

        The file also takes off the second factor: whoever kept it must not be shut out for good.
        Raises BusError accounts.recovery_off, .recovery_wait, .recovery_wrong.
        """
        self._core.check_whole()
        ways, route = self._core.document.recovery, params.get("route")
        address = read_text(params, "address", 64)
        by_file = route != "questions"
        if by_file:
            await self.check_key(params)
        elif not (ways.enabled and ways.answers):
            raise _off()
        async with self._core.writing:
            account = self._core.find({"user": ADMIN})
            account = replace(
                account,
                hash=read_hash(params),
                factor=None if by_file else account.factor,
                pattern="",
            )
            by = Actor(ADMIN, None, address, _("recovery file") if by_file else _("questions"))
            await self._core.put_password(by, account, keep_tokens=False)
            self._core.note(by, "password_reset", user=ADMIN)
        _log.warning("The password of admin was set anew by %s from %s", route, address)
        return {}

    async def _change(self, params: Mapping[str, Any], what: str, **changes: Any) -> None:
        by = read_actor(params)
        async with self._core.writing:
            self._core.check_whole()
            document = self._core.document
            recovery: Recovery = replace(document.recovery, **changes)
            await self._core.replace(replace(document, recovery=recovery))
            self._core.note_change(by, [what], user=ADMIN)


def question_errors(questions: list[str]) -> list[dict[str, str]]:
    """Return what is wrong with the questions: too few, too many, empty, too long, twice."""
    if not LEAST_QUESTIONS <= len(questions) <= MOST_QUESTIONS:
        text = _("Ask {least} to {most} questions.").format(
            least=LEAST_QUESTIONS, most=MOST_QUESTIONS
        )
        return [field_error("questions", "count", text)]
    wrong = []
    for number, question in enumerate(questions):
        path = f"questions.{number}.question"
        if not 4 <= len(question) <= MAX_QUESTION:
            text = _("Use 4 to {most} characters.").format(most=MAX_QUESTION)
            wrong.append(field_error(path, "length", text))
        elif question.casefold() in [other.casefold() for other in questions[:number]]:
            wrong.append(field_error(path, "twice", _("This question is there already.")))
    return wrong


def _off() -> BusError:
    return BusError("accounts.recovery_off", _("The password cannot be set anew in this way."))


def _digest(key: str) -> str:
    plain = "".join(c for c in key.lower() if c in "0123456789abcdef")
    return hashlib.sha256(f"recovery {plain}".encode()).hexdigest()

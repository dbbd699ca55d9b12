"""The supervisor's end of the helper: asks for verbs, says clearly what became of them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from appliance.helper.contract import Answer, HelperError, Request, answer_type
from appliance.helper.wire import MAX_LINE_BYTES, Call, Result, decode_result, encode
from appliance.text import _

_log = logging.getLogger(__name__)

RECONNECT_S = (0.1, 5.0)
"""First and longest wait between two attempts to reach the helper."""

ABSENT_S = 5.0
"""A verb waits so long for a helper that is starting again."""

START_S = 45.0
"""Before it was ever there, so long: a loaded computer starts many processes at once."""

GRACE_S = 3.0
MAX_WAITING = 64

A = TypeVar("A", bound=Answer)


class HelperService:
    """`await helper.call(request)`; comes back by itself when the helper does.

    `changed(present)` is called whenever the helper has come or gone.
    """

    def __init__(self, path: Path, changed: Callable[[bool], None] = lambda _present: None) -> None:
        self._path = path
        self._changed = changed
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Result]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None
        self._was_there = False
        self.connected = asyncio.Event()

    def start(self) -> None:
        """Begin to look for the helper, and stay connected."""
        self._task = asyncio.create_task(self._run(), name="helper")

    async def close(self) -> None:
        """Let go; whoever waits for an answer is told."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def call(self, request: Request[A], *, wait_s: float | None = None) -> A:
        """Have a verb done and return its answer; raise HelperError, see there for the codes.

        A helper that is not there is waited for `wait_s`; without it for 5 s, and at the start of
        the supervisor for 45 s.  The verb's own errors come through.
        """
        if wait_s is None:
            wait_s = ABSENT_S if self._was_there else START_S
        try:
            async with asyncio.timeout(wait_s):
                await self.connected.wait()
        except TimeoutError:
            raise HelperError(
                "helper.absent",
                _("The part that changes the computer does not run; it is started again."),
            ) from None
        writer = self._writer
        if writer is None or len(self._waiting) >= MAX_WAITING:
            raise HelperError("helper.busy", _("Too much is being changed at once; try again."))
        number = next(self._numbers)
        line = encode(Call(number, request.verb, json.loads(request.model_dump_json())))
        reply: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting[number] = reply
        # Both its turn and its work are bounded by its limit in the helper.
        limit_s = request.timeout_s * (2 if request.alone else 1) + GRACE_S
        try:
            async with asyncio.timeout(limit_s):
                with contextlib.suppress(ConnectionError):
                    writer.write(line)
                    await writer.drain()
                result = await reply
        except TimeoutError:
            raise HelperError(
                "helper.timeout",
                _("The computer did not answer in time. It may have done a part of it."),
            ) from None
        finally:
            self._waiting.pop(number, None)
        if result.code:
            raise HelperError(result.code, result.text, fields=result.fields)
        try:
            answer = answer_type(type(request)).model_validate_json(json.dumps(result.answer))
        except ValidationError as error:
            text = f"{request.verb} was answered with what it must not be ({error.error_count()})."
            raise HelperError("helper.failed", text) from None
        return answer  # type: ignore[return-value]

    async def _run(self) -> None:
        wait_s = RECONNECT_S[0]
        told = False
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(
                    self._path, limit=MAX_LINE_BYTES
                )
            except OSError as error:
                if not told:
                    _log.info("The helper does not answer on %s: %s", self._path, error)
                    told = True
            else:
                told, wait_s = False, RECONNECT_S[0]
                await self._converse(reader, writer)
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, RECONNECT_S[1])

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._was_there = True
        self.connected.set()
        self._changed(True)
        try:
            while (line := await reader.readline()).endswith(b"\n"):
                result = decode_result(line)
                if result.id == 0:
                    _log.error("The helper refuses us: %s", result.text)
                    return
                reply = self._waiting.get(result.id)
                if reply is not None and not reply.done():
                    reply.set_result(result)
            _log.warning("The helper has gone; connecting again")
        except (OSError, ValueError, HelperError) as error:
            _log.warning("The connection to the helper broke: %s", error)
        finally:
            self._writer = None
            self.connected.clear()
            writer.close()
            self._changed(False)
            self._tell_cut_off()

    def _tell_cut_off(self) -> None:
        text = _("The part that changes the computer died meanwhile; a part may be done.")
        for reply in self._waiting.values():
            if not reply.done():
                reply.set_exception(HelperError("helper.cut_off", text))

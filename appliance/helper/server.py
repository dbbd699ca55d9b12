"""The helper's socket: who may speak, one verb a line, each checked anew and bounded in time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import time
from collections.abc import Callable, Collection, Coroutine, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from appliance.bus.peers import Credentials, credentials_of
from appliance.helper.contract import Answer, HelperError
from appliance.helper.domain import Domain, Verb
from appliance.helper.host import Host, System
from appliance.helper.wire import MAX_LINE_BYTES, Call, Result, decode_call, encode

_log = logging.getLogger(__name__)

MAX_CONNECTIONS = 4
MAX_RUNNING = 16
WRITE_S = 10.0
"""A peer that does not read what it asked for is let go after that."""


class Tasks:
    """Work that goes on after the verb that began it was answered."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def keep(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Run it; a former one of that name is cancelled."""
        self.drop(name)
        task = asyncio.create_task(self._guard(work, name), name=name)
        self._tasks[name] = task

    def drop(self, name: str) -> bool:
        """Cancel it; return whether it still ran."""
        task = self._tasks.pop(name, None)
        if task is None or task.done():
            return False
        if task is not asyncio.current_task():
            task.cancel()
        return True

    async def close(self) -> None:
        """Cancel everything."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _guard(self, work: Coroutine[Any, Any, None], name: str) -> None:
        try:
            await work
        except HelperError as error:
            _log.error("What %s had begun failed: %s", name, error.text)
        except Exception:  # noqa: BLE001 - one broken domain must not end the helper
            _log.exception("What %s had begun broke", name)


class HelperServer:
    """Answers the verbs of `domains` to peers of the users `uids`, and to nobody else.

    A verb goes on when its peer dies: half a change is worse than a whole one nobody hears of.
    """

    def __init__(
        self,
        path: Path,
        domains: Sequence[Domain],
        system: System,
        *,
        uids: Collection[int],
        credentials: Callable[[Any], Credentials] = credentials_of,
    ) -> None:
        self._path = path
        self._domains = list(domains)
        self._uids = frozenset(uids)
        self._credentials = credentials
        self._tasks = Tasks()
        self._verbs: dict[str, tuple[Verb, Host, asyncio.Lock]] = {}
        self._hosts: dict[str, Host] = {}
        for domain in self._domains:
            host = Host(system, self._tasks, domain.name, domain.programs, domain.files)
            self._hosts[domain.name] = host
            lock = asyncio.Lock()
            for name, verb in domain.verbs.items():
                self._verbs[name] = (verb, host, lock)
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._running: set[asyncio.Task[None]] = set()
        self.answered = 0

    async def start(self) -> None:
        """Let the domains tidy up, then listen; raise OSError."""
        for domain in self._domains:
            for starter in domain.starters:
                try:
                    await starter(self._hosts[domain.name])
                except HelperError as error:
                    _log.error("%s could not tidy up: %s", domain.name, error.text)
                except Exception:  # noqa: BLE001 - one broken domain must not end the helper
                    _log.exception("%s could not tidy up", domain.name)
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        before = os.umask(0o117)  # the owner and the group; who speaks is asked of the kernel
        try:
            self._server = await asyncio.start_unix_server(
                self._accept, self._path, limit=MAX_LINE_BYTES
            )
        finally:
            os.umask(before)

    async def close(self) -> None:
        """Stop listening, let what runs end, cancel what was to follow."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, *self._running, return_exceptions=True)
        await self._tasks.close()
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()

    # -- connections ---------------------------------------------------------------------------

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        peer = self._credentials(writer.get_extra_info("socket"))
        if peer.uid not in self._uids:
            _log.warning("Process %d of user %d may not speak to the helper", peer.pid, peer.uid)
            await _refuse(writer, "helper.forbidden", "Only the supervisor may ask the helper.")
            return
        if len(self._connections) >= MAX_CONNECTIONS:
            await _refuse(writer, "helper.busy", "Too many connections to the helper.")
            return
        self._connections.add(task)
        try:
            await self._serve(reader, writer)
        except HelperError as error:
            _log.warning("Process %d sent what the helper cannot read: %s", peer.pid, error.text)
            await _refuse(writer, error.code, error.text)
        except (ConnectionError, TimeoutError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                line = await reader.readline()
            except ValueError:
                text = f"A message to the helper has more than {MAX_LINE_BYTES} bytes."
                raise HelperError("helper.bad_frame", text) from None
            if not line.endswith(b"\n"):
                return
            call = decode_call(line)
            if len(self._running) >= MAX_RUNNING:
                text = "The helper has too much to do at once; try again in a few seconds."
                await _send(writer, Result(call.id, code="helper.busy", text=text))
                continue
            task = asyncio.create_task(self._answer(call, writer), name=call.verb)
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    # -- verbs ---------------------------------------------------------------------------------

    async def _answer(self, call: Call, writer: asyncio.StreamWriter) -> None:
        begun = time.monotonic()
        shown = ""
        try:
            shown, answer = await self._do(call)
            result = Result(call.id, json.loads(answer.model_dump_json()))
            encode(result)
        except HelperError as error:
            result = Result(call.id, {}, error.code, error.text, error.fields)
        except Exception:  # noqa: BLE001 - one broken verb must not end the helper
            _log.exception("%.64s broke", call.verb)
            text = f"{call.verb} broke inside the helper; its log says why."
            result = Result(call.id, code="helper.failed", text=text)
        self.answered += 1
        level = logging.WARNING if result.code else logging.INFO
        _log.log(
            level,
            "%.64s %s: %s after %.2f s",
            call.verb,
            shown,
            f"{result.code} {result.text}" if result.code else "done",
            time.monotonic() - begun,
        )
        with contextlib.suppress(ConnectionError, TimeoutError):
            await _send(writer, result)

    async def _do(self, call: Call) -> tuple[str, Answer]:
        known = self._verbs.get(call.verb)
        if known is None:
            raise HelperError("helper.refused", f"The helper does not know {call.verb!r}.")
        verb, host, lock = known
        request = _checked(verb, call.params)
        limit_s = verb.request.timeout_s
        turn = lock if verb.request.alone else contextlib.nullcontext()
        if verb.request.alone:
            await _take(lock, limit_s, call.verb)
        try:
            async with asyncio.timeout(limit_s) as limit:
                answer = await verb.handler(request, host)
        except TimeoutError:
            if not limit.expired():
                raise
            text = f"{call.verb} took longer than {limit_s:g} s and was ended; it may be half done."
            raise HelperError("helper.timeout", text) from None
        finally:
            if turn is lock:
                lock.release()
        if not isinstance(answer, verb.answer):
            raise TypeError(f"{call.verb} answered with {type(answer).__name__}")
        return request.shown(), answer


def _checked(verb: Verb, params: dict[str, Any]) -> Any:
    """Return the request; raise HelperError that names every wrong argument, and no value."""
    try:
        return verb.request.model_validate_json(json.dumps(params))
    except ValidationError as error:
        wrong = [
            {
                "path": ".".join(str(part) for part in entry["loc"]),
                "code": str(entry["type"]),
                "text": str(entry["msg"]),
            }
            for entry in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        names = ", ".join(sorted({entry["path"] for entry in wrong}))
        text = f"{verb.request.verb} was asked with wrong arguments: {names}."
        raise HelperError("helper.refused", text, fields=wrong[:64]) from None


async def _take(lock: asyncio.Lock, limit_s: float, verb: str) -> None:
    try:
        async with asyncio.timeout(limit_s):
            await lock.acquire()
    except TimeoutError:
        text = f"{verb} had to wait too long for another change; try again."
        raise HelperError("helper.busy", text) from None


async def _send(writer: asyncio.StreamWriter, result: Result) -> None:
    writer.write(encode(result))
    try:
        async with asyncio.timeout(WRITE_S):
            await writer.drain()
    except TimeoutError:
        writer.transport.abort()
        raise


async def _refuse(writer: asyncio.StreamWriter, code: str, text: str) -> None:
    with contextlib.suppress(ConnectionError, TimeoutError):
        await _send(writer, Result(0, code=code, text=text))
    writer.close()

"""A process's end of the bus: connects, registers, reconnects by itself."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import itertools
import logging
import os
import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine
from pathlib import Path
from typing import Any

from appliance.bus.connection import receive
from appliance.bus.errors import BusError
from appliance.bus.frames import (
    MAX_FRAME_BYTES,
    SUPERVISOR,
    Failure,
    Frame,
    Hello,
    Publication,
    Request,
    Response,
    Subscribe,
    Welcome,
    encode,
)
from appliance.bus.outbox import Outbox, OutboxFullError
from appliance.version import VERSION

_log = logging.getLogger(__name__)

RECONNECT_S = (0.05, 2.0)
"""First and longest wait between two attempts to reach the supervisor."""

MAX_INCOMING = 256
"""Publications that wait for a slow handler; older ones are dropped and counted."""

CODE_VERSION_VARIABLE = "NVR_CODE_VERSION"
"""The supervisor hands down which code it started; a process reports it at registration."""

RequestHandler = Callable[[dict[str, Any]], Awaitable[Any]]
TopicHandler = Callable[[Any], Awaitable[None] | None]


class BusClient:
    """Talks to the supervisor and, through it, to the other processes.

    `name` is "role" or "role@which"; `instance` tells this life of the process from the next.
    Set `settings_version` after reading the settings: it is told at each registration.
    """

    def __init__(
        self, path: Path, name: str, instance: str, *, code_version: str | None = None
    ) -> None:
        self._path = path
        self.name = name
        self.instance = instance
        self.settings_version = 0
        self.dropped = 0
        self.welcome: Welcome | None = None
        if code_version is None:
            code_version = os.environ.get(CODE_VERSION_VARIABLE, VERSION)
        self._code_version = code_version
        self._numbers = itertools.count(1)
        self._replies: dict[int, asyncio.Future[Any]] = {}
        self._topics: dict[str, list[TopicHandler]] = {}
        self._methods: dict[str, tuple[RequestHandler, Collection[str] | None]] = {}
        self._on_connect: list[Callable[[], Awaitable[None]]] = []
        self._incoming: deque[Publication] = deque(maxlen=MAX_INCOMING)
        self._arrived = asyncio.Event()
        self._outbox: Outbox | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.connected = asyncio.Event()

    def handle(
        self, method: str, handler: RequestHandler, *, roles: Collection[str] | None = None
    ) -> None:
        """Answer requests other processes send to this one; with `roles`, only those of them."""
        self._methods[method] = (handler, roles)

    def subscribe(self, topic: str, handler: TopicHandler) -> None:
        """Call `handler(payload)` for each publication, one after the other; may be async."""
        known = topic in self._topics
        self._topics.setdefault(topic, []).append(handler)
        if not known and self._outbox is not None:
            self._send(Subscribe([topic]))

    def on_connect(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Await `callback()` after each registration: read settings again, tell states anew."""
        self._on_connect.append(callback)

    async def run(self) -> None:
        """Stay connected until cancelled; raise BusError only if the supervisor refuses us."""
        wait_s = RECONNECT_S[0]
        dispatcher = asyncio.create_task(self._dispatch(), name="bus publications")
        told = False
        try:
            while True:
                try:
                    reader, writer = await asyncio.open_unix_connection(
                        self._path, limit=MAX_FRAME_BYTES
                    )
                    wait_s = RECONNECT_S[0]
                    told = False
                    await self._converse(reader, writer)
                    _log.info("The supervisor has gone; connecting again")
                except OSError as error:
                    if not told:
                        _log.info("The supervisor does not answer on %s: %s", self._path, error)
                        told = True
                await asyncio.sleep(wait_s * random.uniform(0.7, 1.3))  # noqa: S311
                wait_s = min(wait_s * 2, RECONNECT_S[1])
        finally:
            dispatcher.cancel()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(dispatcher, *self._tasks, return_exceptions=True)

    async def request(
        self,
        method: str,
        params: dict[str, Any] | None = None,
        *,
        to: str = SUPERVISOR,
        timeout_s: float = 5.0,
    ) -> Any:
        """Ask `to`; waits for the connection too.  Raise BusError with a code and a text."""
        number = next(self._numbers)
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout_s):
                await self.connected.wait()
                self._replies[number] = reply
                self._send(Request(number, method, params or {}, to))
                return await reply
        except TimeoutError:
            if not self.connected.is_set():
                raise BusError("bus.disconnected", "The supervisor is not running.") from None
            raise BusError(
                "bus.timeout", f"{to} did not answer {method} within {timeout_s:g} s."
            ) from None
        finally:
            self._replies.pop(number, None)

    async def publish(self, topic: str, payload: Any) -> None:
        """Tell whoever subscribed; without a connection it is dropped and counted."""
        self.publish_nowait(topic, payload)

    def publish_nowait(self, topic: str, payload: Any) -> None:
        """Like `publish`, from where nothing can be awaited."""
        if self._outbox is None:
            self.dropped += 1
            return
        self._outbox.put_publication(encode(Publication(topic, payload)))

    async def beat(self, progress: Callable[[], dict[str, Any]], *, every_s: float = 1.0) -> None:
        """Publish a heartbeat every `every_s` until cancelled.

        `progress()` returns {"progress": {name: rising number}, "idle": bool}: idle says that
        there is nothing to do now, so that no number has to rise (messages.Heartbeat).
        """
        while True:
            self.publish_nowait(
                "heartbeat", {"process": self.name, "instance": self.instance, **progress()}
            )
            await asyncio.sleep(every_s)

    # -- one connection ------------------------------------------------------------------------

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        sender: asyncio.Task[None] | None = None
        try:
            hello = Hello(self.name, self.instance, self._code_version, self.settings_version)
            writer.write(encode(hello))
            await writer.drain()
            answer = await receive(reader)
            if isinstance(answer, Failure):
                raise BusError(answer.code, answer.text)
            if not isinstance(answer, Welcome):
                return
            self.welcome = answer
            self._outbox = Outbox()
            if self._topics:
                self._send(Subscribe(list(self._topics)))
            sender = asyncio.create_task(self._send_all(self._outbox, writer))
            self.connected.set()
            for callback in self._on_connect:
                self._start(self._call_back(callback))
            while (frame := await receive(reader)) is not None:
                self._take(frame)
        except BusError as error:
            if error.code in ("bus.forbidden", "bus.protocol"):
                raise
            _log.warning("The bus broke: %s", error.text)
        finally:
            if sender is not None:
                sender.cancel()
            self._end(writer)

    def _end(self, writer: asyncio.StreamWriter) -> None:
        self.connected.clear()
        if self._outbox is not None:
            self.dropped += self._outbox.dropped
        self._outbox = None
        self._writer = None
        writer.close()
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(
                    BusError("bus.disconnected", "The supervisor ended before it answered.")
                )

    async def _send_all(self, outbox: Outbox, writer: asyncio.StreamWriter) -> None:
        try:
            await outbox.send_all(writer)
        except ConnectionError:
            writer.transport.abort()

    def _send(self, frame: Frame) -> None:
        line = encode(frame)
        if self._outbox is None:
            return
        try:
            self._outbox.put_answer(line)
        except OutboxFullError:
            _log.warning("The supervisor does not read; connecting again")
            if self._writer is not None:
                self._writer.transport.abort()

    def _take(self, frame: Frame) -> None:
        match frame:
            case Response():
                reply = self._replies.get(frame.id)
                if reply is not None and not reply.done():
                    reply.set_result(frame.result)
            case Failure():
                reply = self._replies.get(frame.id)
                if reply is not None and not reply.done():
                    reply.set_exception(BusError(frame.code, frame.text, fields=frame.fields))
                elif frame.id == 0:
                    _log.warning("The supervisor complains: %s", frame.text)
            case Publication():
                if len(self._incoming) == MAX_INCOMING:
                    self.dropped += 1
                self._incoming.append(frame)
                self._arrived.set()
            case Request():
                self._start(self._answer(frame))
            case _:
                _log.warning("The supervisor sent an unexpected message")

    async def _answer(self, request: Request) -> None:
        handler, roles = self._methods.get(request.method, (None, None))
        if handler is None:
            text = f"{self.name} does not know {request.method[:80]}."
            self._send(Failure(request.id, "bus.no_method", text))
            return
        if roles is not None and request.sender.partition("@")[0] not in roles:
            text = f"{request.sender} may not call {request.method[:80]}."
            self._send(Failure(request.id, "bus.forbidden", text))
            return
        try:
            answer: Frame = Response(request.id, await handler(request.params))
            self._send(answer)
        except BusError as error:
            self._send(Failure(request.id, error.code, error.text, error.fields))
        except Exception:  # noqa: BLE001 - one broken handler must not end the bus
            _log.exception("Answering %s of %s broke", request.method, request.sender)
            text = f"{request.method} failed inside {self.name}; its log says why."
            self._send(Failure(request.id, "bus.failed", text))

    async def _dispatch(self) -> None:
        while True:
            while self._incoming:
                frame = self._incoming.popleft()
                for handler in self._topics.get(frame.topic, ()):
                    try:
                        result = handler(frame.payload)
                        if inspect.isawaitable(result):
                            await result
                    except Exception:  # noqa: BLE001 - one broken handler must not end the bus
                        _log.exception("Handling %s broke; it is passed over", frame.topic)
            self._arrived.clear()
            await self._arrived.wait()

    async def _call_back(self, callback: Callable[[], Awaitable[None]]) -> None:
        try:
            await callback()
        except BusError as error:
            _log.warning("After connecting to the supervisor: %s", error.text)
        except Exception:  # noqa: BLE001 - one broken handler must not end the bus
            _log.exception("What should follow a connection to the supervisor broke")

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@contextlib.asynccontextmanager
async def connected_client(path: Path, name: str, instance: str) -> AsyncIterator[BusClient]:
    """A client for a short errand: connected inside the block, gone after it."""
    client = BusClient(path, name, instance)
    task = asyncio.create_task(client.run(), name=f"bus of {name}")
    try:
        yield client
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

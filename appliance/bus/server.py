"""The broker: registers peers, answers requests, carries requests and publications between them."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import os
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.bus.connection import PeerConnection, PendingReplies
from appliance.bus.errors import BusError
from appliance.bus.frames import (
    MAX_FRAME_BYTES,
    PROTOCOL,
    SUPERVISOR,
    Failure,
    Frame,
    Hello,
    Publication,
    Request,
    Response,
    Subscribe,
    Unsubscribe,
    Welcome,
    encode,
)
from appliance.bus.peers import PeerInfo, PeerPolicy, credentials_of
from appliance.version import VERSION

_log = logging.getLogger(__name__)

HELLO_TIMEOUT_S = 5.0
FORWARD_TIMEOUT_S = 60.0
MAX_RUNNING_PER_PEER = 64
MAX_PEERS = 64

Handler = Callable[[dict[str, Any], PeerInfo], Awaitable[Any]]
TopicHandler = Callable[[Any, str], None]


@dataclass(frozen=True, slots=True)
class _Method:
    handler: Handler
    roles: Collection[str] | None


class BusServer:
    """The supervisor's end of the bus.

    `policy` says who may register under which name; `settings_version` is asked at each welcome.
    Handlers run on the loop and must not block it.
    """

    def __init__(
        self,
        path: Path,
        *,
        instance: str,
        code_version: str = VERSION,
        policy: PeerPolicy | None = None,
        settings_version: Callable[[], int] = lambda: 0,
    ) -> None:
        self._path = path
        self._instance = instance
        self._code_version = code_version
        self._policy = policy or PeerPolicy.for_development()
        self._settings_version = settings_version
        self._methods: dict[str, _Method] = {}
        self._topic_handlers: dict[str, list[TopicHandler]] = {}
        self._peers: dict[str, PeerConnection] = {}
        self._connections: set[asyncio.Task[None]] = set()
        self._pending = PendingReplies()
        self._server: asyncio.Server | None = None
        self._on_join: list[Callable[[PeerInfo], None]] = []
        self._on_leave: list[Callable[[PeerInfo], None]] = []

    def handle(
        self, method: str, handler: Handler, *, roles: Collection[str] | None = None
    ) -> None:
        """Answer `method`; with `roles`, only to peers of those roles."""
        if method in self._methods:
            raise ValueError(f"method {method} is registered twice")
        self._methods[method] = _Method(handler, roles)

    def subscribe(self, topic: str, handler: TopicHandler) -> None:
        """Call `handler(payload, source)` for publications of peers, on the loop, quickly."""
        self._topic_handlers.setdefault(topic, []).append(handler)

    def on_join(self, callback: Callable[[PeerInfo], None]) -> None:
        """Call back whenever a peer has registered."""
        self._on_join.append(callback)

    def on_leave(self, callback: Callable[[PeerInfo], None]) -> None:
        """Call back whenever a registered peer has gone."""
        self._on_leave.append(callback)

    @property
    def peers(self) -> Mapping[str, PeerInfo]:
        """Registered peers by name."""
        return {name: connection.info for name, connection in self._peers.items()}

    @property
    def dropped(self) -> Mapping[str, int]:
        """Publications dropped per peer because it read too slowly."""
        return {name: connection.outbox.dropped for name, connection in self._peers.items()}

    async def start(self) -> None:
        """Listen; whoever called this holds the lock that says no other supervisor does."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        before = os.umask(0o117)
        try:
            self._server = await asyncio.start_unix_server(
                self._accept, self._path, limit=MAX_FRAME_BYTES
            )
        except OSError as error:
            raise BusError(
                "bus.no_socket",
                f"Cannot listen on {self._path}: {error.strerror or error}. "
                "A shorter path or another folder for NVR_RUN may help.",
            ) from error
        finally:
            os.umask(before)

    async def close(self) -> None:
        """Stop listening and let every peer go."""
        if self._server is not None:
            self._server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()

    def publish(self, topic: str, payload: Any, source: str = SUPERVISOR) -> None:
        """Queue a publication for every subscriber; never waits, never fails for a slow one."""
        line = encode(Publication(topic, payload, source))
        for connection in self._peers.values():
            if topic in connection.topics:
                connection.outbox.put_publication(line)
        if source != SUPERVISOR:
            for handler in self._topic_handlers.get(topic, ()):
                self._deliver(handler, topic, payload, source)

    async def request(
        self, to: str, method: str, params: dict[str, Any], *, timeout_s: float = 5.0
    ) -> Any:
        """Ask a peer; raise BusError if it is not there, refuses or does not answer in time."""
        target = self._peers.get(to)
        if target is None:
            raise BusError("bus.no_peer", f"{to} is not running.")
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        number = self._pending.add_future(to, reply)
        target.send(Request(number, method, params, to, SUPERVISOR))
        try:
            async with asyncio.timeout(timeout_s):
                return await reply
        except TimeoutError:
            raise BusError(
                "bus.timeout", f"{to} did not answer {method} within {timeout_s:g} s."
            ) from None
        finally:
            self._pending.forget(number)

    # -- connections ---------------------------------------------------------------------------

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._serve(reader, writer)
        except asyncio.CancelledError:
            pass
        except (ConnectionError, TimeoutError):
            _log.debug("A connection on the bus ended early")
        finally:
            self._connections.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        credentials = credentials_of(writer.get_extra_info("socket"))
        connection = PeerConnection(reader, writer)
        try:
            async with asyncio.timeout(HELLO_TIMEOUT_S):
                hello = await connection.receive()
            info = self._admit(hello, credentials)
        except BusError as error:
            _log.warning("The bus refused a peer (uid %d): %s", credentials.uid, error.text)
            writer.write(encode(Failure(0, error.code, error.text)))
            await writer.drain()
            return
        if info is None:
            return
        connection.info = info
        former = self._peers.get(info.name)
        if former is not None:
            self._leave(former)
            former.abort()
        self._peers[info.name] = connection
        connection.send(Welcome(self._instance, self._code_version, self._settings_version()))
        sender = asyncio.create_task(self._send(connection), name=f"bus to {info.name}")
        for callback in self._on_join:
            callback(info)
        try:
            while (frame := await connection.receive()) is not None:
                self._take(connection, frame)
        except BusError as error:
            _log.warning("%s sent what the bus cannot read: %s", info.name, error.text)
            with contextlib.suppress(ConnectionError):
                writer.write(encode(Failure(0, error.code, error.text)))
        finally:
            sender.cancel()
            connection.cancel_running()
            if self._peers.get(info.name) is connection:
                self._leave(connection)

    def _leave(self, connection: PeerConnection) -> None:
        info = connection.info
        del self._peers[info.name]
        self._pending.fail_target(info.name)
        for callback in self._on_leave:
            callback(info)

    async def _send(self, connection: PeerConnection) -> None:
        try:
            await connection.outbox.send_all(connection.writer)
        except ConnectionError:
            connection.abort()

    def _admit(self, hello: Frame | None, credentials: Any) -> PeerInfo | None:
        if hello is None:
            return None
        if not isinstance(hello, Hello):
            raise BusError("bus.forbidden", "The first message has to say who is speaking.")
        if hello.protocol != PROTOCOL:
            raise BusError(
                "bus.protocol",
                f"{hello.name} speaks version {hello.protocol} of the bus, this is {PROTOCOL}.",
            )
        if not self._policy.admits(credentials.uid, hello.name):
            raise BusError(
                "bus.forbidden", f"User {credentials.uid} may not register as {hello.name!r:.80}."
            )
        if len(self._peers) >= MAX_PEERS and hello.name not in self._peers:
            raise BusError("bus.busy", f"There are already {MAX_PEERS} peers on the bus.")
        return PeerInfo(
            hello.name, hello.instance, hello.code_version, hello.settings_version, credentials
        )

    # -- frames --------------------------------------------------------------------------------

    def _take(self, connection: PeerConnection, frame: Frame) -> None:
        match frame:
            case Request():
                self._take_request(connection, frame)
            case Response() | Failure():
                self._pending.resolve(connection.info.name, frame)
            case Publication():
                if self._policy.may_publish(connection.info.role, frame.topic):
                    with contextlib.suppress(BusError):  # too long once its source is added
                        self.publish(frame.topic, frame.payload, connection.info.name)
                else:
                    _log.warning("%s may not publish %s", connection.info.name, frame.topic)
            case Subscribe():
                connection.subscribe(frame.topics)
            case Unsubscribe():
                connection.topics.difference_update(frame.topics)
            case _:
                raise BusError("bus.bad_frame", "This message has no place here.")

    def _take_request(self, connection: PeerConnection, request: Request) -> None:
        try:
            if request.to == SUPERVISOR:
                method = self._allowed_method(connection.info, request.method)
                if len(connection.running) >= MAX_RUNNING_PER_PEER:
                    raise BusError("bus.busy", "Too many requests of this peer are being answered.")
                connection.run(self._answer(connection, method.handler, request))
            else:
                self._forward(connection, request)
        except BusError as error:
            connection.send(Failure(request.id, error.code, error.text))

    def _allowed_method(self, peer: PeerInfo, name: str) -> _Method:
        method = self._methods.get(name)
        if method is None:
            raise BusError("bus.no_method", f"The supervisor does not know {name[:80]}.")
        if method.roles is not None and peer.role not in method.roles:
            raise BusError("bus.forbidden", f"{peer.name} may not call {name}.")
        return method

    def _forward(self, connection: PeerConnection, request: Request) -> None:
        target = self._peers.get(request.to)
        if target is None:
            raise BusError("bus.no_peer", f"{request.to[:80]} is not running.")
        if request.method.startswith("process."):
            raise BusError("bus.forbidden", "Only the supervisor starts and stops processes.")
        number = self._pending.add_origin(request.to, connection, request.id)
        asyncio.get_running_loop().call_later(FORWARD_TIMEOUT_S, self._pending.forget, number)
        target.send(
            Request(number, request.method, request.params, request.to, connection.info.name)
        )

    async def _answer(self, connection: PeerConnection, handler: Handler, request: Request) -> None:
        try:
            result = await handler(request.params, connection.info)
            connection.send(Response(request.id, result))
        except BusError as error:
            connection.send(Failure(request.id, error.code, error.text, error.fields))
        except Exception:  # noqa: BLE001 - one broken handler must not end the bus
            _log.exception("Answering %s of %s broke", request.method, connection.info.name)
            connection.send(
                Failure(
                    request.id,
                    "bus.failed",
                    f"{request.method} failed inside the supervisor; its log says why.",
                )
            )

    def _deliver(self, handler: TopicHandler, topic: str, payload: Any, source: str) -> None:
        try:
            handler(payload, source)
        except Exception:  # noqa: BLE001 - one broken handler must not end the bus
            _log.exception("Handling %s of %s broke; it is passed over", topic, source)


def plain(handler: Callable[[dict[str, Any]], Awaitable[Any]]) -> Handler:
    """Make a handler that does not care who asks fit `BusServer.handle`."""

    async def call(params: dict[str, Any], _peer: PeerInfo) -> Any:
        result = handler(params)
        return await result if inspect.isawaitable(result) else result

    return call

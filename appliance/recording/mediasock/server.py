"""Server side of the media socket: serves hubs to other processes and never waits for one."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from appliance.media.types import AccessUnit, TrackFormat
from appliance.recording.hub import StreamHub
from appliance.recording.mediasock import protocol
from appliance.recording.mediasock.protocol import ProtocolError
from appliance.storage.model import StreamId, StreamName
from appliance.text import _

log = logging.getLogger(__name__)

WRITE_LIMIT_BYTES = 8 << 20
"""Bytes waiting in a consumer's socket beyond which it is dropped to the next key frame."""

MAX_SUBSCRIPTIONS = 512
MAX_REQUEST_BYTES = 64 << 10

Operation = Callable[[dict[str, Any]], Awaitable[Any]]


class OperationRefused(Exception):
    """A request that cannot be served: stable `code`, `text` for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class _SocketConsumer:
    """One subscription: writes units to a transport, skips to a key frame when it is late."""

    def __init__(self, number: int, transport: asyncio.WriteTransport) -> None:
        self._number = number
        self._transport = transport
        self._formats: dict[int, tuple[int, TrackFormat]] = {}
        self._dropped = 0
        self._skipping = False
        self.dropped_total = 0

    def offer(self, unit: AccessUnit, received_ns: int, *, catch_up: bool = False) -> None:
        """Send `unit`, or drop it while the peer is too far behind."""
        transport = self._transport
        if transport.is_closing():
            return
        if self._skipping and unit.key and unit.is_video:
            self._skipping = transport.get_write_buffer_size() > WRITE_LIMIT_BYTES // 2
        elif not self._skipping:
            self._skipping = transport.get_write_buffer_size() > WRITE_LIMIT_BYTES
        if self._skipping:
            self._dropped += 1
            self.dropped_total += 1
            return
        head = protocol.encode_unit(
            unit,
            subscription=self._number,
            format_number=self._format_number(unit.format),
            received_ns=received_ns,
            dropped=self._dropped,
            catch_up=catch_up,
        )
        self._dropped = 0
        transport.writelines((head, unit.data))

    def _format_number(self, track: TrackFormat) -> int:
        known = self._formats.get(id(track))
        if known is not None:
            return known[0]
        number = len(self._formats) + 1
        if number > 0xFFFF:
            self._formats.clear()
            number = 1
        self._formats[id(track)] = (number, track)
        self._transport.write(
            protocol.encode_json(
                {
                    "op": "format",
                    "sub": self._number,
                    "number": number,
                    "format": protocol.format_to_json(track),
                }
            )
        )
        return number


class MediaServer:
    """Listens on a Unix socket for consumers of a group's streams.

    `operations` are further requests by name (open_blocks, statistics, lock, ...); each takes the
    request and returns what is sent back as JSON, or raises OperationRefused.
    """

    def __init__(
        self,
        path: Path,
        hubs: Mapping[StreamId, StreamHub],
        operations: Mapping[str, Operation],
    ) -> None:
        self._path = path
        self._hubs = hubs
        self._operations = operations
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to listen; a stale socket of a dead predecessor is replaced."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, str(self._path))
        self._path.chmod(0o660)

    async def stop(self) -> None:
        """Stop listening and end every connection."""
        if self._server:
            self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task:
            self._tasks.add(task)
        attached: dict[int, tuple[StreamHub, _SocketConsumer]] = {}
        try:
            while True:
                length, kind = protocol.FRAME.unpack(await reader.readexactly(5))
                if kind != protocol.JSON_FRAME or not 1 <= length <= MAX_REQUEST_BYTES:
                    raise ProtocolError(f"a frame of type {kind} and {length} bytes")
                request = json.loads(await reader.readexactly(length - 1))
                if not isinstance(request, dict):
                    raise ProtocolError("a request that is no object")
                answer = await self._answer(request, writer.transport, attached)
                writer.write(protocol.encode_json({"id": request.get("id"), **answer}))
        except asyncio.IncompleteReadError:
            pass
        except (OSError, ProtocolError, ValueError) as error:
            log.warning("media socket: a consumer was disconnected: %s", error)
        except asyncio.CancelledError:
            log.debug("media socket: connection ended")
        finally:
            for hub, consumer in attached.values():
                hub.detach(consumer)
            writer.close()
            if task:
                self._tasks.discard(task)

    async def _answer(
        self,
        request: dict[str, Any],
        transport: asyncio.WriteTransport,
        attached: dict[int, tuple[StreamHub, _SocketConsumer]],
    ) -> dict[str, Any]:
        try:
            op = str(request.get("op"))
            if op == "subscribe":
                return {"result": self._subscribe(request, transport, attached)}
            if op == "unsubscribe":
                hub, consumer = attached.pop(int(request["sub"]), (None, None))
                if hub and consumer:
                    hub.detach(consumer)
                return {"result": True}
            operation = self._operations.get(op)
            if operation is None:
                raise OperationRefused("unknown_operation", _("Unknown request."))
            return {"result": await operation(request)}
        except OperationRefused as error:
            return {"error": {"code": error.code, "text": error.text}}
        except (KeyError, TypeError, ValueError) as error:
            return {"error": {"code": "bad_request", "text": f"{type(error).__name__}: {error}"}}

    def _subscribe(
        self,
        request: dict[str, Any],
        transport: asyncio.WriteTransport,
        attached: dict[int, tuple[StreamHub, _SocketConsumer]],
    ) -> bool:
        number = int(request["sub"])
        stream = StreamId(int(request["channel"]), StreamName(request["stream"]))
        hub = self._hubs.get(stream)
        if hub is None:
            raise OperationRefused(
                "unknown_stream",
                _("D{channel} has no {stream} stream.").format(
                    channel=stream.channel, stream=stream.stream.value
                ),
            )
        if number in attached or len(attached) >= MAX_SUBSCRIPTIONS:
            raise OperationRefused("too_many", _("Too many subscriptions on one connection."))
        consumer = _SocketConsumer(number, transport)
        attached[number] = (hub, consumer)
        hub.attach(consumer, from_gop=bool(request.get("from_gop", True)))
        return True

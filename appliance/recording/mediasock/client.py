"""Client of a recorder's media socket: live access units, open blocks, statistics, locks."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.media.types import AccessUnit, TrackFormat
from appliance.recording.mediasock import protocol
from appliance.recording.mediasock.open_blocks import OpenBlockCache
from appliance.recording.mediasock.protocol import ProtocolError
from appliance.storage.model import StreamId
from appliance.storage.report import OpenBlock

log = logging.getLogger(__name__)

REQUEST_TIMEOUT_S = 5.0
QUEUE_UNITS = 512
"""Units a subscription holds before it drops to the next key frame."""


class RecorderAway(Exception):
    """The recorder is not there, or the connection to it ended; try again in a moment."""


class Refused(Exception):
    """The recorder answered with an error: a stable `code` and a `text` for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(slots=True)
class LiveUnit:
    """An access unit with what happened to it on the way here.

    `received_ns` is the wall clock when the recorder had it whole; `dropped` counts units withheld
    just before this one because this subscriber was late; `catch_up` marks the current GOP that is
    sent at once at the start.
    """

    unit: AccessUnit
    received_ns: int
    dropped: int
    catch_up: bool


@dataclass(slots=True)
class Subscription:
    """Units of one stream in arrival order; ends when the recorder goes away (`RecorderAway`)."""

    number: int
    stream: StreamId
    _client: MediaClient
    _queue: deque[LiveUnit] = field(default_factory=deque)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _formats: dict[int, TrackFormat] = field(default_factory=dict)
    _closed: bool = False
    _skipping: bool = False
    _skipped: int = 0

    def __aiter__(self) -> AsyncIterator[LiveUnit]:
        """Iterate until `close` is called."""
        return self._units()

    async def _units(self) -> AsyncIterator[LiveUnit]:
        while True:
            while self._queue:
                yield self._queue.popleft()
            if self._closed:
                return
            if self._client.lost:
                raise RecorderAway("the recorder closed the connection")
            self._wake.clear()
            await self._wake.wait()

    def _push(self, live: LiveUnit) -> None:
        if self._skipping:
            if not (live.unit.key and live.unit.is_video):
                self._skipped += 1
                return
            self._skipping = False
        elif len(self._queue) >= QUEUE_UNITS:
            self._skipped += 1 + len(self._queue)
            self._queue.clear()
            self._skipping = not (live.unit.key and live.unit.is_video)
            if self._skipping:
                return
        live.dropped += self._skipped
        self._skipped = 0
        self._queue.append(live)
        self._wake.set()

    async def close(self) -> None:
        """Stop the subscription; the recorder is told, the iteration ends."""
        self._closed = True
        self._wake.set()
        await self._client.unsubscribe(self)


class MediaClient:
    """One connection to one recorder; not reconnecting: the owner opens a new one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None
        self._ids = itertools.count(1)
        self._pending: dict[int, asyncio.Future[Any]] = {}
        self._subscriptions: dict[int, Subscription] = {}
        self._blocks = OpenBlockCache()
        self.lost = False

    async def open(self) -> None:
        """Connect.  Raises RecorderAway when nobody listens."""
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                self._reader, self._writer = await asyncio.open_unix_connection(
                    str(self._path), limit=1 << 20
                )
        except (OSError, TimeoutError) as error:
            raise RecorderAway(f"no recorder at {self._path.name}: {error}") from error
        self._task = asyncio.create_task(self._read(), name=f"media client {self._path.name}")

    async def close(self) -> None:
        """Disconnect and end all subscriptions."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._writer:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()

    async def request(self, op: str, **fields: Any) -> Any:
        """Ask the recorder; raises RecorderAway or Refused."""
        if self.lost or self._writer is None:
            raise RecorderAway("not connected to the recorder")
        number = next(self._ids)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._pending[number] = future
        try:
            self._writer.write(protocol.encode_json({"id": number, "op": op, **fields}))
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                return await future
        except TimeoutError as error:
            raise RecorderAway(f"the recorder did not answer {op}") from error
        except OSError as error:
            raise RecorderAway(str(error)) from error
        finally:
            self._pending.pop(number, None)

    async def subscribe(self, stream: StreamId, *, from_gop: bool = True) -> Subscription:
        """Receive the units of `stream`, beginning with its current GOP.

        Raises Refused (code ``unknown_stream``) where the recorder does not have the stream.
        """
        number = next(self._ids)
        subscription = Subscription(number, stream, self)
        self._subscriptions[number] = subscription
        try:
            await self.request(
                "subscribe",
                sub=number,
                channel=stream.channel,
                stream=stream.stream.value,
                from_gop=from_gop,
            )
        except BaseException:
            self._subscriptions.pop(number, None)
            raise
        return subscription

    async def unsubscribe(self, subscription: Subscription) -> None:
        """Stop receiving; a lost connection is no error here."""
        if self._subscriptions.pop(subscription.number, None):
            with contextlib.suppress(RecorderAway, Refused):
                await self.request("unsubscribe", sub=subscription.number)

    async def open_blocks(self) -> list[OpenBlock]:
        """Return the blocks being written; only what is new since the last call is sent."""
        told = await self.request("open_blocks", known=self._blocks.known())
        try:
            return self._blocks.update(told)
        except ProtocolError as error:
            raise RecorderAway(str(error)) from error

    async def statistics(self) -> list[dict[str, Any]]:
        """Return the statistics of every stream, as in topic ``channel.status``."""
        streams: list[dict[str, Any]] = await self.request("statistics")
        return streams

    async def lock(self, channel: int, start_ns: int, end_ns: int, *, locked: bool) -> int:
        """Lock or unlock the blocks that touch a range (D1-SR-08); return how many changed."""
        changed: int = await self.request(
            "lock", channel=channel, start_ns=start_ns, end_ns=end_ns, locked=locked
        )
        return changed

    async def accept_clock(self) -> None:
        """Say that the clock is right: footage is deleted by age again (D2-ST-03)."""
        await self.request("accept_clock")

    async def _read(self) -> None:
        reader = self._reader
        if reader is None:
            return
        try:
            while True:
                length, kind = protocol.FRAME.unpack(await reader.readexactly(5))
                if not 1 <= length <= protocol.MAX_FRAME_BYTES:
                    raise ProtocolError(f"frame of {length} bytes")
                body = await reader.readexactly(length - 1)
                if kind == protocol.UNIT_FRAME:
                    self._on_unit(body)
                elif kind == protocol.JSON_FRAME:
                    self._on_message(json.loads(body))
        except (asyncio.IncompleteReadError, OSError):
            log.debug("media socket %s closed", self._path.name)
        except (ProtocolError, ValueError) as error:
            log.error("media socket %s: %s; connection closed", self._path.name, error)
        finally:
            self.lost = True
            for future in self._pending.values():
                if not future.done():
                    future.set_exception(RecorderAway("the recorder closed the connection"))
            for subscription in self._subscriptions.values():
                subscription._wake.set()

    def _on_message(self, message: dict[str, Any]) -> None:
        if message.get("op") == "format":
            subscription = self._subscriptions.get(message["sub"])
            if subscription:
                subscription._formats[message["number"]] = protocol.format_from_json(
                    message["format"]
                )
            return
        future = self._pending.get(message.get("id", 0))
        if future is None or future.done():
            return
        if "error" in message:
            future.set_exception(Refused(message["error"]["code"], message["error"]["text"]))
        else:
            future.set_result(message.get("result"))

    def _on_unit(self, body: bytes) -> None:
        (
            number,
            format_number,
            flags,
            run,
            pts,
            dts,
            duration,
            utc_ns,
            mono_ns,
            rtp_time,
            received_ns,
            dropped,
        ) = protocol.UNIT.unpack_from(body)
        subscription = self._subscriptions.get(number)
        if subscription is None:
            return
        unit = AccessUnit(
            format=subscription._formats[format_number],
            run=run,
            pts=pts,
            dts=dts,
            duration=duration,
            utc_ns=utc_ns,
            mono_ns=mono_ns,
            rtp_time=rtp_time,
            key=bool(flags & protocol.KEY),
            damaged=bool(flags & protocol.DAMAGED),
            data=body[protocol.UNIT.size :],
        )
        subscription._push(LiveUnit(unit, received_ns, dropped, bool(flags & protocol.CATCH_UP)))

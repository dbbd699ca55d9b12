"""One peer's connection as the broker sees it, and the requests whose answers are still due."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Coroutine
from typing import Any

from appliance.bus.errors import BusError, FrameError
from appliance.bus.frames import Failure, Frame, Response, decode, encode
from appliance.bus.outbox import Outbox, OutboxFullError
from appliance.bus.peers import PeerInfo

_log = logging.getLogger(__name__)

MAX_TOPICS = 64
MAX_PENDING = 1024


class PeerConnection:
    """Reads frames of one peer and queues frames for it."""

    info: PeerInfo

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer
        self.outbox = Outbox()
        self.topics: set[str] = set()
        self.running: set[asyncio.Task[None]] = set()

    async def receive(self) -> Frame | None:
        """Return the next frame, None at the end; raise FrameError on anything malformed."""
        return await receive(self._reader)

    def send(self, frame: Frame) -> None:
        """Queue a request or an answer; a peer that does not read them is let go."""
        try:
            line = encode(frame)
        except BusError as error:
            if not isinstance(frame, Response):
                raise
            line = encode(Failure(frame.id, error.code, error.text))
        try:
            self.outbox.put_answer(line)
        except OutboxFullError:
            _log.warning("%s does not read its answers and is let go", self.info.name)
            self.abort()

    def subscribe(self, topics: list[str]) -> None:
        """Deliver these topics from now on."""
        if len(self.topics) + len(topics) > MAX_TOPICS:
            raise FrameError(f"A peer may subscribe to {MAX_TOPICS} topics at most.")
        self.topics.update(topics)

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Answer one request beside the others."""
        task = asyncio.create_task(work)
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    def cancel_running(self) -> None:
        """Give up the answers nobody waits for any more."""
        for task in list(self.running):
            task.cancel()

    def abort(self) -> None:
        """Close at once; what was queued is lost."""
        self.writer.transport.abort()


async def receive(reader: asyncio.StreamReader) -> Frame | None:
    """Return the next frame of a stream, None at its end; raise FrameError if malformed."""
    try:
        return decode(await reader.readuntil(b"\n"))
    except asyncio.IncompleteReadError:
        return None
    except asyncio.LimitOverrunError:
        raise FrameError("A line on the bus is too long.") from None


class PendingReplies:
    """Requests sent to peers whose answers are due, bounded in number."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._due: dict[int, tuple[str, asyncio.Future[Any] | tuple[PeerConnection, int]]] = {}

    def __len__(self) -> int:
        return len(self._due)

    def add_future(self, target: str, reply: asyncio.Future[Any]) -> int:
        """Remember a request of our own; return its number."""
        return self._add(target, reply)

    def add_origin(self, target: str, origin: PeerConnection, origin_id: int) -> int:
        """Remember a request carried for a peer; return its number."""
        return self._add(target, (origin, origin_id))

    def _add(self, target: str, waiting: asyncio.Future[Any] | tuple[PeerConnection, int]) -> int:
        if len(self._due) >= MAX_PENDING:
            raise BusError("bus.busy", "Too many requests are waiting for an answer.")
        number = next(self._numbers)
        self._due[number] = (target, waiting)
        return number

    def forget(self, number: int) -> None:
        """Nobody waits for this one any more."""
        self._due.pop(number, None)

    def resolve(self, source: str, frame: Response | Failure) -> None:
        """Hand an answer to who asked; answers nobody asked this peer for are passed over."""
        due = self._due.get(frame.id)
        if due is None or due[0] != source:
            return
        del self._due[frame.id]
        _hand_over(due[1], frame)

    def fail_target(self, target: str) -> None:
        """A peer has gone: whoever waits for it is told."""
        for number, (name, waiting) in list(self._due.items()):
            if name == target:
                del self._due[number]
                text = f"{target} ended before it answered."
                _hand_over(waiting, Failure(number, "bus.no_peer", text))


def _hand_over(
    waiting: asyncio.Future[Any] | tuple[PeerConnection, int], frame: Response | Failure
) -> None:
    if isinstance(waiting, asyncio.Future):
        if waiting.done():
            return
        if isinstance(frame, Response):
            waiting.set_result(frame.result)
        else:
            waiting.set_exception(BusError(frame.code, frame.text, fields=frame.fields))
        return
    origin, origin_id = waiting
    if isinstance(frame, Response):
        origin.send(Response(origin_id, frame.result))
    else:
        origin.send(Failure(origin_id, frame.code, frame.text, frame.fields))

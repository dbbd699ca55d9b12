"""What waits to be sent on one media socket: a lane for each opened stream, all of them bounded."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from appliance.web.media.wire import Flag, Notice, Piece, PieceType

LANE_PIECES = 250
LANE_BYTES = 8 << 20
"""What a live lane holds before its viewer counts as late: seconds of a stream."""

LATE_S = 1.0
"""How long a piece of a live lane may wait before its viewer counts as late."""

JOIN_S = 4.0
"""As `LATE_S`, while the GOP that is sent to somebody who joins is on its way."""

STEADY_BYTES = 2 << 20
"""What a playback lane holds before its reader waits."""

MAX_CONTROL = 512
"""Answers that wait for a client that asks and does not read."""


class Socket(Protocol):
    """What is needed of a WebSocket; the two that send wait while the peer does not read."""

    def write(self, data: bytes) -> bool:
        """Write one binary message if nothing is in its way; tell whether it was written."""

    async def send_bytes(self, data: bytes) -> None:
        """Send one binary message."""

    async def send_str(self, data: str) -> None:
        """Send one text message."""


class OutboxFull(Exception):
    """The client asks faster than it reads the answers."""


SendNow = Callable[[int, Piece, Flag], bool]
"""Sends a piece for the stream of a number unless something waits; tells whether it did."""


def _never(_number: int, _piece: Piece, _extra: Flag) -> bool:
    return False


Item = tuple[Piece | Notice, Flag, float]
"""What waits, flags for this viewer only, and since when (monotonic seconds)."""


class Lane:
    """What waits for one opened stream, in order: pieces and notices."""

    def __init__(
        self,
        number: int,
        wake: asyncio.Event,
        clock: Callable[[], float] = time.monotonic,
        send_now: SendNow = _never,
    ) -> None:
        self.number = number
        self.bytes = 0
        self._send_now = send_now
        self._clock = clock
        self._wake = wake
        self._items: deque[Item] = deque()
        self._room = asyncio.Event()
        self._room.set()
        self.closed = False
        self.slack = 0
        """Bytes beyond `LANE_BYTES` that are fine for once, and time: a GOP for who joins."""

    def __len__(self) -> int:
        """Return how many items wait."""
        return len(self._items)

    @property
    def late(self) -> bool:
        """Whether so much waits that a live viewer should skip to the next key frame."""
        if not self._items:
            return False
        if len(self._items) >= LANE_PIECES or self.bytes >= LANE_BYTES + self.slack:
            return True
        return self._waited_s() > (JOIN_S if self.slack else LATE_S)

    def _waited_s(self) -> float:
        """Return how long the oldest of the media has been waiting."""
        for item, _extra, since in self._items:
            if isinstance(item, Piece) and item.kind is not PieceType.INIT:
                return self._clock() - since
        return 0.0

    def post(self, item: Piece | Notice, extra: Flag = Flag.NONE) -> None:
        """Add an item behind the others; `extra` flags are for this viewer only."""
        if self.closed:
            return
        if not self._items and isinstance(item, Piece) and self._send_now(self.number, item, extra):
            self.slack = max(0, self.slack - len(item.payload))
            return
        self._items.append((item, extra, self._clock()))
        if isinstance(item, Piece):
            self.bytes += len(item.payload)
            if self.bytes >= STEADY_BYTES:
                self._room.clear()
        self._wake.set()

    async def room(self) -> None:
        """Wait until less than `STEADY_BYTES` wait here."""
        await self._room.wait()

    def clear(self) -> int:
        """Forget the media that wait, not notices and heads; return how many frames it was."""
        kept: deque[Item] = deque()
        dropped = self.bytes = 0
        for item, extra, since in self._items:
            if isinstance(item, Piece) and item.kind is not PieceType.INIT:
                dropped += item.frames
                continue
            kept.append((item, extra, since))
            self.bytes += len(item.payload) if isinstance(item, Piece) else 0
        self._items = kept
        self.slack = 0
        self._room.set()
        return dropped

    def take(self) -> bytes | str | None:
        """Return the next message, None when nothing waits."""
        if not self._items:
            self.slack = 0
            return None
        item, extra, _since = self._items.popleft()
        if not isinstance(item, Piece):
            return json.dumps(item, separators=(",", ":"))
        self.bytes -= len(item.payload)
        if self.bytes < STEADY_BYTES:
            self._room.set()
        return item.message(self.number, time.monotonic_ns(), extra)

    def close(self) -> None:
        """Drop everything; whoever waits for room goes on and finds it closed."""
        self.closed = True
        self._items.clear()
        self.bytes = 0
        self._room.set()


class Outbox:
    """Sends answers first, then one item of each lane in turn."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._wake = asyncio.Event()
        self._control: deque[str] = deque()
        self._lanes: dict[int, Lane] = {}
        self._waiting = False
        self.sent_pieces = 0

    def lane(self, number: int) -> Lane:
        """Open the lane of a stream; one of that number that is open already is dropped."""
        self.drop(number)
        lane = Lane(number, self._wake, send_now=self._send_now)
        self._lanes[number] = lane
        return lane

    def drop(self, number: int) -> None:
        """Forget a lane and what waits in it."""
        old = self._lanes.pop(number, None)
        if old:
            old.close()

    def answer(self, notice: Notice) -> None:
        """Send a notice before anything else; raises OutboxFull when the client does not read."""
        if len(self._control) >= MAX_CONTROL:
            raise OutboxFull
        self._control.append(json.dumps(notice, separators=(",", ":")))
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled or the socket breaks (then OSError of the socket)."""
        send_bytes, send_str = self._socket.send_bytes, self._socket.send_str
        while True:
            self._wake.clear()
            busy = True
            while busy:
                busy = False
                while self._control:
                    await send_str(self._control.popleft())
                for lane in tuple(self._lanes.values()):
                    message = lane.take()
                    if message is None:
                        continue
                    busy = True
                    if isinstance(message, bytes):
                        self.sent_pieces += 1
                        await send_bytes(message)
                    else:
                        await send_str(message)
            self._waiting = True
            await self._wake.wait()
            self._waiting = False

    def _send_now(self, number: int, piece: Piece, extra: Flag) -> bool:
        """Send a piece without the detour over the task, which costs as much as all the rest.

        Only while nothing else waits, so that the order stays what it is.
        """
        if not self._waiting or self._wake.is_set():
            return False
        if not self._socket.write(piece.shared_message(number, time.monotonic_ns(), extra)):
            return False
        self.sent_pieces += 1
        return True

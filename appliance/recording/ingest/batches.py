"""Reading a connection five times a second instead of whenever something comes."""

from __future__ import annotations

import asyncio
import math
import socket
from collections.abc import Callable

BATCH_S = 0.2
"""How old the newest frame of a stream may be that nobody watches."""

ROOM_BYTES = 2 << 20
"""What the kernel is to hold between two reads: 80 Mbit/s for `BATCH_S`."""

MOST_READS = 32
"""In one go; a camera that sends faster than we read leaves the loop to others."""


class BatchReader:
    """Reads for a transport that is paused, as long as nobody `watched` the stream.

    Being woken for a frame costs two to three times as much as taking it in: poll, timers, and
    caches that have gone cold since the last one.  What is only stored can wait a fifth of a
    second.  Batches fall on the same instants in all streams of a loop, so that one waking serves
    them all.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        sock: socket.socket,
        protocol: asyncio.BufferedProtocol,
        *,
        ended: Callable[[BaseException | None], None],
        watched: Callable[[], bool],
    ) -> None:
        """Begin; `ended` is called when the peer closed (None) or reading failed.

        As soon as `watched` says yes, or at `stop`, the transport reads again by itself.
        """
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._sock = sock
        self._protocol = protocol
        self._ended = ended
        self._watched = watched
        self.active = True
        _make_room(sock)
        transport.pause_reading()
        self._next = self._loop.call_at(self._due(), self._read)

    def stop(self) -> None:
        """Let the transport read again; once or often."""
        if not self.active:
            return
        self.active = False
        self._next.cancel()
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def _due(self) -> float:
        return (math.floor(self._loop.time() / BATCH_S) + 1) * BATCH_S

    def _read(self) -> None:
        if self._transport.is_closing():
            self.stop()
            return
        try:
            self._take()
        except OSError as error:
            self._ended(error)
        except BaseException as error:
            self._ended(error)
            raise
        if self._watched():
            self.stop()
        elif self.active:
            self._next = self._loop.call_at(self._due(), self._read)

    def _take(self) -> None:
        """Read what is there."""
        protocol, receive = self._protocol, self._sock.recv_into
        for _turn in range(MOST_READS):
            room = memoryview(protocol.get_buffer(-1))
            try:
                count = receive(room)
            except (BlockingIOError, InterruptedError):
                return
            if count == 0:
                self._ended(None)
                return
            protocol.buffer_updated(count)
            if count < len(room) or self._transport.is_closing():
                return


def _make_room(sock: socket.socket) -> None:
    """Widen the window, which the kernel else fits to a reader that comes at once.

    A low-water mark of that much makes it do so, and unlike SO_RCVBUF leaves the window free to
    grow further.
    """
    for mark in (ROOM_BYTES, 1):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, mark)

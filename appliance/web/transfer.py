"""Sending a file of an export: by the kernel where the connection is plain, else through memory.

Bytes of a block that is reused meanwhile never arrive under a right length.  Through memory, each
chunk is checked before it is sent.  With sendfile, pages may be read after they were handed over;
so the last bytes are held back until the peer has acknowledged all others and every block still is
what it was.  A block is erased long before it is overwritten (docs/design/blocks.md), so that
covers also what a client on this machine has not taken yet.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import select
import socket
import struct
import termios
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import Any, Protocol, TypeVar

from aiohttp import web

from appliance.export.blocks import Block
from appliance.export.movie import MovieReader
from appliance.export.pieces import BlockSpan, Span

THREADS = 8
TURN_S = 0.25
"""How long a thread works for one transfer before others have their turn."""

PATIENCE_MS = 50
"""How long it waits for a full socket before it gives way."""

STALLED_S = 30.0
CHUNK = 1 << 20
PUSH = 8 << 20
HELD_BACK = 16 << 10
_DRAIN_S = 0.01
_EMPTY_S = 0.001
Answer = TypeVar("Answer")


class Source(Protocol):
    """A file whose bytes can be had in any order."""

    @property
    def size(self) -> int:
        """Bytes."""

    @property
    def etag(self) -> str:
        """What tells it from any other file."""

    @property
    def seal_at(self) -> int:
        """From where on its bytes need the signed documents."""

    @property
    def plain(self) -> bool:
        """Whether the kernel may copy its blocks: nobody else wants to see the bytes."""

    def spans(self, reader: MovieReader, start: int, end: int) -> Iterator[Span]:
        """Yield [start, end); blocking.  Raises FootageGoneError, OSError."""


class Transfers:
    """Transfers of one process, in a few threads of their own."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="export")

    def close(self) -> None:
        """Stop; those under way end with their connections."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def send(
        self, request: web.Request, response: web.StreamResponse, source: Source,
        start: int, end: int,
    ) -> None:  # fmt: skip
        """Send [start, end) as the body of a prepared response.

        Raises FootageGoneError, OSError, ConnectionError (the client has gone), TimeoutError (it
        takes nothing any more): then the connection is to be ended.
        """
        lease = _Lease()
        try:
            reader = lease.reader
            held = max(start, end - HELD_BACK)
            if source.plain and await _is_plain(request):
                push = _Push(lease.take_socket(request), source, reader, start, held)
                await self._push(lease, push)
                await self.run(lease.during, partial(reader.check, list(push.used)))
                start = held
            copy = _Copy(source, reader, start, end)
            while not copy.over:
                if data := await self.run(lease.during, copy.turn):
                    await response.write(data)
                else:
                    still_there(request)
        finally:
            lease.end()

    async def work(
        self, request: web.Request, steps: Callable[[MovieReader], Iterator[None]]
    ) -> None:
        """Do work of many small steps that read movies, in turns with the transfers.

        Raises what the steps raise, ConnectionError when the client has gone.
        """
        lease = _Lease()
        try:
            left = steps(lease.reader)
            while not await self.run(lease.during, partial(_steps, left)):
                still_there(request)
        finally:
            lease.end()

    async def run(self, work: Callable[..., Answer], *args: Any) -> Answer:
        """Do blocking work in one of the threads; it goes on there if the caller is cancelled."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(work, *args))

    async def _push(self, lease: _Lease, push: _Push) -> None:
        moved_at, moved = time.monotonic(), -1
        while not await self.run(lease.during, push.turn):
            if push.sent != moved:
                moved_at, moved = time.monotonic(), push.sent
            left = STALLED_S - (time.monotonic() - moved_at)
            async with asyncio.timeout(max(left, 0)):
                await _writable(push.fd)
        moved_at = time.monotonic()
        while unsent := push.unsent():
            if unsent != moved:
                moved_at, moved = time.monotonic(), unsent
            if time.monotonic() - moved_at > STALLED_S:
                raise TimeoutError
            await asyncio.sleep(_DRAIN_S)


class _Lease:
    """What a thread may be using when its transfer is cancelled.

    Closed by whoever ends last: a descriptor must not become another connection's under the hands
    of a thread that still sends.
    """

    def __init__(self) -> None:
        self.reader = MovieReader()
        self._fd = -1
        self._lock = Lock()
        self._busy = False
        self._over = False

    def take_socket(self, request: web.Request) -> int:
        """Return a descriptor of the connection's own."""
        if request.transport is None:
            raise ConnectionResetError
        self._fd = os.dup(request.transport.get_extra_info("socket").fileno())
        return self._fd

    def during(self, work: Callable[[], Answer]) -> Answer:
        """Do a piece of work, in a thread."""
        with self._lock:
            if self._over:
                raise ConnectionResetError
            self._busy = True
        try:
            return work()
        finally:
            with self._lock:
                self._busy = False
                if self._over:
                    self._close()

    def end(self) -> None:
        """The transfer is over."""
        with self._lock:
            self._over = True
            if not self._busy:
                self._close()

    def _close(self) -> None:
        self.reader.close()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _steps(left: Iterator[None]) -> bool:
    """Go on with steps for a while; True when they are done."""
    until = time.monotonic() + TURN_S
    return all(time.monotonic() <= until for _step in left)


class _Copy:
    """Chunks of a source, each right when it is handed over."""

    def __init__(self, source: Source, reader: MovieReader, start: int, end: int) -> None:
        self._reader = reader
        self._spans = source.spans(reader, start, end)
        self._rest: BlockSpan | None = None
        self.over = False

    def turn(self) -> bytes:
        """Return the next chunk, or less where a turn is over before; nothing more when `over`."""
        until = time.monotonic() + TURN_S
        parts: list[bytes] = []
        used: dict[Block, None] = {}
        room = CHUNK
        while room > 0:
            span: Span | None = self._rest
            self._rest = None
            if span is None:
                span = next(self._spans, None)
            if span is None:
                self.over = True
                break
            if isinstance(span, BlockSpan):
                size = min(span.size, room)
                used[span.block] = None
                parts.append(self._reader.at(span).pread(size, span.offset))
                if size < span.size:
                    self._rest = BlockSpan(span.block, span.offset + size, span.size - size)
                room -= size
            else:
                parts.append(span)
                room -= len(span)
            if time.monotonic() > until:
                break
        self._reader.check(list(used))
        return b"".join(parts)


class _Push:
    """Pushes a source into a plain socket, turn by turn, without copying blocks."""

    def __init__(self, fd: int, source: Source, reader: MovieReader, start: int, end: int) -> None:
        self.fd = fd
        self.sent = 0
        self.used: dict[Block, None] = {}
        self._reader = reader
        self._spans = source.spans(reader, start, end)
        self._span: Span | None = None
        self._poll = select.poll()
        self._poll.register(fd, select.POLLOUT)

    def turn(self) -> bool:
        """Send for a while; True when all is sent, False to be called again when writable."""
        until = time.monotonic() + TURN_S
        while time.monotonic() < until:
            if self._span is None:
                self._span = next(self._spans, None)
                if self._span is None:
                    return True
            try:
                self._span = self._some(self._span)
            except BlockingIOError:
                if not self._poll.poll(PATIENCE_MS):
                    return False
        return False

    def _some(self, span: Span) -> Span | None:
        """Send some of a span; returns what is left of it."""
        if isinstance(span, BlockSpan):
            self.used[span.block] = None
            opened = self._reader.at(span)
            sent = os.sendfile(self.fd, opened.fd, span.offset, min(span.size, PUSH))
            if not sent:
                opened.check()
                raise OSError(f"block {span.block.number} is shorter than it was")
            self.sent += sent
            left = span.size - sent
            return BlockSpan(span.block, span.offset + sent, left) if left else None
        sent = os.write(self.fd, span)
        self.sent += sent
        return span[sent:] or None

    def unsent(self) -> int:
        """Bytes that the peer has not acknowledged yet."""
        told = fcntl.ioctl(self.fd, termios.TIOCOUTQ, bytes(4))
        return int(struct.unpack("i", told)[0])


def still_there(request: web.Request) -> None:
    """Raise ConnectionResetError if the client of a request has gone: nobody tells its handler."""
    if request.transport is None or request.transport.is_closing():
        raise ConnectionResetError


async def _is_plain(request: web.Request) -> bool:
    """Whether bytes may go straight into the socket; then nothing is before them any more."""
    transport = request.transport
    if transport is None:
        raise ConnectionResetError
    sock = transport.get_extra_info("socket")
    if sock is None or transport.get_extra_info("ssl_object") is not None:
        return False
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        return False
    end = time.monotonic() + STALLED_S
    while transport.get_write_buffer_size():
        if transport.is_closing():
            raise ConnectionResetError
        if time.monotonic() > end:
            raise TimeoutError
        await asyncio.sleep(_EMPTY_S)
    return True


async def _writable(fd: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_writer(fd, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_writer(fd)

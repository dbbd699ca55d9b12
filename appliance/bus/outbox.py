"""The outbox of one connection: bounded, drops old publications, never blocks who fills it."""

from __future__ import annotations

import asyncio
from collections import deque

MAX_PUBLICATIONS = 256
MAX_PUBLICATION_BYTES = 2 << 20
MAX_ANSWERS = 512
MAX_ANSWER_BYTES = 4 << 20


class OutboxFullError(Exception):
    """The other side does not read its answers; the connection has to be given up."""


class Outbox:
    """Lines on their way to one peer, in order.

    Publications beyond 256 or 2 MiB push out the oldest publications, which are counted.
    Requests and answers are never dropped: beyond 512 or 4 MiB the connection is given up.
    """

    def __init__(self) -> None:
        self._publications: deque[tuple[int, bytes]] = deque()
        self._answers: deque[tuple[int, bytes]] = deque()
        self._publication_bytes = 0
        self._answer_bytes = 0
        self._order = 0
        self._filled = asyncio.Event()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._publications) + len(self._answers)

    def put_publication(self, line: bytes) -> None:
        """Queue a line that may be dropped when the peer is late."""
        self._order += 1
        self._publications.append((self._order, line))
        self._publication_bytes += len(line)
        while (
            len(self._publications) > MAX_PUBLICATIONS
            or self._publication_bytes > MAX_PUBLICATION_BYTES
        ):
            self._publication_bytes -= len(self._publications.popleft()[1])
            self.dropped += 1
        self._filled.set()

    def put_answer(self, line: bytes) -> None:
        """Queue a line that must arrive; raise OutboxFullError if too many wait already."""
        if len(self._answers) >= MAX_ANSWERS or self._answer_bytes + len(line) > MAX_ANSWER_BYTES:
            raise OutboxFullError
        self._order += 1
        self._answers.append((self._order, line))
        self._answer_bytes += len(line)
        self._filled.set()

    def pop(self) -> bytes | None:
        """Return the line that was queued first, None if there is none."""
        if self._answers and (
            not self._publications or self._answers[0][0] < self._publications[0][0]
        ):
            line = self._answers.popleft()[1]
            self._answer_bytes -= len(line)
            return line
        if self._publications:
            line = self._publications.popleft()[1]
            self._publication_bytes -= len(line)
            return line
        return None

    async def send_all(self, writer: asyncio.StreamWriter) -> None:
        """Write whatever is queued, as fast as the other side reads, until cancelled or broken."""
        writer.transport.set_write_buffer_limits(high=64 << 10)
        while True:
            while (line := self.pop()) is not None:
                writer.write(line)
                await writer.drain()
            self._filled.clear()
            await self._filled.wait()

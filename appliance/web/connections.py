"""Connections of the server: counted, bounded, and closed when the other side is too slow."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

from appliance.accounts.failures import LOOPBACK, place_of
from appliance.text import _

MAX_CONNECTIONS = 128
"""Concurrent connections at most (D1-PL-03)."""
MAX_PER_ADDRESS = 96
"""Connections of one network address at most, so that one machine cannot have them all."""
MAX_REFUSING = 16
"""Connections beyond the bound that are told so; more are closed without a word."""
FIRST_REQUEST_S = 10.0
"""Time for the TLS handshake and the head of the first request."""
SILENT_S = 2.0
"""A new connection that has asked nothing for so long gives way when room is short."""
BETWEEN_REQUESTS_S = 45.0
STALLED_S = 30.0
"""Time in which a peer has to read something of what waits for it."""
CLOSING_S = 10.0
SWEEP_S = 1.0
_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Connection:
    """One accepted connection; `place` as `place_of` says.  Times are monotonic seconds."""

    place: str
    since: float
    transport: asyncio.Transport | None = None
    opening: asyncio.Task[None] | None = None
    active: int = 0
    served: int = 0
    idle_since: float = 0.0
    buffered: int = 0
    buffered_since: float = 0.0
    closing_since: float | None = None

    @property
    def idle(self) -> bool:
        """Whether no request of it is being answered."""
        return self.active == 0


class Connections:
    """All connections of all listeners of the process."""

    def __init__(self, clock: Callable[[], float], *, most: int = MAX_CONNECTIONS) -> None:
        self._clock = clock
        self.most = most
        self._open: set[Connection] = set()
        self._by_protocol: dict[asyncio.BaseProtocol, Connection] = {}
        self._full = False
        self.refusing = 0
        self.refused = 0
        self.timed_out = 0

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._open)

    def admit(self, address: str) -> Connection | None:
        """Return the record of a new connection, None when there are too many.

        One that is idle gives way to the new one: 128 means 128 that do something.
        """
        if self._has_too_many(address) or (len(self._open) >= self.most and not self._evict()):
            self.refused += 1
            if not self._full:
                self._full = True
                _log.warning(
                    "%d of %d connections are in use; further ones of %s are refused",
                    len(self._open),
                    self.most,
                    address,
                )
            return None
        if self._full and len(self._open) < self.most // 2:
            self._full = False
        connection = Connection(place_of(address), self._clock())
        connection.idle_since = connection.since
        self._open.add(connection)
        return connection

    def track(self, connection: Connection, inner: asyncio.Protocol) -> asyncio.Protocol:
        """Return the protocol to serve `connection` with: `inner`, watched."""
        self._by_protocol[inner] = connection
        return _Tracked(self, connection, inner)

    def of(self, protocol: asyncio.BaseProtocol | None) -> Connection | None:
        """Return the connection that aiohttp's `protocol` serves."""
        return self._by_protocol.get(protocol) if protocol is not None else None

    @contextlib.contextmanager
    def busy(self, protocol: asyncio.BaseProtocol | None) -> Iterator[None]:
        """Mark the connection of `protocol` as answering a request."""
        connection = self.of(protocol)
        if connection is None:
            yield
            return
        connection.active += 1
        try:
            yield
        finally:
            connection.active -= 1
            connection.served += 1
            connection.idle_since = self._clock()

    def forget(self, connection: Connection, inner: asyncio.Protocol | None = None) -> None:
        """Take out what has ended."""
        self._open.discard(connection)
        if inner is not None:
            self._by_protocol.pop(inner, None)

    def sweep(self) -> None:
        """Close what took too long; called every `SWEEP_S`."""
        now = self._clock()
        for connection in list(self._open):
            if connection.transport is not None and self._too_slow(connection, now):
                self.timed_out += 1
                connection.transport.abort()

    def _too_slow(self, connection: Connection, now: float) -> bool:
        transport = connection.transport
        assert transport is not None
        if transport.is_closing():
            connection.closing_since = connection.closing_since or now
            return now - connection.closing_since > CLOSING_S
        waiting = transport.get_write_buffer_size()
        if waiting == 0 or waiting != connection.buffered:
            connection.buffered, connection.buffered_since = waiting, now
        elif now - connection.buffered_since > STALLED_S:
            return True
        allowed = BETWEEN_REQUESTS_S if connection.served else FIRST_REQUEST_S
        return connection.idle and now - connection.idle_since > allowed

    def _has_too_many(self, address: str) -> bool:
        place = place_of(address)
        if place == LOOPBACK or len(self._open) < MAX_PER_ADDRESS:
            return False
        own = sum(connection.place == place for connection in self._open)
        return own >= MAX_PER_ADDRESS and not self._evict(place)

    def _evict(self, place: str | None = None) -> bool:
        """Let the connection go that has been idle longest (of one place), if there is one."""
        recent = self._clock() - SILENT_S
        idle = [
            c
            for c in self._open
            if c.idle and (c.served or c.since < recent) and place in (None, c.place)
        ]
        if not idle:
            return False
        oldest = min(idle, key=lambda c: c.idle_since)
        if oldest.transport is not None:
            oldest.transport.abort()
        elif oldest.opening is not None:
            oldest.opening.cancel()
        self._open.discard(oldest)
        return True


class _Tracked(asyncio.Protocol):
    """Hands everything on to aiohttp's protocol; knows when the connection begins and ends."""

    def __init__(
        self, connections: Connections, connection: Connection, inner: asyncio.Protocol
    ) -> None:
        self._connections = connections
        self._connection = connection
        self._inner = inner
        self.data_received = inner.data_received  # type: ignore[method-assign]
        self.eof_received = inner.eof_received  # type: ignore[method-assign]
        self.pause_writing = inner.pause_writing  # type: ignore[method-assign]
        self.resume_writing = inner.resume_writing  # type: ignore[method-assign]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._connection.transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        self._inner.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.forget(self._connection, self._inner)
        self._inner.connection_lost(exc)


class Refusal(asyncio.Protocol):
    """Answers any request with 503 and words, then closes; counted in `Connections.refusing`."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Give the other side a moment to say what it wants."""
        self._transport = cast("asyncio.Transport", transport)
        self._timer = asyncio.get_running_loop().call_later(CLOSING_S, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        """Answer whatever was asked."""
        if self._transport is None or self._transport.is_closing():
            return
        body = json.dumps(
            {
                "code": "too_many_connections",
                "text": _(
                    "The box serves {most} connections at a time and all are in use. "
                    "Close a page that is not needed, then try again."
                ).format(most=self._connections.most),
                "fields": [],
            }
        ).encode()
        head = (
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nRetry-After: 10\r\nConnection: close\r\n\r\n"
        )
        self._transport.write(head.encode() + body)
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Be done."""
        self._connections.refusing -= 1
        if self._timer is not None:
            self._timer.cancel()

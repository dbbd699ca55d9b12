"""Accepting connections on one address and port, within the bounds of `Connections`."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import logging
import socket
import ssl
from collections.abc import Callable

from appliance.text import _
from appliance.web.connections import FIRST_REQUEST_S, MAX_REFUSING, Connections, Refusal

BACKLOG = 64
_PAUSE_S = 0.5
_log = logging.getLogger(__name__)


class PortError(Exception):
    """The port cannot be listened on; `in_use` says that another program has it."""

    def __init__(self, host: str, port: int, error: OSError) -> None:
        super().__init__(f"port {port} on {host}: {error.strerror or error}")
        self.port = port
        self.in_use = error.errno == errno.EADDRINUSE
        self.forbidden = error.errno in (errno.EACCES, errno.EPERM)


class Listener:
    """One listening socket; `tls` returns the context of a new connection, None is plain HTTP."""

    def __init__(
        self,
        factory: Callable[[], asyncio.Protocol],
        connections: Connections,
        *,
        tls: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        self._factory = factory
        self._connections = connections
        self._tls = tls
        self._socket: socket.socket | None = None
        self._task: asyncio.Task[None] | None = None
        self._opening: set[asyncio.Task[None]] = set()
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        """Listen; port 0 takes any free one (see `port`).  Raises PortError."""
        try:
            self._socket = bind(host, port)
        except OSError as error:
            raise PortError(host, port, error) from error
        self.port = self._socket.getsockname()[1]
        self._task = asyncio.create_task(self._accept(self._socket), name=f"port {self.port}")

    async def close(self) -> None:
        """Stop accepting; connections already made go on."""
        tasks = [task for task in (self._task, *self._opening) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, address = await loop.sock_accept(listening)
            except OSError as error:
                _log.warning("Port %d: a connection could not be accepted: %s", self.port, error)
                await asyncio.sleep(_PAUSE_S)
                continue
            task = asyncio.create_task(self._open(connection, str(address[0])))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self, accepted: socket.socket, address: str) -> None:
        record = self._connections.admit(address)
        if record is None:
            await self._refuse(accepted)
            return
        record.opening = asyncio.current_task()
        inner = self._factory()
        made = False
        try:
            made = await self._hand_over(accepted, self._connections.track(record, inner))
        finally:
            if not made:
                self._connections.forget(record, inner)
            record.opening = None

    async def _refuse(self, accepted: socket.socket) -> None:
        if self._connections.refusing >= MAX_REFUSING:
            accepted.close()
            return
        self._connections.refusing += 1
        made = False
        try:
            made = await self._hand_over(accepted, Refusal(self._connections))
        finally:
            if not made:
                self._connections.refusing -= 1

    async def _hand_over(self, accepted: socket.socket, protocol: asyncio.Protocol) -> bool:
        """Shake hands and let `protocol` serve; return whether it does."""
        made = False
        try:
            accepted.setblocking(False)
            if self._tls is not None and not await _speaks_tls(accepted):
                return False
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: protocol,
                accepted,
                ssl=self._tls() if self._tls else None,
                ssl_handshake_timeout=FIRST_REQUEST_S if self._tls else None,
            )
            made = True
        except (OSError, TimeoutError) as error:
            _log.debug("No connection: %s", error)
        finally:
            if not made:
                with contextlib.suppress(OSError):
                    accepted.close()
        return made


async def _speaks_tls(accepted: socket.socket) -> bool:
    """Look at the first byte; somebody who speaks plain HTTP is told what to type instead."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(accepted.fileno(), readable.set)
    try:
        async with asyncio.timeout(FIRST_REQUEST_S):
            await readable.wait()
    finally:
        loop.remove_reader(accepted.fileno())
    first = accepted.recv(1, socket.MSG_PEEK)
    if not first.isalpha():
        return bool(first)
    accepted.recv(4096)
    text = _("This port speaks HTTPS. Write https:// in front of the address.").encode() + b"\n"
    head = (
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(text)}\r\nConnection: close\r\n\r\n"
    )
    accepted.send(head.encode() + text)
    accepted.shutdown(socket.SHUT_WR)
    return False


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket that does not block; raise OSError."""
    family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.setblocking(False)
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening

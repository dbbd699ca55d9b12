"""Outlet `log`: lines to a log server by TLS, TCP or UDP (D2-AP-63)."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import socket
import ssl
import struct
import termios
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from appliance.courier.outlet import Bounds, DeliveryError, Message
from appliance.courier.ping import in_words
from appliance.courier.syslog import LINE_BYTES, UDP_BYTES, framed, line
from appliance.settings.pages.log_server import LogServerPage
from appliance.text import _

CONNECT_S = 10.0
ACKNOWLEDGED_S = 10.0
_MOST_NUMBER = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class Target:
    """Where lines go, and how they look."""

    host: str
    port: int
    transport: str
    facility: int
    box: str

    @classmethod
    def of(cls, page: LogServerPage, box: str) -> Target:
        """Return what the settings say."""
        return cls(page.host, page.port, page.transport, page.facility, box)


class LogOutlet:
    """Keeps one connection; a line is delivered once the other side's kernel has it.

    Syslog knows no answer.  So that a connection that breaks loses nothing unnoticed, lines leave
    the spool only when nothing of them is unacknowledged in the socket; what was under way is sent
    again, and the server sees the same sequenceId.  By UDP nothing can be known.
    """

    name = "log"
    ordered = True
    batch = 100
    timeout_s = 30.0
    bounds = Bounds(items=20_000, total_bytes=16 << 20)

    def __init__(self, trust: Callable[[], ssl.SSLContext]) -> None:
        self._trust = trust
        self._target: Target | None = None
        self._connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    @property
    def ready(self) -> bool:
        """Whether there is a server to send to."""
        return self._target is not None

    async def aim(self, target: Target | None) -> None:
        """Send to `target` from now on, to nobody with None."""
        if target != self._target:
            await self.close()
        self._target = target

    def check(self, body: Mapping[str, Any]) -> None:
        """Nobody else may add lines: they come out of the record of events."""
        del body
        raise ValueError(_("Lines of the log are fetched, not delivered."))

    async def deliver(self, messages: Sequence[Message]) -> None:
        """Send lines; raise DeliveryError."""
        target = self._target
        if target is None:
            raise DeliveryError(_("No log server is set."))
        most = UDP_BYTES if target.transport == "udp" else LINE_BYTES
        lines = [
            line(
                message.body,
                facility=target.facility,
                host=target.box,
                number=(message.id - 1) % _MOST_NUMBER + 1,
                most=most,
            )
            for message in messages
        ]
        await self._send(target, lines)

    async def test(self, target: Target, entry: Mapping[str, Any]) -> None:
        """Send one line by a connection of its own; raise DeliveryError."""
        probe = LogOutlet(self._trust)
        probe._target = target
        try:
            async with asyncio.timeout(CONNECT_S + ACKNOWLEDGED_S):
                await probe.deliver([Message(1, self.name, "", entry, int(entry["at"]), None)])
        except TimeoutError:
            raise DeliveryError(_("The log server does not answer.")) from None
        finally:
            await probe.close()

    async def close(self) -> None:
        """End the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection[1].close()
            with contextlib.suppress(OSError, ssl.SSLError, TimeoutError):
                async with asyncio.timeout(1):
                    await connection[1].wait_closed()

    async def _send(self, target: Target, lines: Sequence[bytes]) -> None:
        try:
            if target.transport == "udp":
                await _send_datagrams(target, lines)
                return
            reader, writer = await self._connected(target)
            writer.writelines([framed(one) for one in lines])
            await writer.drain()
            await _acknowledged(reader, writer)
        except (OSError, ssl.SSLError) as error:
            await self.close()
            raise DeliveryError(in_words(error)) from error
        except BaseException:
            await self.close()
            raise

    async def _connected(self, target: Target) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._connection is not None and not _is_over(*self._connection):
            return self._connection
        await self.close()
        context = self._trust() if target.transport == "tls" else None
        try:
            async with asyncio.timeout(CONNECT_S):
                self._connection = await asyncio.open_connection(
                    target.host, target.port, ssl=context, limit=4096
                )
        except TimeoutError:
            raise DeliveryError(_("The log server does not answer.")) from None
        except socket.gaierror as error:
            text = _("The name {name} is not known. Check it, and the DNS servers of the box.")
            raise DeliveryError(text.format(name=target.host)) from error
        return self._connection


def _is_over(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    return reader.at_eof() or writer.is_closing()


async def _acknowledged(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Wait until the other side has all that was sent (SIOCOUTQ, tcp(7)); raise DeliveryError."""
    connection = writer.get_extra_info("socket")
    deadline = asyncio.get_running_loop().time() + ACKNOWLEDGED_S
    pause_s = 0.001
    while _unacknowledged(connection) or writer.transport.get_write_buffer_size():
        if _is_over(reader, writer) or asyncio.get_running_loop().time() > deadline:
            raise DeliveryError(_("The log server took nothing more; what was sent is sent again."))
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, 0.1)
    if _is_over(reader, writer):
        raise DeliveryError(_("The log server ended the connection."))


def _unacknowledged(connection: socket.socket) -> int:
    raw = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, b"\0" * 4)
    return int(struct.unpack("i", raw)[0])


async def _send_datagrams(target: Target, lines: Sequence[bytes]) -> None:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_DGRAM)
    except socket.gaierror as error:
        text = _("The name {name} is not known. Check it, and the DNS servers of the box.")
        raise DeliveryError(text.format(name=target.host)) from error
    family, kind, protocol, _name, address = found[0]
    with socket.socket(family, kind, protocol) as sender:
        sender.setblocking(False)
        sender.connect(address)
        for one in lines:
            await loop.sock_sendall(sender, one)

"""RS-232 as a TCP port of its own, for programs that know no WebSocket: TLS, a token, then bytes.

The client opens TLS with the device's certificate and sends one line, an API token of somebody
with the right System.  The answer is one line: `OK`, after which all bytes are the line's, or
`ERROR` and why, after which the connection ends.  Off unless a port is set (D1-PL-13).
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import socket
import ssl
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from appliance.accounts.permission import Permission, allowed
from appliance.bus.errors import BusError
from appliance.settings.pages.serial import SerialPage, networks_of
from appliance.text import _
from appliance.web.bearer import TOKENS, Held
from appliance.web.context import Bus
from appliance.web.listener import bind
from appliance.web.servers import EVERYWHERE

_log = logging.getLogger(__name__)

PAGE = "serial"
LINE = "rs232.sock"
"""In the run folder: see supervisor.serial_pipe."""
LINE_BYTES = 256
LINE_S = 10.0
"""So long a client may take for its line."""
MOST_OPENING = 4
"""Connections that have not shown a token yet; more are let go at once."""
REFUSED_S = 1.0
"""A wrong token costs its sender so long."""
TOLD_S = 60.0
CHUNK = 4096
BUS_S = 3.0
RETRY_S = 5.0
GREETING = b"OK\r\n"


class SerialDoor:
    """Listens while that is wanted.  `line` is the socket named LINE."""

    def __init__(self, app: web.Application, bus: Bus, tls: ssl.SSLContext, line: Path) -> None:
        self._app = app
        self._bus = bus
        self._tls = tls
        self._line = line
        self._page = SerialPage()
        self._sockets: dict[socket.socket, asyncio.Task[None]] = {}
        self._listens: int | None = None
        self._opening: set[asyncio.Task[None]] = set()
        self._open: dict[asyncio.Task[Any], Held] = {}
        self._told: dict[str, float] = {}
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        app[TOKENS].on_end(self._token_ended)
        bus.subscribe("settings.changed", self._on_settings)
        bus.on_connect(self.load)

    @property
    def port(self) -> int | None:
        """The port that is listened on, None for none."""
        return self._listens

    async def start(self) -> None:
        """Listen where that is set."""
        await self.load()
        self._task = asyncio.create_task(self._keep(), name="serial door")

    async def close(self) -> None:
        """Listen no longer and end what is open."""
        tasks = [task for task in (self._task, *self._opening, *self._open) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._stop_listening()

    async def load(self) -> None:
        """Ask for the settings; where nobody answers the former ones stay."""
        try:
            page = await self._bus.request("settings.get", {"page": PAGE})
            self._page = SerialPage.model_validate(page["values"])
        except (BusError, ValueError) as error:
            _log.warning("The page Serial ports cannot be had: %s", error)
            return
        self._changed.set()

    async def _on_settings(self, payload: Any) -> None:
        if isinstance(payload, Mapping) and payload.get("page") == PAGE:
            await self.load()

    # -- listening -----------------------------------------------------------------------------

    async def _keep(self) -> None:
        """Listen as set; a port that cannot be had is tried again."""
        while True:
            self._changed.clear()
            page = self._page
            wanted = page.tcp_port if page.rs232 == "transparent" else None
            if wanted != self._listens:
                self._stop_listening()
                for task in list(self._open):
                    task.cancel()
            if wanted is not None and self._listens is None:
                await self._listen(wanted)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if wanted == self._listens else RETRY_S):
                    await self._changed.wait()

    async def _listen(self, port: int) -> None:
        for host in EVERYWHERE:
            try:
                listening = bind(host, port)
            except OSError as error:
                if ":" in host and self._sockets:
                    continue  # nobody misses IPv6 where IPv4 is there
                _log.error("RS-232 cannot be had on port %d: %s", port, error.strerror or error)
                await self._tell(
                    "port_unusable",
                    key=f"serial port {port}",
                    port=port,
                    reason=_("Another program has it, or it may not be used."),
                )
                return
            task = asyncio.create_task(self._accept(listening), name=f"serial port {port}")
            self._sockets[listening] = task
        self._listens = port
        await self._end("port_unusable", f"serial port {port}")
        _log.info("RS-232 is passed through on port %d (TLS)", port)

    def _stop_listening(self) -> None:
        for listening, task in self._sockets.items():
            task.cancel()
            listening.close()
        self._sockets.clear()
        self._listens = None

    async def _accept(self, listening: socket.socket) -> None:
        """Take connections, few at a time until they have shown a token."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, address = await loop.sock_accept(listening)
            except OSError as error:
                _log.warning("A connection to RS-232 could not be accepted: %s", error)
                await asyncio.sleep(REFUSED_S)
                continue
            if len(self._opening) >= MOST_OPENING or not self._may_come(str(address[0])):
                accepted.close()
                continue
            task = asyncio.create_task(self._serve(accepted, str(address[0])))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    # -- a client ------------------------------------------------------------------------------

    async def _serve(self, accepted: socket.socket, address: str) -> None:
        task = asyncio.current_task()
        assert task is not None
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=CHUNK, loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        transport: asyncio.Transport | None = None
        try:
            accepted.setblocking(False)
            transport, _protocol = await loop.connect_accepted_socket(
                lambda: protocol, accepted, ssl=self._tls, ssl_handshake_timeout=LINE_S
            )
            writer = asyncio.StreamWriter(transport, protocol, reader, loop)
            held = await self._admit(reader, writer, address)
            if held is not None:
                self._opening.discard(task)
                self._open[task] = held
                await self._carry(reader, writer, held, address)
        except (OSError, asyncio.CancelledError) as error:
            _log.debug("The connection of %s to RS-232 ended: %s", address, error)
        finally:
            self._open.pop(task, None)
            if transport is None:
                accepted.close()
            elif task.cancelling():
                transport.abort()
            else:
                transport.close()

    async def _admit(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str
    ) -> Held | None:
        try:
            async with asyncio.timeout(LINE_S):
                line = await reader.readuntil(b"\n")
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await _answer(writer, _("The first line has to be an API token."))
            return None
        held = self._app[TOKENS].find(line.strip().decode("ascii", "replace"))
        if held is not None and allowed(held.user, Permission.SYSTEM):
            return held
        await self._refused(address)
        await asyncio.sleep(REFUSED_S)
        await _answer(
            writer, _("The token is unknown, has ended, or does not have the right System.")
        )
        return None

    def _may_come(self, address: str) -> bool:
        networks = networks_of(self._page.tcp_from)
        if not networks:
            return True
        host = ipaddress.ip_address(address.partition("%")[0])
        mapped = host.ipv4_mapped if isinstance(host, ipaddress.IPv6Address) else None
        return any((mapped or host) in network for network in networks)

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        held: Held,
        address: str,
    ) -> None:
        """Carry bytes until one side ends."""
        if await self._is_taken():
            await _answer(writer, _("Another program has RS-232."))
            return
        try:
            async with asyncio.timeout(BUS_S):
                inward, outward = await asyncio.open_unix_connection(self._line, limit=CHUNK)
        except (OSError, TimeoutError):
            await _answer(writer, _("RS-232 does not work."))
            return
        try:
            name = held.user.name
            await self._tell("serial_opened", user=name, actor=name, address=address, how="TCP")
            writer.write(GREETING)
            ways = [
                asyncio.create_task(_pump(reader, outward)),
                asyncio.create_task(_pump(inward, writer)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        finally:
            outward.close()

    async def _is_taken(self) -> bool:
        try:
            ports = (await self._bus.request("serial.get", timeout_s=BUS_S))["ports"]
        except BusError:
            return False  # the line itself will tell
        return any(port["kind"] == "rs232" and port["connected"] for port in ports)

    def _token_ended(self, ended: Held) -> None:
        for task, held in list(self._open.items()):
            if held is ended:
                task.cancel()

    # -- telling -------------------------------------------------------------------------------

    async def _refused(self, address: str) -> None:
        """Note a wrong token, once a minute from an address."""
        now = time.monotonic()
        self._told = {who: at for who, at in self._told.items() if now - at < TOLD_S}
        if address not in self._told:
            self._told[address] = now
            await self._tell("serial_refused", address=address)

    async def _tell(self, kind: str, *, key: str = "", **details: Any) -> None:
        event: dict[str, Any] = {"kind": kind, "source": "serial", "details": details}
        if key:
            event["key"] = key
        try:
            await self._bus.request("events.raise", event, timeout_s=BUS_S)
        except BusError as error:
            _log.error("An event (%s) is not in the log: %s", kind, error.text)

    async def _end(self, kind: str, key: str) -> None:
        with contextlib.suppress(BusError):
            await self._bus.request("events.end", {"kind": kind, "key": key}, timeout_s=BUS_S)


async def _answer(writer: asyncio.StreamWriter, text: str) -> None:
    writer.write(f"ERROR {text}\r\n".encode())
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(BUS_S):
            await writer.drain()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()

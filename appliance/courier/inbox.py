"""The log server of the box: takes lines of allowed devices by UDP and TCP, within bounds."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import logging
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance.courier.syslog_in import Received, StreamLines, parse
from appliance.log_files import SUFFIX, FileHandler
from appliance.settings.pages.log_server import LogServerPage
from appliance.text import _

_log = logging.getLogger(__name__)

PREFIX = "device-"
"""Files of devices in the folder of the logs begin so."""

MOST_DEVICES = 64
DEVICE_BYTES = 256 * 1024
"""A device keeps twice that; 64 of them 32 MiB."""

RATE, BURST = 20.0, 400.0
"""Lines a second a device may send in the long run, and at once; more are counted, not kept."""

MOST_CONNECTIONS = 64
PER_DEVICE = 4
IDLE_S = 900.0
_READ_BYTES = 16 * 1024


@dataclass(slots=True)
class Device:
    """A device that sent something; `last` is ms UTC."""

    address: str
    name: str
    file: FileHandler
    lines: int = 0
    dropped: int = 0
    last: int = 0
    allowance: float = BURST
    refilled: float = 0.0
    connections: int = 0


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self.gone = asyncio.Event()
        """The socket is closed, and its port free."""

    def connection_lost(self, _error: Exception | None) -> None:
        self.gone.set()

    def datagram_received(self, data: bytes, address: Any) -> None:
        self._inbox.take(data, str(address[0]))


class Inbox:
    """Listens while it is told to; whoever is not allowed is refused before anything is parsed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._page = LogServerPage()
        self._networks: list[tuple[Any, str]] = []
        self._devices: dict[str, Device] = {}
        self._closers: list[asyncio.DatagramTransport | asyncio.Server] = []
        self._datagrams: list[_Datagrams] = []
        self._connections: set[asyncio.Task[None]] = set()
        self.fault = ""
        self.foreign = 0
        self.last_foreign = ""
        self.taken = 0

    async def apply(self, page: LogServerPage) -> str:
        """Listen as the settings say; return why it cannot be done, "" if all is well."""
        same = _places(page) == _places(self._page) and not self.fault and self._closers
        self._page = page
        self._networks = [(ipaddress.ip_network(s.address), s.name) for s in page.senders]
        for device in self._devices.values():
            device.name = self._name(device.address) or ""
        if same and page.receive:
            return ""
        await self.close()
        self.fault = ""
        if page.receive:
            try:
                await self._listen(page)
            except OSError as error:
                await self.close()
                text = _("Port {port} cannot be used: {why}.")
                self.fault = text.format(port=page.receive_port, why=error.strerror or error)
        return self.fault

    @property
    def ports(self) -> list[tuple[str, int]]:
        """What is listened on: ("udp" or "tcp", port)."""
        found = []
        for closer in self._closers:
            if isinstance(closer, asyncio.Server):
                found += [("tcp", s.getsockname()[1]) for s in closer.sockets]
            else:
                found.append(("udp", closer.get_extra_info("sockname")[1]))
        return found

    def status(self) -> dict[str, Any]:
        """Return messages.InboxStatus."""
        names = ("address", "name", "lines", "dropped", "last")
        devices = sorted(self._devices.values(), key=lambda device: -device.last)
        return {
            "listening": bool(self._closers),
            "fault": self.fault,
            "foreign": self.foreign,
            "last_foreign": self.last_foreign,
            "senders": [{name: getattr(device, name) for name in names} for device in devices],
        }

    async def close(self) -> None:
        """Stop listening and end connections."""
        for closer in self._closers:
            closer.close()
        self._closers.clear()
        for datagrams in self._datagrams:
            await datagrams.gone.wait()
        self._datagrams.clear()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    # -- what comes in -------------------------------------------------------------------------

    def take(self, data: bytes, address: str) -> None:
        """Take one line of an address."""
        device = self._device(address)
        if device is None:
            return
        now = time.monotonic()
        device.allowance = min(BURST, device.allowance + (now - device.refilled) * RATE)
        device.refilled = now
        if device.allowance < 1:
            device.dropped += 1
            return
        device.allowance -= 1
        received = parse(data)
        if received is None:
            return
        self.taken += 1
        device.lines += 1
        device.last = time.time_ns() // 1_000_000
        device.file.emit(_record(received, device))

    def _device(self, address: str) -> Device | None:
        address = _unmapped(address)
        known = self._devices.get(address)
        if self._name(address) is None or (known is None and len(self._devices) >= MOST_DEVICES):
            self.foreign += 1
            self.last_foreign = address
            return None
        if known is None:
            file = FileHandler(self._folder, file_name(address), file_bytes=DEVICE_BYTES)
            file.setFormatter(_AsItIs())
            self._keep_few()
            known = self._devices[address] = Device(address, self._name(address) or "", file)
        return known

    def _name(self, address: str) -> str | None:
        """Return how a sender is called; None for one that is not allowed."""
        try:
            ip = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return None
        for network, name in self._networks:
            if ip.version == network.version and ip in network:
                return str(name)
        return None

    def _keep_few(self) -> None:
        """Remove files of devices that have been silent for longest, beyond the bound."""
        files = sorted(self._folder.glob(f"{PREFIX}*{SUFFIX}*"), key=lambda p: p.stat().st_mtime)
        for path in files[: max(0, len(files) - 2 * MOST_DEVICES + 2)]:
            path.unlink(missing_ok=True)

    # -- listening -----------------------------------------------------------------------------

    async def _listen(self, page: LogServerPage) -> None:
        loop = asyncio.get_running_loop()
        port = page.receive_port
        hosts = ("0.0.0.0", "::")  # noqa: S104 - who may send is judged by address
        if page.receive_by in ("udp", "both"):
            for host in hosts:
                try:
                    transport, datagrams = await loop.create_datagram_endpoint(
                        lambda: _Datagrams(self), local_addr=(host, port)
                    )
                except OSError:
                    if host != "::":
                        raise
                else:
                    self._closers.append(transport)
                    self._datagrams.append(datagrams)
        if page.receive_by in ("tcp", "both"):
            for host in hosts:
                try:
                    server = await asyncio.start_server(
                        self._serve, host, port, limit=_READ_BYTES, backlog=16
                    )
                except OSError:
                    if host != "::":
                        raise
                else:
                    self._closers.append(server)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = str((writer.get_extra_info("peername") or ("",))[0])
        task = asyncio.current_task()
        assert task is not None
        device = self._device(address)
        full = len(self._connections) >= MOST_CONNECTIONS
        if device is None or full or device.connections >= PER_DEVICE:
            writer.close()
            return
        self._connections.add(task)
        device.connections += 1
        lines = StreamLines()
        try:
            while True:
                async with asyncio.timeout(IDLE_S):
                    data = await reader.read(_READ_BYTES)
                if not data:
                    break
                for one in lines.take(data):
                    self.take(one, address)
        except (OSError, TimeoutError, ValueError) as error:
            _log.debug("The connection of %s is ended: %s", address, error)
        finally:
            device.connections -= 1
            self._connections.discard(task)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def file_name(address: str) -> str:
    """Return how the file of an address is called, without its ending."""
    return PREFIX + address.partition("%")[0].replace(".", "-").replace(":", "_").lower()


def _unmapped(address: str) -> str:
    """Return an IPv4 address as such where it comes as ::ffff:192.168.1.20 (RFC 4291 2.5.5.2)."""
    return address.removeprefix("::ffff:") if "." in address else address


def _places(page: LogServerPage) -> Sequence[object]:
    return (page.receive, page.receive_port, page.receive_by)


class _AsItIs(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return str(record.msg)


def _record(received: Received, device: Device) -> logging.LogRecord:
    fields = {name: value for name, value in asdict(received).items() if value not in ("", None)}
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    entry = {"time": now, "process": device.name or device.address, **fields}
    entry["address"] = device.address
    return logging.makeLogRecord({"msg": json.dumps(entry, ensure_ascii=False)})

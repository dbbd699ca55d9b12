"""A courier on a real bus with a supervisor that answers as a test says; servers to deliver to."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ipaddress
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from appliance.bus.client import BusClient
from appliance.bus.server import BusServer, plain
from appliance.courier.main import CourierProcess
from appliance.paths import Paths
from appliance.settings.pages.log_server import LogServerPage

WAIT_S = 20.0


async def until(check: Callable[[], Any]) -> Any:
    """Wait until `check()` is true; return it."""
    async with asyncio.timeout(WAIT_S):
        while not (found := check()):
            await asyncio.sleep(0.01)
        return found


class Authority:
    """A CA and what it signs."""

    def __init__(self, folder: Path, name: str = "Test CA") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "ca.pem"
        own = self._sign(self._name, self._key.public_key(), ca=True, names=())
        self.file.write_bytes(own.public_bytes(serialization.Encoding.PEM))

    def context(self, *names: str) -> ssl.SSLContext:
        """The context of a server with these addresses and names."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "log server")])
        signed = self._sign(subject, key.public_key(), ca=False, names=names)
        path = self._folder / "server.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + signed.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _sign(
        self, subject: x509.Name, key: Any, *, ca: bool, names: tuple[str, ...]
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_general(name) for name in names]), critical=False
            )
        return builder.sign(self._key, hashes.SHA256())


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class LogServer:
    """Takes octet-counted lines; `lines` are those of all connections."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.connections = 0
        self.deaf = False
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []

    async def start(self, context: ssl.SSLContext | None = None, port: int = 0) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, ssl=context)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                length = await reader.readuntil(b" ")
                self.lines.append(await reader.readexactly(int(length)))

    @property
    def texts(self) -> list[str]:
        return [one.partition(b"\xef\xbb\xbf")[2].decode() for one in self.lines]


class Bench:
    """A courier process inside this one, and the supervisor's end of the bus."""

    def __init__(self, root: Path) -> None:
        self.paths = Paths.below(root)
        self.paths.run.mkdir(parents=True)
        self.values = LogServerPage().model_dump()
        self.version = 1
        self.record: list[dict[str, Any]] = []
        self.raised: list[dict[str, Any]] = []
        self.kept: dict[str, Any] = {}
        self.acks: list[dict[str, Any]] = []
        self.bus: BusServer
        self.courier: CourierProcess
        self._task: asyncio.Task[None] | None = None
        self.web = BusClient(self.paths.bus_socket, "web", "t")

    async def start(self) -> None:
        self.bus = BusServer(self.paths.bus_socket, instance="s")
        for name, answer in {
            "settings.watch": lambda _p: {"version": self.version},
            "settings.get": self._get,
            "settings.ack": self.acks.append,
            "events.raise": self._raise,
            "events.sync": self._sync,
            "log.since": self._since,
        }.items():
            self.bus.handle(name, plain(self._answering(answer)))
        await self.bus.start()
        self._web = asyncio.create_task(self.web.run())
        await self.start_courier()

    async def start_courier(self) -> None:
        self.courier = CourierProcess(self.paths)
        self._task = asyncio.create_task(self.courier.run())
        await until(lambda: "courier" in self.bus.peers)

    async def stop_courier(self) -> None:
        assert self._task is not None
        self.courier.stop()
        await self._task
        await until(lambda: "courier" not in self.bus.peers)

    async def stop(self) -> None:
        await self.stop_courier()
        self._web.cancel()
        await asyncio.gather(self._web, return_exceptions=True)
        await self.bus.close()

    async def set(self, **values: Any) -> dict[str, Any]:
        """Change settings; return how the courier acknowledged."""
        self.values = LogServerPage(**{**self.values, **values}).model_dump()
        self.version += 1
        count = len(self.acks)
        self.bus.publish(
            "settings.changed",
            {"page": "log_server", "version": self.version, "items": [], "rollback": False},
        )
        await until(lambda: len(self.acks) > count)
        return self.acks[-1]

    def happen(self, text: str, **more: Any) -> None:
        """Let an event be recorded."""
        number = len(self.record) + 1
        event = {
            "id": number, "kind": "camera_offline", "key": "k", "title": "Camera offline",
            "severity": "error", "channel": 1, "source": "t", "start": 1_700_000_000_000 + number,
            "end": None, "repeats": 0, "details": {}, "text": text, **more,
        }  # fmt: skip
        self.record.append(event)
        self.bus.publish("log.grown", {"id": number})

    async def deliver(self, **params: Any) -> Any:
        return await self.bus.request("courier", "courier.deliver", params)

    async def status(self, outlet: str) -> dict[str, Any]:
        answer = await self.web.request("courier.status", {}, to="courier")
        return next(entry for entry in answer["outlets"] if entry["outlet"] == outlet)

    @staticmethod
    def _answering(answer: Callable[[dict[str, Any]], Any]) -> Any:
        async def handler(params: dict[str, Any]) -> Any:
            return answer(params) or {}

        return handler

    def _get(self, params: dict[str, Any]) -> Any:
        values = self.values if params["page"] == "log_server" else {"name": "Front office"}
        return {"version": self.version, "values": values}

    def _raise(self, params: dict[str, Any]) -> Any:
        self.raised.append(params)
        return {"id": 1, "new": True}

    def _sync(self, params: dict[str, Any]) -> Any:
        self.kept[params["source"]] = params["keys"]

    def _since(self, params: dict[str, Any]) -> Any:
        after, newest = params["after"], len(self.record)
        if after is None or after > newest:
            return {"events": [], "last": newest, "more": False}
        found = self.record[after : after + params["limit"]]
        last = found[-1]["id"] if found else newest
        return {"events": found, "last": last, "more": last < newest}

"""A helper of a simulated computer on a socket of its own, and whoever speaks to it."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from appliance.helper.contract import Answer, Done, HelperError, Request, SecretText
from appliance.helper.domain import Domain
from appliance.helper.host import Finished, Host
from appliance.helper.server import HelperServer
from appliance.helper.sim_system import Machine, SimulatedSystem


class Said(Answer):
    words: list[str]


class Echo(Request[Said]):
    verb: ClassVar[str] = "test.echo"
    alone: ClassVar[bool] = False
    word: str
    times: int = 1
    secret: SecretText | None = None

    def shown(self) -> str:
        return f"{self.times} times"


class Wait(Request[Done]):
    """Stands still until the test lets it go on, or its limit has passed."""

    verb: ClassVar[str] = "test.wait"
    timeout_s: ClassVar[float] = 0.2


class Hold(Request[Done]):
    verb: ClassVar[str] = "test.hold"
    timeout_s: ClassVar[float] = 20.0


class Break(Request[Done]):
    verb: ClassVar[str] = "test.break"
    how: str


class Bench:
    """A domain of verbs that stand still and break, its server, and raw connections to it."""

    def __init__(self, root: Path) -> None:
        self.path = root / "helper.sock"
        self.machine = Machine(root / "computer")
        self.system = SimulatedSystem(self.machine, {"/bin/true": self._true})
        self.began = asyncio.Event()
        self.go_on = asyncio.Event()
        self.done: list[str] = []
        self.domain = Domain("test", programs={"true": "/bin/true"}, files=("/etc/test/*.conf",))
        self._declare()
        self.server = self.make()

    async def _true(self, _machine: Machine, _arguments: Sequence[str], _in: bytes) -> Finished:
        return Finished(0, b"x" * 100)

    def _declare(self) -> None:
        @self.domain.verb(Echo)
        async def echo(request: Echo, _host: Host) -> Said:
            return Said(words=[request.word] * request.times)

        @self.domain.verb(Wait)
        async def wait(_request: Wait, _host: Host) -> Done:
            self.began.set()
            await asyncio.Event().wait()
            return Done()

        @self.domain.verb(Hold)
        async def hold(_request: Hold, _host: Host) -> Done:
            self.began.set()
            await self.go_on.wait()
            self.done.append("hold")
            return Done()

        @self.domain.verb(Break)
        async def break_(request: Break, host: Host) -> Done:
            if request.how == "own":
                raise HelperError("test.own", "As ordered.", fields=[{"path": "how"}])
            if request.how == "file":
                await host.write_file("/etc/shadow", b"")
            if request.how == "program":
                await host.run("sh", "-c", "true")
            if request.how == "answer":
                return Said(words=[])  # type: ignore[return-value]
            raise RuntimeError("password is hunter2")

    def make(self, **options: Any) -> HelperServer:
        return HelperServer(
            self.path, [self.domain], self.system, **{"uids": {os.getuid()}, **options}
        )

    async def connect(self) -> Raw:
        reader, writer = await asyncio.open_unix_connection(self.path, limit=4 << 20)
        return Raw(reader, writer)


class Raw:
    """A peer that may send whatever it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def ask(self, number: int, verb: str, **params: Any) -> None:
        await self.send(json.dumps({"id": number, "verb": verb, "params": params}).encode() + b"\n")

    async def answer(self) -> dict[str, Any]:
        async with asyncio.timeout(10):
            line = await self.reader.readline()
        found: dict[str, Any] = json.loads(line)
        return found

    async def ended(self) -> bool:
        async with asyncio.timeout(10):
            try:
                return await self.reader.read(1) == b""
            except ConnectionError:
                return True


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    await bench.server.start()
    yield bench
    bench.go_on.set()
    await bench.server.close()


@pytest.fixture
def requests() -> Any:
    """The requests of the bench's domain, by name."""
    return {"Echo": Echo, "Wait": Wait, "Hold": Hold, "Break": Break}

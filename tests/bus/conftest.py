"""A broker and clients on a socket of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from appliance.bus.client import BusClient
from appliance.bus.server import BusServer


class Bench:
    """Starts clients against one broker and takes them down again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.server = BusServer(path, instance="s1", settings_version=lambda: 7)
        self.tasks: list[asyncio.Task[None]] = []

    def client(self, name: str, prepare: Callable[[BusClient], None] | None = None) -> BusClient:
        client = BusClient(self.path, name, "i-" + name, code_version="test")
        if prepare is not None:
            prepare(client)
        self.tasks.append(asyncio.create_task(client.run()))
        return client

    async def connected(self, name: str) -> BusClient:
        client = self.client(name)
        async with asyncio.timeout(5):
            await client.connected.wait()
        return client


async def until(condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path / "bus.sock")
    await bench.server.start()
    yield bench
    for task in bench.tasks:
        task.cancel()
    await asyncio.gather(*bench.tasks, return_exceptions=True)
    await bench.server.close()


@pytest.fixture
def wait_until() -> Callable[..., object]:
    return until

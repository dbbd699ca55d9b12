"""Fixtures of the courier's tests."""

from __future__ import annotations

import socket
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from courier_parts import Authority, Bench, LogServer, until


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    await bench.start()
    yield bench
    await bench.stop()


@pytest.fixture
def authority(bench: Bench) -> Authority:
    """A CA that the box trusts."""
    made = Authority(bench.paths.state / "pki")
    trusted = bench.paths.state / "trusted"
    trusted.mkdir(parents=True)
    (trusted / "ca.pem").write_bytes(made.file.read_bytes())
    return made


@pytest.fixture
async def log_server() -> AsyncIterator[LogServer]:
    server = LogServer()
    yield server
    if server._server is not None:
        await server.stop()


@pytest.fixture
def free_port() -> Callable[[], int]:
    def find() -> int:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            return int(probe.getsockname()[1])

    return find


@pytest.fixture
def wait() -> Callable[..., Any]:
    return until

"""A supervisor's process table on a bus of its own, and a worker process that does as told."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from appliance.bus.server import BusServer
from appliance.paths import Paths
from appliance.supervisor.spec import ProcessSpec
from appliance.supervisor.table import ProcessTable

WORKER = '''
"""A process for tests: registers, beats, stands still or ends as its orders (a file) say."""
import asyncio, json, os, secrets, signal, sys
from pathlib import Path
from appliance.bus.client import BusClient
from appliance.paths import Paths
from appliance.supervisor.locks import FileLock

name = sys.argv[1]
paths = Paths.from_environment()
orders_path = paths.run / (name + ".orders")

def orders():
    try:
        return json.loads(orders_path.read_text())
    except (OSError, ValueError):
        return {}

async def main():
    with (paths.run / (name + ".pids")).open("a") as file:
        file.write(f"{os.getpid()}\\n")
    if orders().get("exit") is not None:
        sys.exit(orders()["exit"])
    if name.startswith("recorder"):
        FileLock(paths.run / (name + ".lock")).acquire()
    ended = asyncio.Event()
    if orders().get("deaf"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    client = BusClient(paths.bus_socket, name, secrets.token_hex(4))
    client.settings_version = orders().get("settings_version", 0)
    async def stop(_params):
        if not orders().get("deaf"):
            ended.set()
        return {}
    client.handle("process.stop", stop)
    count = 0
    def progress():
        nonlocal count
        if not orders().get("stuck"):
            count += 1
        return {"progress": {"count": count}, "idle": bool(orders().get("idle"))}
    tasks = []
    if not orders().get("mute"):
        tasks = [asyncio.create_task(client.run()),
                 asyncio.create_task(client.beat(progress, every_s=0.05))]
    await ended.wait()
    for task in tasks:
        task.cancel()

asyncio.run(main())
'''


class Box:
    """One box with workers instead of recorders."""

    def __init__(self, root: Path) -> None:
        self.paths = Paths.below(root)
        self.paths.run.mkdir(parents=True)
        self.code = root / "code"
        self.code.mkdir()
        (self.code / "nvr_test_worker.py").write_text(WORKER)
        self.restarts: list[tuple[str, str]] = []
        self.bus: BusServer
        self.table: ProcessTable
        self.settings_version = 5

    async def start(self, code_version: str = "one") -> None:
        self.bus = BusServer(self.paths.bus_socket, instance="s", code_version=code_version)
        environment = {
            **self.paths.environment(),
            "PYTHONPATH": f"{self.code}:{os.getcwd()}",
            "NVR_CODE_VERSION": code_version,
        }
        self.table = ProcessTable(
            self.bus,
            environment,
            self.paths.run / "processes.json",
            code_version=code_version,
            settings_version=lambda: self.settings_version,
            restarted=lambda name, reason: self.restarts.append((name, reason)),
        )
        await self.bus.start()
        self.table.start()

    async def die(self) -> None:
        """End like a supervisor that was killed: nobody is stopped."""
        await self.table.stop("killed", keep=lambda _spec: True)
        await self.bus.close()

    async def stop(self) -> None:
        await self.table.stop("test ends", keep=lambda _spec: False)
        await self.bus.close()

    def spec(self, name: str, **changes: Any) -> ProcessSpec:
        spec = ProcessSpec(
            name=name,
            module="nvr_test_worker",
            arguments=(name,),
            outlives=name.startswith("recorder"),
            lock=self.paths.run / f"{name}.lock" if name.startswith("recorder") else None,
            stall_s=2.0,
            first_s=10.0,
            stop_s=1.0,
        )
        return replace(spec, **changes)

    def order(self, name: str, **orders: Any) -> None:
        (self.paths.run / f"{name}.orders").write_text(json.dumps(orders))

    def pids(self, name: str) -> list[int]:
        path = self.paths.run / f"{name}.pids"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def status(self, name: str) -> dict[str, Any]:
        return dict(next(status for status in self.table.status() if status["name"] == name))

    async def running(self, name: str, after: int = 0) -> int:
        """Wait until another process than `after` runs and beats; return its pid."""
        async with asyncio.timeout(20):
            while True:
                status = self.status(name)
                if status["state"] == "running" and status["pid"] not in (None, after):
                    return int(status["pid"])
                await asyncio.sleep(0.01)

    async def until(self, condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
        async with asyncio.timeout(timeout_s):
            while not condition():
                await asyncio.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    box = Box(tmp_path)
    yield box
    await box.stop()
    for name in ("web", "recorder@1"):
        for pid in box.pids(name):
            if alive(pid):
                os.kill(pid, signal.SIGKILL)
                raise AssertionError(f"process {pid} of {name} was left behind")


@pytest.fixture
def is_alive() -> Callable[[int], bool]:
    return alive

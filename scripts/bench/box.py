"""A whole box for a measurement: supervisor, recorders and web server in processes of their own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from appliance.bus.client import BusClient
from appliance.cli.ports import choose_ports
from appliance.paths import Paths
from scripts.bench.figure import ROOT

PASSWORD = "Lantern7Field"
PATIENCE_S = 40.0
OURS = ("appliance.", "scripts.bench.callbacks")


def free_port() -> int:
    """Return a port nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Box:
    """Started below a folder; `bus` is connected while it runs.  The folder's name must be short.

    `web` says whether the web server runs too, on `http` and `https` (addresses).  `board` is a
    board profile; `seen` a file that `scripts.bench.callbacks` writes about the supervisor.
    """

    def __init__(
        self, folder: Path, *, web: bool = False, board: str = "", seen: Path | None = None
    ) -> None:
        self.paths = Paths.below(folder)
        for path in (self.paths.state, self.paths.run, self.paths.volumes):
            path.mkdir(parents=True, exist_ok=True)
        self.volume = self.paths.volumes / "volume-1"
        self.supervisor: asyncio.subprocess.Process | None = None
        self.bus = BusClient(self.paths.bus_socket, f"cli@{os.getpid()}", "bench")
        self._module = ["appliance.supervisor"]
        if seen is not None:
            self._module = ["scripts.bench.callbacks", str(seen)]
        self._arguments = ["--development"] if web else ["--development", "--no-web"]
        if board:
            self._arguments += ["--board", board]
        self._talk: asyncio.Task[None] | None = None
        self._seen: set[int] = set()
        ports = choose_ports(self.paths, free_port(), free_port())
        self.https = f"https://127.0.0.1:{ports.https}"
        self.http = f"http://127.0.0.1:{ports.http}"

    async def start(self) -> None:
        """Start the supervisor; returns when it answers."""
        self.supervisor = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *self._module, *self._arguments,
            cwd=ROOT, start_new_session=True,
            env={**os.environ, **self.paths.environment(), "NVR_LOG_LEVEL": "ERROR"},
        )  # fmt: skip
        if self._talk is None:
            self._talk = asyncio.create_task(self.bus.run())
        await self.bus.request("status.get", timeout_s=PATIENCE_S)

    async def stop(self) -> None:
        """Stop everything in order, as Ctrl-C does; kill what does not."""
        with contextlib.suppress(Exception):
            await self.processes()
        process = self.supervisor
        if process is not None and process.returncode is None:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), PATIENCE_S)

    async def close(self) -> None:
        """Stop, and leave nothing behind."""
        await self.stop()
        if self._talk is not None:
            self._talk.cancel()
            await asyncio.gather(self._talk, return_exceptions=True)
        for pid in self._seen:
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(pid)
                if any(word.startswith(OURS) for word in process.cmdline()):
                    process.kill()

    async def status(self) -> dict[str, Any]:
        """What `nvr status` shows."""
        answer: dict[str, Any] = await self.bus.request("status.get", timeout_s=PATIENCE_S)
        return answer

    async def processes(self) -> dict[str, int]:
        """Pids by name, the supervisor's included."""
        found = {p["name"]: p["pid"] for p in (await self.status())["processes"] if p["pid"]}
        if self.supervisor is not None:
            found["supervisor"] = self.supervisor.pid
        self._seen.update(found.values())
        return found

    async def add(self, entry: dict[str, Any], **changes: Any) -> int:
        """Make a simulated camera (an entry of the simulator) a channel; returns its number."""
        values = {
            "name": entry["title"],
            "main_url": entry["main_url"],
            "sub_url": entry["sub_url"],
            "username": entry["user"],
            "password": entry["password"],
            "pre_record_s": 0,
            "mode": "manual",
            **changes,
        }
        answer = await self.bus.request("settings.add", {"page": "channels", "values": values})
        return int(answer["id"])

    async def until(
        self, condition: Callable[[dict[str, Any]], Any], what: str, patience_s: float = PATIENCE_S
    ) -> Any:
        """Ask for the status until `condition(status)` is true; raises TimeoutError."""
        end = time.monotonic() + patience_s
        while not (value := condition(await self.status())):
            if time.monotonic() > end:
                raise TimeoutError(what)
            await asyncio.sleep(0.1)
        return value

    async def recording(self, count: int) -> None:
        """Wait until so many channels are recorded."""
        await self.until(
            lambda s: sum(bool(c.get("recording")) for c in s["channels"]) >= count,
            f"{count} channels recorded",
        )

    async def sign_in(self, session: aiohttp.ClientSession, address: str) -> dict[str, Any]:
        """Sign in as the administrator, whose password is set the first time."""
        return await sign_in(self.bus, session, address)


@contextlib.asynccontextmanager
async def running_box(
    folder: Path, *, web: bool = False, board: str = "", seen: Path | None = None
) -> AsyncIterator[Box]:
    """Run a box for the time of the block."""
    box = Box(folder, web=web, board=board, seen=seen)
    try:
        await box.start()
        yield box
    finally:
        await box.close()


async def sign_in(bus: BusClient, session: aiohttp.ClientSession, address: str) -> dict[str, Any]:
    """Sign in as the administrator of the box on `bus`; waits for its web server to be there."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with contextlib.suppress(aiohttp.ClientConnectionError):
                return await _sign_in(bus, session, address)
            await asyncio.sleep(0.2)


async def _sign_in(bus: BusClient, session: aiohttp.ClientSession, address: str) -> dict[str, Any]:
    code = (await bus.request("setup.code"))["code"]
    headers = {"Origin": address}
    way, body = "login", {"user": "admin", "password": PASSWORD}
    if code:
        way, body = "setup", {"code": code, "password": PASSWORD}
    async with session.post(f"{address}/api/v1/{way}", json=body, headers=headers) as answer:
        told: dict[str, Any] = await answer.json()
        if answer.status != 200:
            raise RuntimeError(f"cannot sign in: {told}")
        return told


def web_session() -> aiohttp.ClientSession:
    """Return a client that takes the box's own certificate and keeps cookies of addresses."""
    return aiohttp.ClientSession(
        cookie_jar=aiohttp.CookieJar(unsafe=True),
        connector=aiohttp.TCPConnector(ssl=False, limit=0),
    )

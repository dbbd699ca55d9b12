"""A whole box in processes of its own, on simulated cameras, and the truth about what they sent."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import IO

import psutil

from appliance.bus.client import BusClient
from appliance.cameras.sim.specs import AudioSpec, CameraSpec, StreamSpec, VideoSpec
from appliance.cli.ports import choose_ports
from appliance.paths import Paths
from scripts.bench.box import free_port, sign_in, web_session
from scripts.bench.stored import lacking, stored_units

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 40


def small_camera(name: str, **changes) -> CameraSpec:
    """A camera that costs next to nothing."""
    return CameraSpec(
        **{
            "name": name,
            "main": StreamSpec(VideoSpec(), AudioSpec()),
            "sub": StreamSpec(VideoSpec(width=160, height=96)),
            "rtcp_interval_s": 1.0,
            **changes,
        }
    )


class Box:
    """Supervisor and recorder as they run on the box; the test is another process on the bus.

    `web`: the web server runs too, at the addresses `https` and `http`, on free ports.
    `log`: what the processes log is kept in `log_path`, warnings and worse.
    """

    def __init__(self, folder: Path, *, web: bool = False, log: bool = False) -> None:
        self.paths = Paths.below(folder)
        self.web = web
        self.log_path = folder / "log" if log else None
        for path in (self.paths.state, self.paths.run, self.paths.volumes):
            path.mkdir(parents=True, exist_ok=True)
        self.volume = self.paths.volumes / "volume-1"
        self.supervisor: asyncio.subprocess.Process | None = None
        self.bus = BusClient(self.paths.bus_socket, f"cli@{os.getpid()}", "test")
        self._talk: asyncio.Task | None = None
        self._status: dict[int, dict] = {}
        self.news = asyncio.Event()
        self.events: list[dict] = []
        self.bus.subscribe("channel.status", self._on_status)
        self.bus.subscribe("event", self._on_event)
        self.lives = 0
        self.https = self.http = ""
        if web:
            ports = choose_ports(self.paths, free_port(), free_port())
            self.https = f"https://127.0.0.1:{ports.https}"
            self.http = f"http://127.0.0.1:{ports.http}"

    def _on_status(self, report) -> None:
        for channel in report["channels"]:
            self._status[channel["id"]] = channel
        self.news.set()

    def _on_event(self, change) -> None:
        self.events.append(change)
        self.news.set()

    async def start(self) -> None:
        """Start the supervisor; returns when it answers."""
        self.lives += 1
        level = os.environ.get("NVR_LOG_LEVEL", "WARNING" if self.log_path else "ERROR")
        with (self.log_path or Path(os.devnull)).open("a") as log:
            await self._spawn(level, log if self.log_path else None)
        if self._talk is None:
            self._talk = asyncio.create_task(self.bus.run())
        await self.bus.request("status.get", timeout_s=PATIENCE_S)
        if self.web:
            await self.process_runs("web")

    async def _spawn(self, level: str, log: IO[str] | None) -> None:
        self.supervisor = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "appliance.supervisor",
            "--development",
            *(() if self.web else ("--no-web",)),
            cwd=ROOT,
            env={**os.environ, **self.paths.environment(), "NVR_LOG_LEVEL": level},
            stderr=log,
            start_new_session=True,
        )

    async def process_runs(self, name: str) -> dict:
        """Wait until a process has reported; returns what the status says of it."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                status = await self.bus.request("status.get")
                for process in status["processes"]:
                    if process["name"] == name and process["state"] == "running":
                        return process
                await asyncio.sleep(0.05)

    @contextlib.asynccontextmanager
    async def page(self, address: str = "") -> AsyncIterator[Callable]:
        """Be the page of its administrator: yields `get(path)`, which returns what is answered."""
        address = address or self.https
        async with web_session() as session:
            await sign_in(self.bus, session, address)

            async def get(path: str):
                async with session.get(f"{address}/api/v1/{path}") as answer:
                    assert answer.status == 200, await answer.text()
                    return await answer.json()

            yield get

    async def stop(self) -> None:
        """Stop everything in order, as Ctrl-C does."""
        if self.supervisor is not None and self.supervisor.returncode is None:
            self.supervisor.send_signal(signal.SIGTERM)
            await asyncio.wait_for(self.supervisor.wait(), PATIENCE_S)

    async def close(self) -> None:
        """Stop, and end what is left over."""
        with contextlib.suppress(ProcessLookupError, TimeoutError):
            await self.stop()
        if self._talk is not None:
            self._talk.cancel()
            await asyncio.gather(self._talk, return_exceptions=True)
        pid = self.recorder_pid()
        if pid is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                psutil.Process(pid).kill()

    def recorder_pid(self) -> int | None:
        """The process that holds the first group, alive."""
        with contextlib.suppress(OSError, ValueError, psutil.NoSuchProcess):
            pid = json.loads(self.paths.recorder_lock(1).read_text())["pid"]
            if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                return pid
        return None

    async def add(self, camera, **changes) -> int:
        """Make a simulated camera a channel; returns its number."""
        values = {
            "name": camera.spec.name,
            "main_url": camera.url("main", credentials=False),
            "sub_url": camera.url("sub", credentials=False) if "sub" in camera.streams else "",
            "username": camera.gate.user,
            "password": camera.gate.password,
            "pre_record_s": 0,
            **changes,
        }
        added = await self.bus.request("settings.add", {"page": "channels", "values": values})
        return added["id"]

    async def until(self, condition, patience_s: float = PATIENCE_S):
        """Wait for the first true answer of `condition()`, asked at every news."""
        async with asyncio.timeout(patience_s):
            while not (answer := condition()):
                self.news.clear()
                await self.news.wait()
            return answer

    def channel(self, number: int) -> dict:
        """The last report on a channel."""
        return self._status.get(number, {})

    async def recording(self, *numbers: int) -> None:
        """Wait until both streams of the channels are made durable."""
        self._status.clear()
        await self.until(
            lambda: all(
                self.channel(n).get("recording")
                and all(s.get("recording") for s in self.channel(n)["streams"].values())
                for n in numbers
            )
        )

    async def event(self, kind: str, change: str = "raised") -> dict:
        """Wait for an event."""
        return await self.until(
            lambda: next(
                (e for e in self.events if e["event"]["kind"] == kind and e["change"] == change),
                None,
            )
        )

    def stored(self, channel: int, stream: str = "main") -> list[tuple[str, int]]:
        """(digest, UTC ns of its fragment) of every video unit on the volume, in order."""
        return list(stored_units(self.volume, channel, stream))


def sent(camera, stream: str = "main") -> list:
    """Video units that reached a client, in order."""
    log = camera.streams[stream].log
    return [u for u in log.since(0) if u.kind == "video" and u.sessions]


def missing(camera, box: Box, channel: int, stream: str = "main") -> int:
    """How many units between the first and the last stored one are not stored."""
    stored = [digest for digest, _ in box.stored(channel, stream)]
    return lacking([unit.digest for unit in sent(camera, stream)], stored)

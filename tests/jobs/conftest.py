"""A box with a real supervisor and its real jobs process; a runner with children that obey."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from appliance.bus.client import BusClient
from appliance.bus.errors import BusError
from appliance.jobs.book import JobBook
from appliance.jobs.model import Job, JobState
from appliance.jobs.runner import JobRunner
from appliance.paths import Paths

sys.path.insert(0, str(Path(__file__).parents[1] / "export"))

from made_footage import MAIN, T0, Box, Camera, video

REPOSITORY = Path(__file__).resolve().parents[2]
WAIT_S = 60.0

OBEDIENT = '''
"""A job for tests: does the steps of its order, one after the other."""
import json, os, signal, sys, time
wish = json.loads(sys.stdin.buffer.read())
def tell(message):
    print(json.dumps(message), flush=True)
if not wish["order"].get("deaf"):
    def cancelled(_n, _f):
        tell({"cancelled": True})
        os._exit(0)
    signal.signal(signal.SIGTERM, cancelled)
else:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
for step, value in wish["order"]["steps"]:
    if step == "tell":
        tell(value)
    elif step == "say":
        print(value, flush=True)
    elif step == "write":
        os.makedirs(value)
        open(value + "/film.mp4", "w").write("half")
    elif step == "wait":
        while not os.path.exists(value):
            time.sleep(0.01)
    elif step == "die":
        os.kill(os.getpid(), value)
    elif step == "exit":
        sys.exit(value)
'''

DONE = ("tell", {"done": {"text": "Done.", "result": {}, "files": [], "problems": 0}})


class Bench:
    """A runner whose jobs do as their order says."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.told: list[tuple[str, str]] = []
        self.runner: JobRunner
        self.now = 1_800_000_000.0

    async def open(self, **options: Any) -> JobRunner:
        def told(job: Job) -> None:
            self.told.append((job.title, job.state.value))

        self.runner = JobRunner(
            JobBook(self.root / "state" / "jobs"),
            options.pop("told", told),
            module="nvr_test_job",
            wall=lambda: self.now,
            **options,
        )
        await self.runner.open()
        return self.runner

    def gate(self, name: str) -> Path:
        """A file a job waits for."""
        return self.root / name

    async def until(self, job: Job, *states: JobState) -> Job:
        async with asyncio.timeout(WAIT_S):
            while job.state not in states:
                await asyncio.sleep(0.01)
        return job


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    (tmp_path / "nvr_test_job.py").write_text(OBEDIENT)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{REPOSITORY}")
    bench = Bench(tmp_path)
    yield bench
    with contextlib.suppress(AttributeError):
        await bench.runner.close()


class Machine:
    """One box: real supervisor, real recorder, real jobs process, no web server."""

    def __init__(self, root: Path, places: tuple[Path, ...] = ()) -> None:
        self.root = root
        self.paths = Paths.below(root)
        self.places = places
        self.process: asyncio.subprocess.Process | None = None
        self.client = BusClient(self.paths.bus_socket, "cli@test", "t")
        self.task = asyncio.create_task(self.client.run())

    async def start(self, *, web: bool = False) -> asyncio.subprocess.Process:
        options = () if web else ("--no-web",)
        environment = {**os.environ, **self.paths.environment()}
        environment["NVR_PLACES"] = os.pathsep.join(map(str, self.places))
        with (self.root / "log").open("a") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "appliance.supervisor", "--development", *options,
                cwd=REPOSITORY, env=environment, stderr=log,
            )  # fmt: skip
        return self.process

    async def ask(self, method: str, *, to: str = "jobs", **params: Any) -> Any:
        """Ask, again while whoever is asked is away."""
        async with asyncio.timeout(WAIT_S):
            while True:
                try:
                    return await self.client.request(method, params, to=to, timeout_s=WAIT_S)
                except BusError as error:
                    if error.code not in ("bus.disconnected", "bus.timeout", "bus.no_peer"):
                        raise
                    await asyncio.sleep(0.05)

    async def job(self, job_id: str) -> Any:
        return await self.ask("jobs.get", id=job_id)

    async def ended(self, job_id: str) -> Any:
        async with asyncio.timeout(WAIT_S):
            while True:
                job = await self.job(job_id)
                if job["ended"] is not None:
                    return job
                await asyncio.sleep(0.05)

    async def check_volume(self, by: str = "anna") -> Any:
        volume = await self.volume()
        return await self.ask(
            "jobs.start", kind="check_volume", by=by, order={"volume": volume["id"]}
        )

    async def volume(self) -> Any:
        """Return the first volume once the recorder has made it."""
        page = await self.ask("settings.get", to="supervisor", page="storage")
        volume = page["values"]["volumes"][0]
        async with asyncio.timeout(WAIT_S):
            while not (Path(volume["path"]) / "nvr-volume.json").exists():
                await asyncio.sleep(0.05)
        return volume

    async def held(self, by: str = "anna") -> tuple[Any, psutil.Process]:
        """Start a job and stop its child (SIGSTOP) before it can end; return both."""
        await self.volume()
        process = psutil.Process((await self.jobs_process())["pid"])
        starting = asyncio.create_task(self.check_volume(by))
        child = await self.child(process)
        child.suspend()
        job = await starting
        assert (await self.job(job["id"]))["state"] == "running"
        return job, child

    async def child(self, process: psutil.Process) -> psutil.Process:
        """Return the child of a job as soon as there is one."""
        async with asyncio.timeout(WAIT_S):
            while True:
                with contextlib.suppress(psutil.Error):
                    for child in process.children():
                        if "appliance.jobs.child" in child.cmdline():
                            return child
                await asyncio.sleep(0.005)

    async def jobs_process(self, *, after: int = 0) -> Any:
        return await self.running("jobs", after=after)

    async def running(self, name: str, *, after: int = 0) -> Any:
        """Return a process once it runs and reports, and is another one than `after`."""
        async with asyncio.timeout(WAIT_S):
            while True:
                for process in (await self.ask("status.get", to="supervisor"))["processes"]:
                    running = process["state"] == "running" and process["progress"]
                    if process["name"] == name and running and process["pid"] != after:
                        return process
                await asyncio.sleep(0.02)

    async def process_state(self, name: str) -> str | None:
        """Return how a process is; None once the supervisor does not answer any more."""
        try:
            status = await self.client.request("status.get", timeout_s=1)
        except BusError:
            return None
        return next((p["state"] for p in status["processes"] if p["name"] == name), None)

    async def place(self, name: str) -> str:
        """Return the id of a place that is there."""
        places = (await self.ask("places.list"))["places"]
        return str(next(place["id"] for place in places if place["name"] == name))

    async def end(self) -> int:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(WAIT_S):
            return await self.process.wait()


@pytest.fixture
async def make_machine(tmp_path: Path) -> AsyncIterator[Callable[..., Machine]]:
    made: list[Machine] = []

    def make(*places: Path) -> Machine:
        made.append(Machine(tmp_path, places))
        return made[-1]

    yield make
    for machine in made:
        if machine.process is not None and machine.process.returncode is None:
            await machine.end()
        machine.task.cancel()
        await asyncio.gather(machine.task, return_exceptions=True)


class Stick:
    """A small file system on a loop device: it can be plugged in and pulled."""

    def __init__(self, root: Path, megabytes: int, kind: str = "ext4") -> None:
        self.image = root / "stick.img"
        self.folder = root / "STICK"
        with self.image.open("wb") as file:
            file.truncate(megabytes << 20)
        make = {"ext4": ["mkfs.ext4", "-q", "-F", "-O", "^has_journal"], "vfat": ["mkfs.vfat"]}
        subprocess.run([*make[kind], self.image], check=True, stdout=subprocess.DEVNULL)
        self.folder.mkdir()

    def plug(self, *options: str) -> None:
        subprocess.run(["mount", "-o", ",".join(("loop", *options)), self.image, self.folder],
                       check=True)  # fmt: skip

    def pull(self) -> None:
        """Take it away, whoever uses it."""
        subprocess.run(["umount", "-l", self.folder], check=False, capture_output=True)


@pytest.fixture
def stick(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stick]:
    """A stick of 24 MB, plugged in; of another file system where the test says so."""
    try:
        stick = Stick(tmp_path, 24, getattr(request, "param", "ext4"))
        stick.plug()
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no loop device can be mounted here: {error}")
    yield stick
    stick.pull()


@pytest.fixture(scope="session")
def footage(tmp_path_factory: Any) -> Any:
    """A volume with 40 s of one channel, some 30 MB."""
    box = Box(tmp_path_factory.mktemp("footage"))
    box.volume_path = box.create(blocks=64, block_bytes=1 << 20)
    camera = Camera(box.writer(), MAIN, video(width=320, height=240, noise=True), audio="aac")
    camera.record(T0, 40)
    yield box
    box.close()


@pytest.fixture
async def machine(make_machine: Any, footage: Any, tmp_path: Path) -> Any:
    """A box that has the footage, and the places `usb` (a folder) and STICK (not yet plugged)."""
    (tmp_path / "usb").mkdir()
    machine = make_machine(tmp_path / "usb", tmp_path / "STICK")
    await machine.start()
    values = {"id": "made", "path": str(footage.volume_path)}
    await machine.ask("settings.add", to="supervisor", page="storage", values=values)
    return machine

"""How fast footage leaves the box as files, what that costs, and that recording does not notice.

The receiver is curl on the same machine, footage lies in the page cache; CPU is that of the web
process.  One MP4 over plain HTTP carries the bars; TLS and the archive (which is hashed) are told.
From the disk, plain reading of the same blocks goes before and after each export: what a disk gives
changes from one second to the next, above all a shared one.  The disk of the machine that measures
may be ten times as fast as those of a recorder, and then a processor is compared with itself: the
bar is for the same disk limited by the kernel to more than a hard disk gives, and what it gives
unlimited is told.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from appliance.storage.files import FileOps
from appliance.storage.head import BlockHead, read_head
from appliance.storage.volume import block_name
from scripts.bench.box import Box, running_box, web_session
from scripts.bench.cameras import MAIN, Cameras, cameras
from scripts.bench.figure import ROOT, SHARE, Figure
from scripts.bench.hour import NS, hour_of_footage
from scripts.bench.measure import use
from scripts.bench.stored import lacking, stored_units
from scripts.bench.throttle import CannotThrottle, throttled
from scripts.bench.truth import Truth
from scripts.bench.viewer import media_session

BITS = {2: 4_000_000, 3: 1_000_000, 4: 1_000_000, 5: 1_000_000}
"""Channel 1 is the camera that is recorded meanwhile."""

ROUNDS = 3
COLD_ROUNDS = 7
DISK_BPS = 250_000_000
"""More than a hard disk of a recorder reads."""

DISK_ROUNDS = 3
STARTS = 7
AT_ONCE = 4
PLACE = Path("places") / "stick"
PLAYED = 16
SAVED = 3
"""The channel that a job saves to a place, again and again."""

BESIDE_S = 20.0 * max(0.3, min(1.0, SHARE))
MS = 1_000_000


class Cold(NamedTuple):
    """MB/s of an export from the disk, and of plain reading around it."""

    export: float
    raw: float

    @property
    def share(self) -> float:
        """How much of the disk's speed the export had."""
        return self.export / self.raw


class Client:
    """A person who exports; `web` is the process that serves."""

    def __init__(self, session: aiohttp.ClientSession, told: dict[str, Any], box: Box) -> None:
        self._session = session
        self._csrf = told["csrf"]
        self._box = box

    async def plan(self, address: str, start_ns: int, *channels: int) -> dict[str, Any]:
        """Plan an hour of channels."""
        wanted = {
            "streams": [{"channel": channel} for channel in channels],
            "from": start_ns // MS + 500, "to": start_ns // MS + 3_600_000, "reason": "bench",
        }  # fmt: skip
        headers = {"Origin": address, "X-CSRF-Token": self._csrf}
        async with self._session.post(
            f"{address}/api/v1/exports", json=wanted, headers=headers
        ) as answer:
            told: dict[str, Any] = await answer.json()
            if answer.status != 201:
                raise RuntimeError(f"cannot export: {told}")
            return told

    async def save(self, address: str, start_ns: int, channel: int) -> None:
        """Have an hour of a channel written to the place there is, verified, and thrown away."""
        async with self._session.get(f"{address}/api/v1/places") as answer:
            [place] = (await answer.json())["places"]
        wanted = {
            "kind": "export_to_place", "place": place["id"], "streams": [{"channel": channel}],
            "from": start_ns // MS, "to": start_ns // MS + 3_600_000, "reason": "bench",
        }  # fmt: skip
        headers = {"Origin": address, "X-CSRF-Token": self._csrf}
        async with self._session.post(
            f"{address}/api/v1/jobs", json=wanted, headers=headers
        ) as answer:
            job = await answer.json()
        while job.get("state") in ("waiting", "running"):
            await asyncio.sleep(0.25)
            async with self._session.get(f"{address}/api/v1/jobs/{job['id']}") as answer:
                job = await answer.json()
        if job.get("state") != "done":
            raise RuntimeError(f"cannot save: {job}")
        shutil.rmtree(self._box.paths.state / PLACE / job["result"]["folder"])

    async def first_byte(self, address: str, start_ns: int) -> float:
        """Return seconds from the question for an hour of four channels to its first byte."""
        began = time.perf_counter()
        plan = await self.plan(address, start_ns, *BITS)
        async with self._session.get(address + plan["archive"]["url"]) as answer:
            await answer.content.readexactly(1)
            took = time.perf_counter() - began
            answer.close()
        return took

    async def fetch(self, address: str, told: dict[str, Any]) -> tuple[float, float]:
        """Let curl get a file; returns (MB/s, CPU seconds of the web process for a GB)."""
        pid = (await self._box.processes())["web"]
        before, began = use(pid).cpu_s, time.perf_counter()
        await self.curl(address, told)
        took = time.perf_counter() - began
        return told["bytes"] / took / 1e6, (use(pid).cpu_s - before) / (told["bytes"] / 1e9)

    async def curl(self, address: str, told: dict[str, Any]) -> None:
        """Get a file and throw it away."""
        cookies = "; ".join(f"{c.key}={c.value}" for c in self._session.cookie_jar)
        child = await asyncio.create_subprocess_exec(
            "curl", "-sk", "-b", cookies, "-o", os.devnull, "-w", "%{size_download}",
            address + told["url"], stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        size, _none = await child.communicate()
        if int(size) != told["bytes"]:
            raise RuntimeError(f"{int(size)} of {told['bytes']} bytes came")


def _blocks(volume: Path, channel: int) -> list[Path]:
    """Return the blocks of a channel."""
    files = FileOps(volume)
    found = []
    for path in sorted((volume / "blocks").iterdir()):
        file = files.open(block_name(int(path.stem)), writable=False)
        head = read_head(files, file)
        files.close(file)
        if isinstance(head, BlockHead) and head.identity.stream.channel == channel:
            found.append(path)
    files.shut()
    return found


def _forget(blocks: list[Path]) -> None:
    """Drop blocks from the page cache."""
    os.sync()
    for block in blocks:
        with block.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _raw_speed(blocks: list[Path]) -> float:
    """Return MB/s at which the disk gives blocks that are not cached, in order."""
    _forget(blocks)
    size, room, began = 0, bytearray(1 << 20), time.perf_counter()
    for block in blocks:
        with block.open("rb", buffering=0) as file:
            while got := file.readinto(room):
                size += got
    return size / (time.perf_counter() - began) / 1e6


async def _hard_disk(
    client: Client, box: Box, volume: Path, told: dict[str, Any]
) -> list[Cold] | str:
    """As `_cold`, from the same disk limited to the speed of a hard disk; or why not."""
    try:
        with throttled(volume, DISK_BPS) as group:
            group.hold(os.getpid())
            group.hold((await box.processes())["web"])
            return await _cold(client, box, volume, told, DISK_ROUNDS)
    except CannotThrottle as error:
        return str(error)


async def _cold(
    client: Client, box: Box, volume: Path, told: dict[str, Any], count: int
) -> list[Cold]:
    """Export from the disk, with plain reading of the same blocks before and after."""
    blocks = await asyncio.to_thread(_blocks, volume, 2)
    rounds = []
    before = await asyncio.to_thread(_raw_speed, blocks)
    for _round in range(count):
        await asyncio.to_thread(_forget, blocks)
        speed, _cpu = await client.fetch(box.http, told)
        after = await asyncio.to_thread(_raw_speed, blocks)
        rounds.append(Cold(speed, (before + after) / 2))
        before = after
    return rounds


async def _beside(client: Client, box: Box, start_ns: int) -> tuple[int, int]:
    """Export, save to a place and play back for a while; returns how many exports and jobs ended.

    Raises RuntimeError where a job does not end well.
    """
    finished = saved = 0
    plan = await client.plan(box.http, start_ns, 2)
    end = time.monotonic() + BESIDE_S

    async def one() -> None:
        nonlocal finished
        while time.monotonic() < end:
            await client.curl(box.http, plan["files"][0])
            finished += 1

    async def save() -> None:
        nonlocal saved
        while time.monotonic() < end or not saved:
            await client.save(box.http, start_ns, SAVED)
            saved += 1

    async with media_session(client._session, box.http) as viewer:
        for number in range(PLAYED):
            await viewer.open(2 + number % 4, stream="main", at=start_ns / MS + number * 60_000)
        reading = asyncio.create_task(_read(viewer))
        await asyncio.gather(*(one() for _n in range(AT_ONCE)), save())
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    return finished, saved


async def _read(viewer: Any) -> None:
    async for _one in viewer.arrivals():
        pass


async def _measure(folder: Path, sim: Cameras) -> list[Figure]:
    state, volume = folder / "state", folder / "volumes" / "volume-1"
    (state / PLACE).mkdir(parents=True)
    start_ns = (time.time_ns() // NS - 3 * 3600) * NS
    await asyncio.to_thread(hour_of_footage, volume, state, start_ns, BITS)
    truth = Truth(sim)
    async with (
        running_box(folder, web=True) as box,
        web_session() as session,
        web_session() as other,
    ):
        client = Client(session, await box.sign_in(session, box.http), box)
        secure = Client(other, await box.sign_in(other, box.https), box)
        plan = await client.plan(box.http, start_ns, 2)
        over_tls = await secure.plan(box.https, start_ns, 2)
        await client.curl(box.http, plan["files"][0])
        plain = [await client.fetch(box.http, plan["files"][0]) for _n in range(ROUNDS)]
        tls = [await secure.fetch(box.https, over_tls["files"][0]) for _n in range(ROUNDS)]
        archive = [
            await client.fetch(box.http, (await client.plan(box.http, start_ns, 2))["archive"])
            for _n in range(ROUNDS)
        ]
        starts = [await client.first_byte(box.http, start_ns) for _n in range(STARTS)]
        plan = await client.plan(box.http, start_ns, 2)  # of many plans the first are forgotten
        cold = await _cold(client, box, volume, plan["files"][0], COLD_ROUNDS)
        limited = await _hard_disk(client, box, volume, plan["files"][0])
        await box.add(sim.entries[0])
        await box.recording(1)
        await asyncio.to_thread(truth.poll)
        finished, saved = await _beside(client, box, start_ns)
        await asyncio.to_thread(truth.poll)
        await box.stop()
        await asyncio.to_thread(truth.poll)
    stored = [digest for digest, _utc in stored_units(volume, 1)]
    lost = lacking(truth.sent["cam0"], stored)
    size = plan["files"][0]["bytes"] / 1e9
    return [
        Figure("export of one MP4 from the page cache over plain HTTP", _median(plain, 0), "MB/s",
               ">= 100", f"{size:.1f} GB, rounds " + _told(plain, 0, ".0f")),
        Figure("export of one MP4 over plain HTTP: CPU of the web server for a GB",
               _median(plain, 1), "s", "<= 0.3", "rounds " + _told(plain, 1, ".2f")),
        Figure("the same over HTTPS", _median(tls, 0), "MB/s", "",
               f"{_median(tls, 1):.2f} s of CPU for a GB"),
        Figure("the same as an archive, hashed and signed, over plain HTTP", _median(archive, 0),
               "MB/s", "", f"{_median(archive, 1):.2f} s of CPU for a GB"),
        _from_disk(f"a disk limited to {DISK_BPS / 1e6:.0f} MB/s", limited, ">= 0.95"),
        _from_disk("the disk of this machine", cold, ""),
        Figure("export of 60 min x 4 channels: from the question to the first byte, slowest",
               max(starts) * 1000, "ms", "<= 300",
               f"median {statistics.median(starts) * 1000:.0f} ms of {STARTS}"),
        Figure(f"recorder beside {AT_ONCE} exports, a job to a place and {PLAYED} playbacks: "
               "access units lost", lost, "units", "<= 0",
               f"{len(stored)} stored, {finished} exports and {saved} jobs finished"),
    ]  # fmt: skip


def _from_disk(which: str, rounds: list[Cold] | str, bar: str) -> Figure:
    name = f"export of one MP4 from {which}: share of the disk's own speed"
    if isinstance(rounds, str):
        return Figure(name, None, "", bar, rounds)
    shares = ", ".join(f"{one.share:.2f}" for one in rounds)
    export = statistics.median(one.export for one in rounds)
    raw = statistics.median(one.raw for one in rounds)
    told = f"rounds {shares}; {export:.0f} of {raw:.0f} MB/s"
    return Figure(name, statistics.median(one.share for one in rounds), "", bar, told)


def _median(rows: list[tuple[float, float]], column: int) -> float:
    return statistics.median(row[column] for row in rows)


def _told(rows: list[tuple[float, float]], column: int, form: str) -> str:
    return ", ".join(format(row[column], form) for row in rows)


def run() -> list[Figure]:
    """Measure with one camera and an hour of four channels."""
    sim = cameras({"cam0": MAIN})
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as temporary, sim as running:
        return asyncio.run(_measure(Path(temporary), running))


if __name__ == "__main__":
    print(json.dumps([figure.line() for figure in run()], indent=1))

"""What 24 viewers of one 4 Mbit/s stream cost the web server, and that recording does not notice.

Viewers are another process on the same machine; the cost is the CPU time of the web process with
24 viewers less that with none (so what it takes to receive the stream once is in it).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import aiohttp

from scripts.bench.box import Box, running_box, web_session
from scripts.bench.cameras import MAIN, Cameras, cameras
from scripts.bench.figure import ROOT, SHARE, Figure
from scripts.bench.measure import use
from scripts.bench.stored import lacking, stored_units
from scripts.bench.truth import Truth
from scripts.bench.viewer import FRAGMENT, media_session

VIEWERS = 24
WINDOW_S = 30.0 * max(0.3, min(1.0, SHARE))
ROUNDS = 2
FPS = 25
SETTLE_S = 4.0


async def _watch(session: aiohttp.ClientSession, address: str, counts: list[int]) -> None:
    async with media_session(session, address) as viewer:
        await viewer.open(1, stream="main")
        slot = len(counts)
        counts.append(0)
        async for one in viewer.arrivals():
            counts[slot] += one.kind == FRAGMENT


async def _cpu(pid: int, seconds: float) -> float:
    """Return the share of a core that a process takes."""
    before, start = use(pid).cpu_s, time.monotonic()
    await asyncio.sleep(seconds)
    return (use(pid).cpu_s - before) / (time.monotonic() - start)


async def _with(box: Box, address: str, viewers: int) -> float:
    """Return the web server's share of a core with so many viewers."""
    pid = (await box.processes())["web"]
    if not viewers:
        return await _cpu(pid, WINDOW_S)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "scripts.bench.items.viewers", address, str(viewers),
        cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "BENCH_COOKIE": await _cookie(box, address)},
    )  # fmt: skip
    try:
        assert child.stdout is not None
        await child.stdout.readline()
        await asyncio.sleep(SETTLE_S)
        share = await _cpu(pid, WINDOW_S)
        told, _none = await child.communicate(b"end\n")
        least = int(told.decode().split()[-1])
        if least < WINDOW_S * FPS * 0.98:
            raise RuntimeError(f"a viewer got only {least} frames")
        return share
    finally:
        if child.returncode is None:
            child.kill()


async def _cookie(box: Box, address: str) -> str:
    async with web_session() as session:
        await box.sign_in(session, address)
        return "; ".join(f"{cookie.key}={cookie.value}" for cookie in session.cookie_jar)


async def _measure(folder: Path, sim: Cameras) -> list[Figure]:
    truth = Truth(sim)
    async with running_box(folder, web=True) as box:
        await box.add(sim.entries[0])
        await box.recording(1)
        async with web_session() as session:
            await box.sign_in(session, box.https)
        shares: dict[str, list[float]] = {"https": [], "http": []}
        for way, address in (("https", box.https), ("http", box.http)) * ROUNDS:
            none = await _with(box, address, 0)
            shares[way].append((await _with(box, address, VIEWERS) - none) / VIEWERS * 100)
            await asyncio.to_thread(truth.poll)
        await box.stop()
        await asyncio.to_thread(truth.poll)
    sent = truth.sent["cam0"]
    stored = [digest for digest, _utc in stored_units(folder / "volumes" / "volume-1", 1)]
    told = ", ".join(f"{share:.3f}" for share in shares["https"])
    return [
        Figure(f"web server: each of {VIEWERS} viewers over HTTPS, of a core",
               statistics.fmean(shares["https"]), "%", "<= 0.15", f"rounds {told}"),
        Figure(f"web server: each of {VIEWERS} viewers over plain HTTP, of a core",
               statistics.fmean(shares["http"]), "%", "<= 0.15",
               "rounds " + ", ".join(f"{share:.3f}" for share in shares["http"])),
        Figure("recorder beside the viewers: access units lost", lacking(sent, stored), "units",
               "<= 0", f"{len(stored)} stored"),
    ]  # fmt: skip


def run() -> list[Figure]:
    """Measure on one camera."""
    sim = cameras({"cam0": MAIN})
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as temporary, sim as running:
        return asyncio.run(_measure(Path(temporary), running))


async def _viewers(address: str, count: int) -> None:
    """Be the viewers until a line comes; tell the fewest frames that one got."""
    counts: list[int] = []
    headers = {"Cookie": os.environ["BENCH_COOKIE"]}
    async with aiohttp.ClientSession(
        headers=headers, connector=aiohttp.TCPConnector(ssl=False, limit=0)
    ) as session:
        tasks = [asyncio.create_task(_watch(session, address, counts)) for _ in range(count)]
        while len(counts) < count or not all(counts):  # noqa: ASYNC110 - a second, once
            await asyncio.sleep(0.1)
        print("watching", flush=True)
        before = list(counts)
        await asyncio.to_thread(sys.stdin.readline)
        print(min(now - old for now, old in zip(counts, before, strict=True)), flush=True)
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(_viewers(sys.argv[1], int(sys.argv[2])))

"""What 1,000 bad sign-ins a second from one address cost others: sign-in, pages, recording.

The attacker is another process on the same machine that asks over the machine's own network
address (over loopback where it has none, which the box treats as the person in front of it).  It
takes a core itself, so ratios are of a machine that is busy with attacking as well.
"""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import sys
import tempfile
import time
from pathlib import Path

import aiohttp
import psutil

from scripts.bench.box import PASSWORD, Box, running_box, web_session
from scripts.bench.cameras import MAIN, Cameras, cameras
from scripts.bench.figure import ROOT, SHARE, Figure
from scripts.bench.stored import lacking, stored_units
from scripts.bench.truth import Truth

RATE = 1000
LINES = 32
WINDOW_S = 30.0 * max(0.3, min(1.0, SHARE))
PAUSE_S = 0.5


def own_address() -> str:
    """Return an IPv4 address of this machine that is not loopback, else loopback."""
    found = [
        entry.address
        for entries in psutil.net_if_addrs().values()
        for entry in entries
        if entry.family == socket.AF_INET and not entry.address.startswith("127.")
    ]
    return found[0] if found else "127.0.0.1"


async def _others(
    session: aiohttp.ClientSession, address: str
) -> tuple[list[float], list[float], int]:
    """Sign in and ask for the session again and again; return both times (s), and refusals."""
    signing, asking, refused = [], [], 0
    end = time.monotonic() + WINDOW_S
    while time.monotonic() < end:
        start = time.monotonic()
        body = {"user": "admin", "password": PASSWORD}
        headers = {"Origin": address}
        async with session.post(f"{address}/api/v1/login", json=body, headers=headers) as answer:
            await answer.read()
            refused += answer.status != 200
        signing.append(time.monotonic() - start)
        for _ in range(5):
            start = time.monotonic()
            async with session.get(f"{address}/api/v1/session") as answer:
                await answer.read()
            asking.append(time.monotonic() - start)
        await asyncio.sleep(PAUSE_S)
    return signing, asking, refused


async def _attacked(
    box: Box, session: aiohttp.ClientSession
) -> tuple[list[float], list[float], int, int]:
    port = box.https.rpartition(":")[2]
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "scripts.bench.items.sign_in", f"https://{own_address()}:{port}",
        cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=os.environ,
    )  # fmt: skip
    try:
        assert child.stdout is not None
        await child.stdout.readline()
        signing, asking, refused = await _others(session, box.https)
        told, _none = await child.communicate(b"end\n")
        return signing, asking, refused, int(told.decode().split()[-1])
    finally:
        if child.returncode is None:
            child.kill()


async def _measure(folder: Path, sim: Cameras) -> list[Figure]:
    truth = Truth(sim)
    async with running_box(folder, web=True) as box, web_session() as session:
        await box.add(sim.entries[0])
        await box.recording(1)
        await box.sign_in(session, box.https)
        signing, asking, _none = await _others(session, box.https)
        await asyncio.to_thread(truth.poll)
        hard_signing, hard_asking, refused, tries = await _attacked(box, session)
        await asyncio.to_thread(truth.poll)
        await box.stop()
        await asyncio.to_thread(truth.poll)
    sent = truth.sent["cam0"]
    stored = [digest for digest, _utc in stored_units(folder / "volumes" / "volume-1", 1)]
    where = "over its own address" if own_address() != "127.0.0.1" else "over loopback"
    how = f"{tries / WINDOW_S:.0f} tries/s {where}"
    plain, hard = statistics.median(signing), statistics.median(hard_signing)
    calm, busy = statistics.median(asking), statistics.median(hard_asking)
    return [
        Figure("bad sign-ins from one address: sign-ins of another that were refused", refused,
               "sign-ins", "<= 0", f"{how}; {len(hard_signing)} sign-ins"),
        Figure("bad sign-ins from one address: time of another's sign-in, of that without",
               hard / plain, "times", "<= 4", f"{plain * 1000:.0f} ms, {hard * 1000:.0f} ms"),
        Figure("bad sign-ins from one address: time of an answer, of that without", busy / calm,
               "times", "", f"{calm * 1000:.1f} ms, {busy * 1000:.1f} ms"),
        Figure("recorder beside bad sign-ins: access units lost", lacking(sent, stored), "units",
               "<= 0", f"{len(stored)} stored"),
    ]  # fmt: skip


def run() -> list[Figure]:
    """Measure on one camera."""
    sim = cameras({"cam0": MAIN})
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as temporary, sim as running:
        return asyncio.run(_measure(Path(temporary), running))


async def _attack(address: str) -> None:
    """Send bad sign-ins until a line comes, on ever new names and on admin; tell how many."""
    count = 0
    begin = time.monotonic()
    over = asyncio.Event()

    async def line(session: aiohttp.ClientSession, number: int) -> None:
        nonlocal count
        while not over.is_set():
            ahead_s = count / RATE - (time.monotonic() - begin)
            if ahead_s > 0:
                await asyncio.sleep(ahead_s)
            count += 1
            name = "admin" if count % 2 else f"guess {count} {number}"
            body = {"user": name[:32], "password": "Wrong7Field"}
            async with session.post(f"{address}/api/v1/login", json=body) as answer:
                await answer.read()
                if answer.status == 200:
                    raise RuntimeError("let in")

    async with aiohttp.ClientSession(
        headers={"Origin": address}, connector=aiohttp.TCPConnector(ssl=False, limit=0)
    ) as session:
        tasks = [asyncio.create_task(line(session, number)) for number in range(LINES)]
        print("attacking", flush=True)
        before = count
        await asyncio.to_thread(sys.stdin.readline)
        sent = count - before
        over.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        print(sent, flush=True)


if __name__ == "__main__":
    asyncio.run(_attack(sys.argv[1]))

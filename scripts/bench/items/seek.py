"""Finding footage among a simulated month of sixteen channels, and recording onto that volume.

The volume is full (every further block overwrites one).  Places are sought over the media session
by a client on the same machine, from the request to the first fragment; everything is warm.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from appliance.recording.mediasock.client import MediaClient, RecorderAway
from appliance.storage.signing import DeviceKey
from scripts.bench.box import Box, running_box, web_session
from scripts.bench.cameras import Cameras, cameras
from scripts.bench.figure import ROOT, SHARE, Figure
from scripts.bench.footage import month_of_footage
from scripts.bench.measure import use
from scripts.bench.truth import Truth
from scripts.bench.viewer import media_session

INSTANTS = round(max(100, 1000 * min(1.0, SHARE)))
QUERIES = 30
PIXELS = 1920
MOTIONS_PER_DAY = 288
MS = 1_000_000
NS = 1_000_000_000
CAMERA = {"size": "640x360", "fps": 25, "gop": 25, "bitrate": 800_000, "loop": 4, "auth": []}


def p95(values: list[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(values, n=20)[18]


async def _opening(session: aiohttp.ClientSession, box: Box, instants: Any) -> list[float]:
    """Seconds from a request to open at an instant until its first fragment."""
    took = []
    async with media_session(session, box.http) as viewer:
        for stream, at in instants:
            began = time.perf_counter()
            number = await viewer.open(stream.channel, stream="main", at=at / MS, paused=True)
            one = await viewer.first(number, at // 1000)
            took.append(one.at_s - began)
            await viewer.send(op="close", id=number)
    return took


async def _seeking(session: aiohttp.ClientSession, box: Box, instants: Any) -> list[float]:
    """Seconds from a seek within an open stream until the first fragment of the new place."""
    took = []
    async with media_session(session, box.http) as viewer:
        channel = instants[0][0].channel
        places = [at for stream, at in instants if stream.channel == channel]
        number = await viewer.open(channel, stream="main", at=places[0] / MS, paused=True)
        await viewer.first(number, places[0] // 1000)
        for at in places[1:]:
            began = time.perf_counter()
            await viewer.send(op="seek", id=number, at=at / MS, mode="exact")
            one = await viewer.first(number, at // 1000)
            took.append(one.at_s - began)
    return took


async def _queries(
    session: aiohttp.ClientSession, box: Box, path: str
) -> tuple[list[float], float, Any]:
    """Return seconds each query took, CPU seconds of the server for one, and the answer."""
    web = (await box.processes())["web"]
    before = use(web).cpu_s
    took = []
    for _number in range(QUERIES):
        began = time.perf_counter()
        async with session.get(f"{box.http}/api/v1/{path}") as answer:
            text = await answer.read()
        took.append(time.perf_counter() - began)
    return took, (use(web).cpu_s - before) / QUERIES, json.loads(text)


async def _timeline(
    session: aiohttp.ClientSession, box: Box, made: Any, pixels: int
) -> tuple[list[float], float, int]:
    """Return as `_queries`, of the whole time on a bar so wide, and how many spans came."""
    channels = ",".join(str(stream.channel) for stream in made.streams)
    start, end = made.start_ns // MS, made.end_ns // MS
    took, cpu_s, answer = await _queries(
        session, box, f"timeline?channels={channels}&stream=main&from={start}&to={end}"
        f"&resolution={(end - start) // pixels}",
    )  # fmt: skip
    spans = [span for span in answer["spans"] if span["kind"] != "lost"]
    recorded = sum(span["to"] - span["from"] for span in spans)
    if recorded != (end - start) * len(made.streams):
        raise RuntimeError("the timeline lacks footage")
    return took, cpu_s, len(answer["spans"])


async def _motion_cut(folder: Path) -> list[Figure]:
    """Timeline and calendar of a month in which a motion event cut the footage every 5 minutes."""
    key = DeviceKey.load(_state(folder) / "device.key")
    volume = folder / "volumes" / "volume-1"
    made = await asyncio.to_thread(
        month_of_footage, volume, key, instants=0, motions_per_day=MOTIONS_PER_DAY
    )
    channels = ",".join(str(stream.channel) for stream in made.streams)
    last = datetime.fromtimestamp(made.end_ns // NS, UTC)
    async with running_box(folder, web=True) as box, web_session() as session:
        await box.sign_in(session, box.http)
        month, cpu_s, spans = await _timeline(session, box, made, PIXELS)
        calendar, calendar_cpu_s, answer = await _queries(
            session, box, f"calendar?channels={channels}&month={last:%Y-%m}"
        )
    if len(answer["days"]) != last.day:
        raise RuntimeError("the calendar lacks days")
    cuts = MOTIONS_PER_DAY * 30 * len(made.streams)
    return [
        Figure("timeline of 30 days x 16 channels cut by motion, over the API, median",
               statistics.median(month) * 1000, "ms", "<= 50",
               f"{cuts} events of motion on {PIXELS} pixels, {spans} spans; "
               f"p95 {p95(month) * 1000:.0f} ms; {cpu_s * 1000:.0f} ms of CPU"),
        Figure("calendar of 16 channels cut by motion, over the API, median",
               statistics.median(calendar) * 1000, "ms", "<= 50",
               f"p95 {p95(calendar) * 1000:.0f} ms; {calendar_cpu_s * 1000:.0f} ms of CPU"),
    ]  # fmt: skip


async def _first_durable(box: Box, since_ns: int) -> tuple[int, int]:
    """Return (now, UTC of the fragment) when the first one since an instant is durable."""
    while True:
        client = MediaClient(box.paths.media_socket(1))
        try:
            await client.open()
            while True:
                for block in await client.open_blocks():
                    for fragment in block.fragments:
                        if fragment.utc_ns > since_ns:
                            return time.time_ns(), fragment.utc_ns
                await asyncio.sleep(0.02)
        except (OSError, RecorderAway):
            await asyncio.sleep(0.02)
        finally:
            await client.close()


async def _start(box: Box, truth: Truth) -> tuple[float, float]:
    """Return seconds from the start of the box to durable footage, and of the wait for a key."""
    await asyncio.to_thread(truth.poll)
    before = {name: len(units) for name, units in truth.units.items()}
    began = time.time_ns()
    start = asyncio.create_task(box.start())
    async with asyncio.timeout(60):
        durable, utc = await _first_durable(box, began)
    await start
    await asyncio.to_thread(truth.poll)
    name = next(iter(truth.units))
    units = [u for u in truth.units[name][before[name] :] if u["utc_ns"] >= began]
    waited = max(0, utc - units[0]["utc_ns"]) if units else 0
    return (durable - began) / NS, waited / NS


async def _kill(box: Box) -> None:
    """End every process at once, as a power cut does."""
    pids = await box.processes()
    for pid in pids.values():
        os.kill(pid, signal.SIGKILL)
    await asyncio.to_thread(psutil.wait_procs, [psutil.Process(p) for p in pids.values()
                                                if psutil.pid_exists(p)], 5)  # fmt: skip


async def _measure(folder: Path, sim: Cameras) -> list[Figure]:
    box_folder = folder / "box"
    key = DeviceKey.load(_state(box_folder) / "device.key")
    volume = box_folder / "volumes" / "volume-1"
    made = await asyncio.to_thread(month_of_footage, volume, key, instants=INSTANTS)
    truth = Truth(sim)
    starts = []
    async with running_box(box_folder, web=True) as box, web_session() as session:
        await box.sign_in(session, box.http)
        await _opening(session, box, made.instants[:50])
        opened = await _opening(session, box, made.instants)
        sought = await _seeking(session, box, made.instants * 4)
        timeline, timeline_cpu, _spans = await _timeline(session, box, made, PIXELS)
        await box.add(sim.entries[0], record_sub=False)
        await box.recording(1)
        for ending in (box.stop, lambda: _kill(box), lambda: _kill(box)):
            await asyncio.sleep(4)
            await ending()
            starts.append(await _start(box, truth))
    how = f"{made.blocks} blocks, {len(opened)} places"
    return [
        Figure("play at a random instant: first byte, p95", p95(opened) * 1000, "ms", "<= 150",
               f"{how}; median {statistics.median(opened) * 1000:.0f} ms"),
        Figure("seek in an open session: first byte, p95", p95(sought) * 1000, "ms", "<= 50",
               f"median {statistics.median(sought) * 1000:.0f} ms"),
        Figure("timeline of 30 days x 16 channels over the API, median",
               statistics.median(timeline) * 1000, "ms", "<= 50",
               f"p95 {p95(timeline) * 1000:.0f} ms; {timeline_cpu * 1000:.0f} ms of CPU"),
        Figure("box started on that volume: first footage durable",
               max(took - key for took, key in starts), "s", "<= 3",
               "less the wait for a key frame; after a stop and two kills of everything: "
               + ", ".join(f"{took:.1f} s with {key:.1f} s of waiting" for took, key in starts)),
    ]  # fmt: skip


def _state(folder: Path) -> Path:
    (folder / "state").mkdir(parents=True, exist_ok=True)
    return folder / "state"


def run() -> list[Figure]:
    """Measure on a volume, and the timeline once more on one whose footage motion cut up."""
    camera = cameras({"cam0": CAMERA})
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as temporary, camera as sim:
        found = asyncio.run(_measure(Path(temporary), sim))
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as temporary:
        return found + asyncio.run(_motion_cut(Path(temporary) / "box"))

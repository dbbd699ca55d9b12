"""How soon a camera is recorded again after it rebooted, however long that took.

Cameras reboot for different times at once.  Counted from the first answer to an OPTIONS request
until the camera plays to us; the wait for its next key frame comes on top and is told.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scripts.bench.box import running_box
from scripts.bench.cameras import Cameras, cameras
from scripts.bench.figure import ROOT, SHARE, Figure
from scripts.bench.stored import stored_units
from scripts.bench.truth import Truth, fault

AWAY_S = [away for away in (2, 10, 25, 40, 60, 90) if away <= max(25, 90 * SHARE)]
LONGEST_S = 45.0
STORED_S = 3.0
SMALL = {"size": "640x360", "fps": 15, "gop": 30, "bitrate": 400_000, "loop": 4, "rtcp_interval": 1}
NS = 1_000_000_000


async def _answers(url: str) -> int:
    """Return the UTC (ns) of the first RTSP answer of a camera that is away."""
    place = urlsplit(url)
    while True:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection(place.hostname, place.port)
            try:
                writer.write(f"OPTIONS {url} RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode())
                await reader.readuntil(b"\r\n")
                return time.time_ns()
            finally:
                writer.transport.abort()
        await asyncio.sleep(0.02)


async def _reboots(folder: Path, sim: Cameras) -> list[tuple[float, int, list[dict[str, Any]]]]:
    """Reboot all; return (time away, UTC of the first answer, what each sent since) of each."""
    truth = Truth(sim)
    async with running_box(folder) as box:
        for entry in sim.entries:
            await box.add(entry)
        await box.recording(len(sim.entries))
        await asyncio.sleep(12)  # healthy: earlier faults are forgotten
        await asyncio.to_thread(truth.poll)
        for entry, away in zip(sim.entries, AWAY_S, strict=True):
            await asyncio.to_thread(fault, sim, entry["name"], "reboot", seconds=away)
        before = {name: len(units) for name, units in truth.units.items()}
        answers = await asyncio.gather(*(_answers(entry["main_url"]) for entry in sim.entries))
        names = [entry["name"] for entry in sim.entries]
        end = time.monotonic() + LONGEST_S
        while time.monotonic() < end and not all(
            any(unit["key"] and unit["utc_ns"] > answer for unit in truth.units[name])
            for name, answer in zip(names, answers, strict=True)
        ):
            await asyncio.sleep(1)
            await asyncio.to_thread(truth.poll)
        await asyncio.sleep(STORED_S)
        await box.stop()
        await asyncio.to_thread(truth.poll)
    return [
        (away, answer, truth.units[entry["name"]][before[entry["name"]] :])
        for entry, away, answer in zip(sim.entries, AWAY_S, answers, strict=True)
    ]


def run() -> list[Figure]:
    """Reboot, and look for the first frames."""
    specs = {f"cam{n}": {**SMALL, "auth": []} for n in range(len(AWAY_S))}
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as temporary, cameras(specs) as sim:
        folder = Path(temporary)
        found = asyncio.run(_reboots(folder, sim))
        waits, keys, lost = [], [], 0
        for channel, (_away, answered, units) in enumerate(found, 1):
            since = [unit for unit in units if unit["utc_ns"] > answered]
            first = since[0] if since else {"utc_ns": answered + round(LONGEST_S * NS)}
            key = next((unit for unit in since if unit["key"]), first)
            waits.append((first["utc_ns"] - answered) / NS)
            keys.append((key["utc_ns"] - first["utc_ns"]) / NS)
            stored = stored_units(folder / "volumes" / "volume-1", channel)
            again = [digest for digest, utc in stored if utc > answered]
            lost += not (again and "digest" in key and again[0] == key["digest"])
    told = ", ".join(f"{a:g} s: {w:.1f} s" for a, w in zip(AWAY_S, waits, strict=True))
    return [
        Figure("camera back after a reboot: playing after RTSP answers", max(waits), "s", "<= 5",
               f"longest of {len(waits)}; away for {told}; then up to {max(keys):.1f} s to a key"
               " frame"),
        Figure("camera back: first key frame played is not the first one stored", lost, "cameras",
               "<= 0"),
    ]  # fmt: skip

"""Memory of the supervisor and of a recorder of eight channels, and what the ring costs.

8 x 1080p25 at 4 Mbit/s with AAC and their sub streams.  Media held (live GOP and ring) is counted
by the recorder itself; the ring is measured as the difference of two recorders that wait for
events, one with 30 s of pre-record and one without, each by itself.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil

from scripts.bench.box import running_box
from scripts.bench.cameras import MAIN, SUB, Cameras, cameras
from scripts.bench.figure import ROOT, Figure
from scripts.bench.measure import use

CHANNELS = 8
SETTLE_S = 20.0
RING_S = 30
ALONE_S = 45.0
MB = 1e6


async def _box(folder: Path, sim: Cameras) -> list[Figure]:
    async with running_box(folder) as box:
        for entry in sim.entries:
            await box.add(entry)
        await box.recording(CHANNELS)
        await asyncio.sleep(SETTLE_S)
        pids = await box.processes()
        channels = (await box.status())["channels"]
        gops = sum(
            stream.get("bitrate_bps", 0) / 8 * stream.get("gop_s", 0)
            for channel in channels
            for stream in channel["streams"].values()
        )
        supervisor = psutil.Process(pids["supervisor"]).memory_info().rss
        recorder = psutil.Process(pids["recorder@1"]).memory_info().rss
    bar = 60 + 5 * CHANNELS
    return [
        Figure("supervisor: RSS", supervisor / MB, "MB", "<= 80"),
        Figure(f"recorder of {CHANNELS} channels: RSS without the live GOPs",
               (recorder - gops) / MB, "MB", f"<= {bar}",
               f"60 MB + 5 MB a channel; RSS {recorder / MB:.0f} MB, live GOPs of main and sub"
               f" streams up to {gops / MB:.0f} MB"),
    ]  # fmt: skip


def _alone(folder: Path, urls: list[str], ring_s: int) -> tuple[float, float]:
    """Return (PSS of a recorder, media it holds), bytes, at their end."""
    command = [sys.executable, "-m", "scripts.bench.alone", str(folder), str(ALONE_S), *urls]
    process = psutil.Popen(
        [*command, "--ring", str(ring_s)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    held = pss = 0.0
    for number, line in enumerate(process.stdout):
        if number > ALONE_S - 8:
            break
        held, pss = json.loads(line)["media"], float(use(process.pid).pss)
    process.terminate()
    process.wait(15)
    return pss, held


def run() -> list[Figure]:
    """Measure the box, then the ring."""
    sub = {k: v for k, v in SUB.items() if k not in ("loop", "auth")}
    specs = {f"cam{n}": {**MAIN, "sub": sub} for n in range(CHANNELS)}
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as temporary, cameras(specs) as sim:
        folder = Path(temporary)
        figures = asyncio.run(_box(folder / "box", sim))
        bare, little = _alone(folder / "bare", sim.urls(), 0)
        ringed, much = _alone(folder / "ring", sim.urls(), RING_S)
    figures.append(
        Figure("ring memory, of the media in it", (ringed - bare) / (much - little), "x", "<= 1.1",
               f"{RING_S} s of {CHANNELS} main streams: {(ringed - bare) / MB:.0f} MB more PSS for"
               f" {(much - little) / MB:.0f} MB more media")
    )  # fmt: skip
    return figures

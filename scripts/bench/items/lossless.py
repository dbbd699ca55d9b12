"""Access units lost while recording for minutes, by hashes over what was sent and what is stored.

8 x 1080p25 at 4 Mbit/s with AAC for ten minutes; then 32 sub-size streams for five.
NVR_BENCH_SHARE scales the times (1 is the full length).
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from scripts.bench.cameras import MAIN, SUB, Cameras, cameras
from scripts.bench.figure import ROOT, SHARE, Figure
from scripts.bench.stored import lacking, stored_units
from scripts.bench.truth import Truth

POLL_S = 10.0


def record(specs: dict[str, dict[str, Any]], seconds: float) -> tuple[int, int]:
    """Record cameras for so long; return (units lost, units stored)."""
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as temporary, cameras(specs) as sim:
        truth = Truth(sim)
        asyncio.run(_record(Path(temporary), sim, truth, seconds))
        lost = stored = 0
        volume = Path(temporary) / "volumes" / "bench"
        for channel, sent in enumerate(truth.sent.values(), 1):
            units = [digest for digest, _utc in stored_units(volume, channel)]
            stored += len(units)
            lost += lacking(sent, units)
    return lost, stored


async def _record(folder: Path, sim: Cameras, truth: Truth, seconds: float) -> None:
    recorder = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "scripts.bench.alone", str(folder), str(seconds), *sim.urls(),
        cwd=ROOT, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    end = time.monotonic() + seconds
    while time.monotonic() < end and recorder.returncode is None:
        await asyncio.sleep(POLL_S)
        await asyncio.to_thread(truth.poll)
    await recorder.wait()
    await asyncio.to_thread(truth.poll)


def run() -> list[Figure]:
    """Record both loads."""
    minutes = 10 * SHARE
    lost, stored = record({f"cam{n}": MAIN for n in range(8)}, minutes * 60)
    figures = [
        Figure("8 x 1080p25 recorded: access units lost", lost, "units", "<= 0",
               f"{stored} units stored in {minutes:g} min")
    ]  # fmt: skip
    minutes = 5 * SHARE
    lost, stored = record({f"cam{n}": SUB for n in range(32)}, minutes * 60)
    figures.append(
        Figure("32 sub-size streams recorded: access units lost", lost, "units", "<= 0",
               f"{stored} units stored in {minutes:g} min")
    )  # fmt: skip
    return figures

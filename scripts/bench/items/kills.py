"""What is lost when processes are killed with `kill -9` and when the power is cut (by the model).

The supervisor is killed while two cameras are recorded; then the recorder, again and again, each
time after all cameras are recorded by its new life (else the loss would hold the time of the
start); then every block is verified.  The power cuts are those of tests/powercut, sampled.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from scripts.bench.box import Box, running_box
from scripts.bench.cameras import Cameras, cameras
from scripts.bench.figure import ROOT, SHARE, Figure
from scripts.bench.stored import lacking, stored_spans, stored_units
from scripts.bench.truth import Truth

SUPERVISOR_KILLS = 3
RECORDER_KILLS = max(3, round(10 * SHARE))
RESTARTED_S = 90.0
"""Kills in a row are answered by longer and longer waits, up to 60 s and a fifth."""

POWER_CUTS = max(20, round(150 * SHARE))
SEED = int(os.environ.get("NVR_SEED") or random.SystemRandom().randrange(1 << 32))
CAMERA = {"size": "640x360", "fps": 15, "gop": 30, "bitrate": 500_000, "loop": 4, "auth": [],
          "audio": "aac", "rtcp_interval": 1}  # fmt: skip
NS = 1_000_000_000


async def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
        await asyncio.to_thread(psutil.Process(pid).wait, 5)


async def _supervisor(folder: Path, sim: Cameras) -> tuple[int, int]:
    """Kill the supervisor; return (units lost, units stored)."""
    truth = Truth(sim)
    async with running_box(folder) as box:
        await _add(box, sim)
        for _number in range(SUPERVISOR_KILLS):
            await asyncio.sleep(3)
            await _kill((await box.processes())["supervisor"])
            await asyncio.sleep(1)
            await box.start()
            await box.recording(len(sim.entries))
        await asyncio.sleep(3)
        await box.stop()
        await asyncio.to_thread(truth.poll)
    lost = stored = 0
    for channel, sent in enumerate(truth.sent.values(), 1):
        units = [digest for digest, _utc in stored_units(_volume(folder), channel)]
        lost, stored = lost + lacking(sent, units), stored + len(units)
    return lost, stored


async def _recorder(folder: Path, sim: Cameras) -> tuple[list[float], int]:
    """Kill the recorder; return (seconds lost each time, faults that `nvr check` finds)."""
    chance = random.Random(SEED)
    kills = []
    async with running_box(folder) as box:
        await _add(box, sim)
        for _number in range(RECORDER_KILLS):
            await asyncio.sleep(2 + 3 * chance.random())
            pid = (await box.processes())["recorder@1"]
            kills.append(time.time_ns())
            await _kill(pid)
            await box.until(partial(_replaced, pid), "a new recorder", RESTARTED_S)
            await box.recording(len(sim.entries))
        await box.stop()
    lost = []
    for channel in range(1, len(sim.entries) + 1):
        spans = stored_spans(_volume(folder), channel)
        for at in kills:
            newest = max((end for start, end in spans if start <= at), default=0)
            lost.append(max(0, at - newest) / NS)
    checked = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "appliance.cli", "check", str(_volume(folder)),
        "--folder", str(folder), cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    await checked.communicate()
    return lost, checked.returncode or 0


def _replaced(pid: int, status: dict[str, Any]) -> bool:
    processes = status["processes"]
    return any(p["name"] == "recorder@1" and p["pid"] not in (None, pid) for p in processes)


async def _add(box: Box, sim: Cameras) -> None:
    for entry in sim.entries:
        await box.add(entry)
    await box.recording(len(sim.entries))


def _volume(folder: Path) -> Path:
    return folder / "volumes" / "volume-1"


def _power_cuts() -> tuple[int, int]:
    """Cut the power by the model; return (cuts, workloads in which a promise was broken)."""
    sys.path[:0] = [str(ROOT / "tests" / "powercut"), str(ROOT / "tests" / "storage")]
    model = importlib.import_module("power_cuts")
    memory = Path("/dev/shm")
    place = Path(tempfile.mkdtemp(dir=memory if os.access(memory, os.W_OK) else None))
    cuts = broken = 0
    seed = SEED
    try:
        while cuts < POWER_CUTS:
            workload = model.Workload(place / str(seed), seed)
            try:
                workload.run(80)
            except model.Broken:
                broken += 1
            cuts += workload.cuts
            shutil.rmtree(place / str(seed))
            seed += 1
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return cuts, broken


def run() -> list[Figure]:
    """Kill, then look at what is stored."""
    specs = {f"cam{n}": CAMERA for n in range(2)}
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as temporary, cameras(specs) as sim:
        folder = Path(temporary)
        lost, stored = asyncio.run(_supervisor(folder / "a", sim))
        losses, faults = asyncio.run(_recorder(folder / "b", sim))
    cuts, broken = _power_cuts()
    return [
        Figure("supervisor killed: access units lost", lost, "units", "<= 0",
               f"{SUPERVISOR_KILLS} kills, {stored} units stored"),
        Figure("recorder killed: longest loss before the kill", max(losses), "s", "<= 2",
               f"{RECORDER_KILLS} kills (50 in `make soak`), {len(losses)} stretches, median"
               f" {sorted(losses)[len(losses) // 2]:.2f} s; seed {SEED}"),
        Figure("recorder killed: `nvr check` finds damage", faults, "(exit code)", "<= 0"),
        Figure("power cut by the model: workloads with a broken promise", broken, "workloads",
               "<= 0", f"{cuts} cuts (2,000 in `make soak`); seed {SEED}"),
    ]  # fmt: skip

"""Simulated cameras in a process of their own, for the time of a measurement."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psutil

from scripts.bench.figure import ROOT

CACHE = ROOT / "build" / "sim-cache"

MAIN = {
    "size": "1920x1080",
    "fps": 25,
    "gop": 50,
    "bitrate": 4_000_000,
    "audio": "aac",
    "loop": 6,
    "auth": [],
}
SUB = {"size": "704x576", "fps": 15, "gop": 30, "bitrate": 512_000, "loop": 4, "auth": []}


@dataclass(frozen=True, slots=True)
class Cameras:
    """Running cameras: their process, their entries and the address of the control API."""

    process: psutil.Popen
    entries: list[dict[str, Any]]
    control: str

    def urls(self, stream: str = "main") -> list[str]:
        """Return the addresses, without credentials."""
        return [entry[f"{stream}_url"] for entry in self.entries]


@contextmanager
def cameras(specs: dict[str, dict[str, Any]]) -> Iterator[Cameras]:
    """Start cameras of these definitions; ends them at the end of the block."""
    command = [sys.executable, "-m", "appliance.cameras.sim", "--cache", str(CACHE)]
    for name, spec in specs.items():
        command += ["--camera", f"{name}={json.dumps(spec)}"]
    process = psutil.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        for line in process.stdout:
            told = json.loads(line)
            if told.get("ready"):
                yield Cameras(process, told["cameras"], told["control"])
                return
        raise RuntimeError("the simulator ended before its cameras were ready")
    finally:
        process.terminate()
        process.wait(10)

"""CPU time and memory of processes and all their children, from /proc."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Use:
    """CPU seconds and bytes written since start; proportional and resident set size in bytes."""

    cpu_s: float
    pss: int
    rss: int
    written: int


def _tree(pids: Iterable[int]) -> list[psutil.Process]:
    found: dict[int, psutil.Process] = {}
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            for one in (process, *process.children(recursive=True)):
                found[one.pid] = one
    return list(found.values())


def _pss(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def use(*pids: int) -> Use:
    """Return what the processes and their descendants have used so far."""
    cpu, pss, rss, written = 0.0, 0, 0, 0
    for process in _tree(pids):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            cpu += times.user + times.system
            rss += process.memory_info().rss
            pss += _pss(process.pid)
            written += process.io_counters().write_chars
    return Use(cpu, pss, rss, written)

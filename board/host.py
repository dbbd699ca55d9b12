"""The computer itself: processor, memory, temperature, uptime, free room of a folder."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

_SENSORS = ("cpu_thermal", "coretemp", "k10temp", "soc_thermal", "cpu-thermal", "acpitz")
"""hwmon names that tell the processor's temperature, the best first."""


@dataclass(frozen=True, slots=True)
class HostReading:
    """Shares in percent of all cores, bytes, degrees Celsius; None: this computer cannot tell."""

    cpu_percent: float
    cores: int
    memory_total: int
    memory_available: int
    temperature_c: float | None
    load: float
    uptime_s: float


class Host:
    """Reads the computer; each reading's processor share is since the one before it."""

    def __init__(self) -> None:
        self._busy, self._total = _processor()
        self._share = 0.0

    def read(self) -> HostReading:
        """Return how the computer is.  Reads files of /proc and /sys: call it in a thread."""
        busy, total = _processor()
        if total > self._total:
            self._share = 100 * (busy - self._busy) / (total - self._total)
        self._busy, self._total = busy, total
        memory = psutil.virtual_memory()
        return HostReading(
            cpu_percent=round(min(max(self._share, 0.0), 100.0), 1),
            cores=os.cpu_count() or 1,
            memory_total=int(memory.total),
            memory_available=int(memory.available),
            temperature_c=processor_temperature_c(),
            load=round(os.getloadavg()[0], 2),
            uptime_s=round(time.time() - psutil.boot_time(), 1),
        )


def processor_temperature_c() -> float | None:
    """Return the processor's temperature in degrees Celsius, None where no sensor tells it."""
    try:
        sensors = psutil.sensors_temperatures()
    except (AttributeError, OSError, ValueError):
        return None
    for name in _SENSORS:
        readings = [entry.current for entry in sensors.get(name, ()) if entry.current]
        if readings:
            return round(float(max(readings)), 1)
    return None


def free_bytes(folder: Path) -> int | None:
    """Return the room left for us on a folder's file system, None where it cannot be told."""
    try:
        return int(psutil.disk_usage(str(folder)).free)
    except OSError:
        return None


def _processor() -> tuple[float, float]:
    """Return seconds the cores were busy and in all, since boot."""
    times = psutil.cpu_times()
    total = float(sum(times[:8]))  # guest times are contained in user and nice
    idle = float(times.idle) + float(getattr(times, "iowait", 0.0))
    return total - idle, total

"""A mark on disk while the box runs: the next start tells a power cut by it (D2-PW-06)."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from appliance.settings.files import write_atomically

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
RENEW_S = 60.0


@dataclass(frozen=True, slots=True)
class LastLife:
    """How the life before ended and until when it is known to have run (milliseconds, UTC).

    `crashes`: lives in a row that crashed since the computer was started, this one included.
    """

    ending: Literal["none", "clean", "crashed", "power"]
    until_ms: int
    crashes: int = 0


class LifeMark:
    """`begin` at the start, `renew` each minute, `end` at an orderly end.  Blocking."""

    def __init__(self, path: Path, boot_id: str | None = None) -> None:
        self._path = path
        self._boot_id = boot_id or _read_boot_id()
        self._crashes = 0

    def begin(self) -> LastLife:
        """Read how the life before ended, and mark that a new one runs."""
        last = self._last()
        self._crashes = last.crashes
        self.renew()
        return last

    def renew(self) -> None:
        """Note that we still run."""
        self._write(running=True)

    def end(self) -> None:
        """Note an orderly end."""
        self._write(running=False)

    def _write(self, *, running: bool) -> None:
        mark = {
            "boot": self._boot_id,
            "time": time.time_ns() // 1_000_000,
            "running": running,
            "crashes": self._crashes,
        }
        write_atomically(self._path, json.dumps(mark).encode())

    def _last(self) -> LastLife:
        try:
            mark = json.loads(self._path.read_text())
            until, boot, running = int(mark["time"]), str(mark["boot"]), bool(mark["running"])
            crashes = int(mark.get("crashes", 0))
        except FileNotFoundError:
            return LastLife("none", 0)
        except (OSError, ValueError, TypeError, KeyError):
            return LastLife("power", 0)
        if not running:
            return LastLife("clean", until)
        if boot != self._boot_id:
            return LastLife("power", until)
        return LastLife("crashed", until, crashes + 1)


def _read_boot_id() -> str:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return "unknown"

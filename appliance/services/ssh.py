"""How long the remote shell stays on: over restarts of a process, never over one of the box."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from appliance.settings.files import make_folder, write_atomically

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Lease:
    """The shell is on until `until_s` on CLOCK_BOOTTIME of boot `boot`.

    That clock goes on in suspend and does not jump when the wall clock is set.  `until_utc`
    (milliseconds since 1970) is for people to read.
    """

    boot: str
    until_s: float
    until_utc: int
    port: int
    actor: str

    def left_s(self, boot: str, now_s: float) -> float:
        """Return the seconds left, 0 when it is over or the box was started anew."""
        return max(0.0, self.until_s - now_s) if boot == self.boot else 0.0


def boot_id() -> str:
    """Return what tells one start of the computer from another."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return "-"


def boot_s() -> float:
    """Return seconds since the computer was started."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def load(path: Path) -> Lease | None:
    """Return the lease of a file, None where there is none or it cannot be read."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return Lease(
            str(raw["boot"]),
            float(raw["until_s"]),
            int(raw["until_utc"]),
            int(raw["port"]),
            str(raw["actor"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def save(path: Path, lease: Lease | None) -> None:
    """Write or remove the file.  Raises OSError."""
    if lease is None:
        path.unlink(missing_ok=True)
        return
    make_folder(path.parent)
    write_atomically(path, json.dumps(asdict(lease)).encode())

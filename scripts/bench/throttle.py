"""A disk as slow as a hard disk: the kernel's own limit on what some processes read.

Control groups of version 1 (`blkio.throttle`) and 2 (`io.max`); both need root.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

ROOTS = (Path("/sys/fs/cgroup/blkio"), Path("/sys/fs/cgroup"))
LIMITS = {"blkio.throttle.read_bps_device": "{disk} {bps}", "io.max": "{disk} rbps={bps}"}


class CannotThrottle(Exception):
    """This machine has no such limit to set, or not for us."""


class Throttle:
    """A group of processes that read one disk at a limited speed."""

    def __init__(self, group: Path) -> None:
        self._group = group

    def hold(self, pid: int) -> None:
        """Limit a process, with all its threads, from now on."""
        (self._group / "cgroup.procs").write_text(str(pid))


def _disk_of(path: Path) -> str:
    """Return the numbers of the disk (not the partition) a file is on, as "254:0"."""
    device = path.stat().st_dev
    entry = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve()
    if (entry / "partition").exists():
        entry = entry.parent
    return (entry / "dev").read_text().strip()


@contextlib.contextmanager
def throttled(path: Path, bytes_per_s: int) -> Iterator[Throttle]:
    """Offer a group that reads the disk of `path` no faster; raises CannotThrottle."""
    for root in ROOTS:
        group = root / f"nvr-bench-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            for name, form in LIMITS.items():
                if (group / name).exists():
                    text = form.format(disk=_disk_of(path), bps=bytes_per_s)
                    (group / name).write_text(text)
                    yield Throttle(group)
                    return
        except FileNotFoundError:
            continue  # the file system lies on no disk of its own
        finally:
            _dissolve(root, group)
    raise CannotThrottle("reading cannot be limited here: it takes root and the blkio controller")


def _dissolve(root: Path, group: Path) -> None:
    for pid in (group / "cgroup.procs").read_text().split():
        with contextlib.suppress(OSError):
            (root / "cgroup.procs").write_text(pid)
    with contextlib.suppress(OSError):
        group.rmdir()

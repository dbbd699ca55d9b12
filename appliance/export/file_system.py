"""Which file system a folder lies on, and the largest file that it can hold."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

FAT_LIMIT = (1 << 32) - 1
"""Bytes of the largest file on FAT32."""

_FAT = frozenset({"vfat", "msdos", "fat"})


def file_system(path: Path, mounts: Iterable[str] | None = None) -> str:
    """Return the type of the file system a folder lies on ("ext4"), "" where it cannot be told.

    `path` is resolved already.  `mounts` are lines of /proc/self/mountinfo (proc(5)); of several
    at one point the last holds.
    """
    if mounts is None:
        try:
            mounts = Path("/proc/self/mountinfo").read_text(errors="replace").splitlines()
        except OSError:
            return ""
    best, found = -1, ""
    for line in mounts:
        front, _dash, back = line.partition(" - ")
        fields = front.split()
        if len(fields) < 5 or not back:
            continue
        point = Path(fields[4].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\"))
        if path.is_relative_to(point) and len(point.parts) >= best:
            best, found = len(point.parts), back.split()[0]
    return found


def file_limit(kind: str) -> int | None:
    """Return the bytes of the largest file it can hold; None where that is not worth telling."""
    return FAT_LIMIT if kind in _FAT else None

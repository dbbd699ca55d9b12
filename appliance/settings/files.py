"""Writing a small file so that a power cut leaves the old one or the new one, never neither."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path


def make_folder(path: Path) -> None:
    """Create a folder of the owner alone, with its parents."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def write_atomically(path: Path, data: bytes) -> None:
    """Replace `path` by a file of `data` (0600): temp, fsync, rename, fsync of the folder."""
    put_in_place(write_aside(path, data), path)


def write_aside(path: Path, data: bytes) -> Path:
    """Write what shall replace `path` durably beside it (0600); return that file."""
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return temporary


def put_in_place(temporary: Path, path: Path) -> None:
    """Let a file that `write_aside` wrote take the place of `path`, durably."""
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make renames and removals in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def keep_aside(path: Path, *, keep: int = 5) -> Path:
    """Copy a file that was not as it should be beside itself; return the copy's path.

    The newest `keep` copies stay.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    copy = path.with_name(f"{path.name}.broken-{stamp}")
    write_atomically(copy, path.read_bytes())
    for old in sorted(path.parent.glob(f"{path.name}.broken-*"))[:-keep]:
        old.unlink()
    return copy

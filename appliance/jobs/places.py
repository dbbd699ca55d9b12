"""Places an export can go to besides the browser: USB sticks and mounted folders.  Blocking."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.export.file_system import file_limit, file_system
from appliance.export.words import plain
from appliance.paths import Paths

MOST_NAME = 100


@dataclass(frozen=True, slots=True)
class Place:
    """A folder on a file system that is there now.

    `free` and `total` are bytes, `file_limit` the size of the largest file it can hold (None: no
    limit worth telling).  `fsid` tells this file system from another that is mounted here later.
    """

    id: str
    name: str
    path: Path
    file_system: str
    total: int
    free: int
    writable: bool
    file_limit: int | None
    fsid: int

    def shown(self) -> dict[str, object]:
        """Return what people and programs see of it (messages.Place)."""
        return {
            "id": self.id,
            "name": self.name,
            "file_system": self.file_system,
            "total": self.total,
            "free": self.free,
            "writable": self.writable,
            "file_limit": self.file_limit,
        }


def roots(paths: Paths, variable: str) -> Iterator[Path]:
    """Return the folders that may be places: those named, then those of the state's folder."""
    for name in variable.split(os.pathsep):
        if name:
            yield Path(name)
    try:
        yield from sorted(paths.places.iterdir())
    except OSError:
        return


def place_id(root: Path) -> str:
    """Return what a place is called in addresses: it stays, whatever is mounted there."""
    return hashlib.sha256(os.fsencode(root)).hexdigest()[:12]


def look(root: Path) -> Place:
    """Return a place; raise OSError where the folder is not there or does not answer."""
    path = root.resolve(strict=True)
    facts = os.statvfs(path)
    if not path.is_dir():
        raise NotADirectoryError(20, os.strerror(20), str(path))
    kind = file_system(path)
    return Place(
        id=place_id(root),
        name=plain(root.name or root, MOST_NAME),
        path=path,
        file_system=kind,
        total=facts.f_blocks * facts.f_frsize,
        free=facts.f_bavail * facts.f_frsize,
        writable=not facts.f_flag & os.ST_RDONLY and os.access(path, os.W_OK | os.X_OK),
        file_limit=file_limit(kind),
        fsid=facts.f_fsid,
    )


def is_mount(path: Path) -> bool:
    """Whether something is mounted at a folder; False where it is not there."""
    return os.path.ismount(path)

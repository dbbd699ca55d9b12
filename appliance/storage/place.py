"""Where a volume may be: on a mounted disk, or in a folder with a limit whose parent is there.

So that footage never lands on the system disk because a disk is not mounted or a path is mistyped.
"""

from __future__ import annotations

import enum
from pathlib import Path


class PlaceProblem(enum.Enum):
    """Why no volume can be at a path."""

    NO_PARENT = "no_parent"
    NO_FOLDER = "no_folder"
    NO_DISK = "no_disk"


def problem_of_place(
    path: Path, size_limit: int | None, *, disks_only: bool
) -> tuple[PlaceProblem, Path] | None:
    """Say what is wrong with the place of a volume, and which part of its path it is about.

    With a limit (bytes) a folder will do, made where its parent is there: for development and
    for computers that are no recorder.  `disks_only`: on the box a limit makes no difference.
    Blocks: it asks the file system.
    """
    for part in (*reversed(path.parents), path):
        if part.exists() and not part.is_dir():
            return PlaceProblem.NO_FOLDER, part
        if part != path and not part.exists():
            return PlaceProblem.NO_PARENT, part
    if (disks_only or size_limit is None) and not path.is_mount():
        return PlaceProblem.NO_DISK, path
    return None

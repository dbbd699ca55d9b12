"""Judges settings by what is on this computer, before they are saved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from appliance.settings.problems import FieldProblem
from appliance.storage.place import PlaceProblem, problem_of_place
from appliance.text import _

_JUDGED = ("path", "size_limit_gb", "enabled")


def vet_volumes(
    before: Mapping[str, Any], after: Mapping[str, Any], *, disks_only: bool
) -> list[FieldProblem]:
    """Name each volume that was added or changed and cannot be where it is meant to be.

    Those that stayed as they are are not judged: a disk that is missing holds up nobody.  Blocks.
    """
    known = {volume["id"]: volume for volume in before["volumes"]}
    found = []
    for number, volume in enumerate(after["volumes"]):
        old = known.get(volume["id"], {})
        same = all(volume[name] == old.get(name) for name in _JUDGED)
        if same or not volume["enabled"]:
            continue
        told = _problem(volume, disks_only=disks_only)
        if told is not None:
            found.append(FieldProblem(("volumes", number, "path"), *told))
    return found


def _problem(volume: Mapping[str, Any], *, disks_only: bool) -> tuple[str, str] | None:
    limit = volume["size_limit_gb"]
    if limit is None and not disks_only:
        return None  # a disk that may be plugged in later
    try:
        found = problem_of_place(Path(volume["path"]), limit, disks_only=disks_only)
    except OSError as error:
        text = _("cannot be looked at ({why})").format(why=error.strerror)
        return "unreadable", text
    if found is None:
        return None
    problem, part = found
    texts = {
        PlaceProblem.NO_PARENT: _(
            "cannot be made, since there is no folder {part}; correct the path, or make that "
            "folder first"
        ),
        PlaceProblem.NO_FOLDER: _("cannot be a folder, since {part} is a file"),
        PlaceProblem.NO_DISK: _(
            "is no mounted disk; plug the disk in first, this recorder only records to disks of "
            "their own"
        ),
    }
    return problem.value, texts[problem].format(part=part)

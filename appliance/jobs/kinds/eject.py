"""Job `eject`: writes everything out to a stick, so that it can be pulled."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import Any

from appliance.jobs.errors import JobError
from appliance.jobs.reporting import Outcome, Report
from appliance.text import _


def run(order: dict[str, Any], report: Report) -> Outcome:
    """Sync the file system of a place (syncfs(2)).

    `order`: name, path, fsid.  Raises JobError (gone, place_failed).
    """
    report.progress(0, 1, "steps")
    name = str(order["name"])
    try:
        descriptor = os.open(Path(order["path"]), os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise JobError("gone", _("{name} is not there any more.").format(name=name)) from error
    try:
        if os.fstatvfs(descriptor).f_fsid != order["fsid"]:
            raise JobError("gone", _("{name} is not there any more.").format(name=name))
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.syncfs(descriptor) != 0:
            why = os.strerror(ctypes.get_errno())
            text = _(
                "{name} did not take everything that was written ({why}). What was saved last may "
                "be damaged: save it again on another stick."
            )
            raise JobError("place_failed", text.format(name=name, why=why))
    finally:
        os.close(descriptor)
    report.note(1, 1, "steps")
    return Outcome(_("{name} can be pulled now.").format(name=name))

"""Removing what a job left half written when it died.  Blocking."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from pathlib import Path

import psutil

from appliance.jobs.reporting import PARTIAL

_log = logging.getLogger(__name__)

END_S = 5.0


def remove_partial(path: Path, fsid: int) -> bool:
    """Remove a half written file or folder; return whether it is certainly gone.

    It is not where its file system is not mounted there now (a stick that was pulled): then it
    is tried again when that is back.  Links are not followed.
    """
    if path.suffix != PARTIAL:
        _log.error("%s is not a partial file and stays", path)
        return True
    try:
        if os.statvfs(path.parent).f_fsid != fsid:
            return False
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        _log.info("%s cannot be removed now: %s", path, error.strerror)
        return False
    return True


def end_left(pid: int | None, started: float) -> None:
    """End the child of a former life of this process, if it still runs (it should not)."""
    if pid is None:
        return
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        if abs(process.create_time() - started) < 0.05:
            process.kill()
            process.wait(END_S)

"""Which box a command is about: the one of the environment, of this machine, or of a folder."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import replace
from pathlib import Path

from appliance.paths import Paths

_VARIABLES = ("NVR_STATE", "NVR_RUN", "NVR_VOLUMES")
_LONGEST_RUN = 80
"""A Unix socket's address holds 107 bytes (unix(7)); ours are up to 20 longer than the folder."""


def paths_for(folder: Path | None) -> Paths:
    """Return the paths of the box meant.

    `folder` if given; else what NVR_STATE and its like say; else those of an installed box; else
    `var/` in the present folder.  Where that folder's name is too long for a socket, sockets go
    to the temporary folder under a name made from it.
    """
    if folder is None:
        if any(name in os.environ for name in _VARIABLES):
            return Paths.from_environment()
        if Path("/var/lib/nvr").is_dir():
            return Paths.from_environment()
        folder = Path("var")
    paths = Paths.below(folder.resolve())
    if len(os.fsencode(paths.run)) <= _LONGEST_RUN:
        return paths
    digest = hashlib.sha256(os.fsencode(paths.run)).hexdigest()[:12]
    run = Path(tempfile.gettempdir()) / f"nvr-{os.getuid()}-{digest}"
    run.mkdir(mode=0o700, exist_ok=True)
    if run.stat().st_uid != os.getuid():
        raise PermissionError(f"{run} belongs to somebody else")
    return replace(paths, run=run)

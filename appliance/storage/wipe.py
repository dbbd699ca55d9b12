"""Removing everything a volume holds: footage, catalogue, tags, identity; and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

from appliance.settings.files import sync_folder
from appliance.storage.claims import CLAIMS_FOLDER
from appliance.storage.identity import IDENTITY_FILE
from appliance.storage.tag_file import TAGS_FOLDER
from appliance.storage.volume import BLOCKS_FOLDER, CATALOGUE_FILE

_BESIDE = ("", "-wal", "-shm", "-journal")


def wipe_volume(path: Path) -> int:
    """Remove what recorders put on a volume; return how many blocks went.

    What is no volume is left alone (0), so are files of others.  The identity goes last: a wipe
    that was interrupted is begun again.  Nobody may have the volume open.  Blocks are unlinked,
    not overwritten: on a disk that is handed on, footage could still be found by its sectors.
    Raises OSError.
    """
    if not (path / IDENTITY_FILE).is_file():
        return 0
    blocks = path / BLOCKS_FOLDER
    count = sum(1 for entry in blocks.iterdir() if entry.is_file()) if blocks.is_dir() else 0
    for folder in (blocks, path / TAGS_FOLDER, path / CLAIMS_FOLDER):
        if folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder)
    for suffix in _BESIDE:
        (path / (CATALOGUE_FILE + suffix)).unlink(missing_ok=True)
    sync_folder(path)
    (path / IDENTITY_FILE).unlink()
    sync_folder(path)
    return count

"""Small private files: replaced as a whole or not at all, readable by their owner only."""

from __future__ import annotations

from pathlib import Path

from appliance.settings.files import make_folder, write_atomically


def write_private(path: Path, data: bytes) -> None:
    """Replace `path` by `data` atomically and durably, with its folder where there is none yet.

    Raises OSError; `path` then still holds what it held.
    """
    make_folder(path.parent)
    write_atomically(path, data)

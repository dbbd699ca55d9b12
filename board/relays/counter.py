"""How often each relay has closed in its life, kept in a file over restarts."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

MAX_BYTES = 64 * 1024
MAX_COUNT = 1 << 48


def load(path: Path) -> dict[str, int]:
    """Return operations by key of the relay; a missing or damaged file has none.  Blocks."""
    try:
        if path.stat().st_size > MAX_BYTES:
            return {}
        raw = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(raw, dict):
        return {}
    return {
        key: count
        for key, count in raw.items()
        if isinstance(key, str) and type(count) is int and 0 <= count < MAX_COUNT
    }


def save(path: Path, counts: Mapping[str, int]) -> None:
    """Replace the file as a whole.  Blocks; raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    with new.open("wb") as file:
        file.write(json.dumps(dict(sorted(counts.items())), indent=1).encode())
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)

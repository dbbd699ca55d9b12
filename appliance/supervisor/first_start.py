"""What a box that was never started gets: its time zone and, in development, a volume."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from appliance.settings.store import SettingsStore
from appliance.text import _
from board.host import free_bytes

VOLUME_GB = 20.0
LEAST_GB = 0.3
SHARE_OF_FREE = 0.5


def system_zone() -> str:
    """Return the computer's time zone as an IANA name, "UTC" where it does not say."""
    candidates = [os.environ.get("TZ", "").lstrip(":")]
    try:
        target = os.path.realpath("/etc/localtime")
        candidates.append(target.partition("/zoneinfo/")[2])
        candidates.append(Path("/etc/timezone").read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError):
        pass
    found = next((name for name in candidates if "/" in name), "UTC")
    return "UTC" if found in ("Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu") else found


def seed(store: SettingsStore, volumes: Path, *, development: bool) -> None:
    """Fill in what can be known; raise SettingsError if it cannot be written.

    In development one folder becomes a volume of at most 20 GB and half of what is free.  On the
    box nothing is recorded to before a person has said which disk.
    """
    changes: dict[str, Any] = {"zone": system_zone()}
    store.change("general", None, changes)
    if not development:
        return
    volumes.mkdir(parents=True, exist_ok=True)
    free = free_bytes(volumes) or 0
    limit = max(min(VOLUME_GB, free * SHARE_OF_FREE / 1e9), LEAST_GB)
    store.add(
        "storage",
        {
            "id": "volume-1",
            "name": _("Disk 1"),
            "path": str(volumes / "volume-1"),
            "size_limit_gb": round(limit, 2),
        },
    )

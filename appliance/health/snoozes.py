"""Findings that somebody has put aside for a while, with the reason; kept over a restart."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from appliance.bus.messages import Severity
from appliance.settings.files import make_folder, write_atomically

_log = logging.getLogger(__name__)

MAX_SNOOZES = 200
MAX_HOURS = 24 * 90
MAX_REASON = 200
_RANK: Mapping[str, int] = {"info": 0, "warning": 1, "error": 2}


@dataclass(frozen=True, slots=True)
class Snooze:
    """Put aside until `until` (ms UTC) by whom and why, at `level`: what gets worse comes back."""

    until: int
    level: Severity
    by: str
    reason: str
    at: int


class Snoozes:
    """By key of the finding.  `load` and `save` block."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: dict[str, Snooze] = {}

    def load(self) -> None:
        """Read the file; a damaged one is as good as none: then everything is told again."""
        try:
            raw = json.loads(self._path.read_bytes())
            self._held = {
                str(key): Snooze(
                    until=int(entry["until"]),
                    level=entry["level"] if entry["level"] in _RANK else "info",
                    by=str(entry["by"])[:64],
                    reason=str(entry["reason"])[:MAX_REASON],
                    at=int(entry["at"]),
                )
                for key, entry in list(raw.items())[:MAX_SNOOZES]
            }
        except FileNotFoundError:
            self._held = {}
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            _log.warning("Which findings were put aside cannot be read: %s", error)
            self._held = {}

    def save(self) -> None:
        """Write the file.  Raises OSError."""
        make_folder(self._path.parent)
        held = {key: asdict(snooze) for key, snooze in self._held.items()}
        write_atomically(self._path, json.dumps(held).encode())

    def put(self, key: str, snooze: Snooze) -> None:
        """Put a finding aside; of too many the one that would come back first is told again."""
        self._held[key] = snooze
        while len(self._held) > MAX_SNOOZES:
            del self._held[min(self._held, key=lambda known: self._held[known].until)]

    def drop(self, key: str) -> bool:
        """Tell the finding again; False where it was not put aside."""
        return self._held.pop(key, None) is not None

    def of(self, key: str, level: Severity, now: int) -> Snooze | None:
        """Return the snooze in force; one that is over, or whose finding got worse, is gone."""
        held = self._held.get(key)
        if held is None:
            return None
        if now >= held.until or _RANK[level] > _RANK[held.level]:
            del self._held[key]
            return None
        return held

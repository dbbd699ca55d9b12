"""Names of presets, and tours, of PTZ cameras on the serial bus: kept in a file of the box."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.settings.files import write_atomically

MAX_NAME = 63
MAX_TOURS = 8
MAX_BYTES = 1 << 20

Steps = list[tuple[int, int]]


@dataclass(slots=True)
class _Camera:
    presets: dict[int, str] = field(default_factory=dict)
    tours: dict[int, tuple[str, Steps]] = field(default_factory=dict)


class PtzBook:
    """By channel.  `load` and `save` block; a damaged file costs the names, never the start."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._cameras: dict[int, _Camera] = {}

    def load(self) -> None:
        """Read the file."""
        try:
            if self._path.stat().st_size > MAX_BYTES:
                return
            self.read(json.loads(self._path.read_bytes()))
        except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
            self._cameras = {}

    def read(self, raw: Any) -> None:
        """Take what `as_dict` gave; raise ValueError and its like where it makes no sense."""
        self._cameras = {int(key): _camera(value) for key, value in raw.items()}

    def take(self, other: PtzBook) -> None:
        """Hold what another book holds."""
        self._cameras = other._cameras

    def as_dict(self) -> dict[str, Any]:
        """Return everything, by channel."""
        return {
            str(channel): {
                "presets": {str(number): name for number, name in camera.presets.items()},
                "tours": {
                    str(number): {"name": name, "steps": steps}
                    for number, (name, steps) in camera.tours.items()
                },
            }
            for channel, camera in sorted(self._cameras.items())
            if camera.presets or camera.tours
        }

    def save(self) -> None:
        """Write the file; raises OSError."""
        raw = self.as_dict()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self._path, json.dumps(raw).encode())

    def presets(self, channel: int) -> dict[int, str]:
        """Return names by number."""
        return dict(sorted(self._of(channel).presets.items()))

    def tours(self, channel: int) -> dict[int, tuple[str, Steps]]:
        """Return name and steps by number."""
        return dict(sorted(self._of(channel).tours.items()))

    def name_preset(self, channel: int, number: int, name: str | None) -> None:
        """Note the name of a preset; None: it was cleared."""
        presets = self._of(channel).presets
        if name is None:
            presets.pop(number, None)
        else:
            presets[number] = name

    def put_tour(self, channel: int, number: int, name: str, steps: Steps) -> None:
        """Store a tour; without steps it is deleted."""
        tours = self._of(channel).tours
        if steps:
            tours[number] = (name, steps)
        else:
            tours.pop(number, None)

    def _of(self, channel: int) -> _Camera:
        return self._cameras.setdefault(channel, _Camera())


def _camera(raw: dict[str, Any]) -> _Camera:
    return _Camera(
        {int(number): str(name)[:MAX_NAME] for number, name in raw["presets"].items()},
        {
            int(number): (
                str(tour["name"])[:MAX_NAME],
                [(int(preset), int(dwell)) for preset, dwell in tour["steps"]],
            )
            for number, tour in raw["tours"].items()
        },
    )

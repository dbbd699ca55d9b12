"""What simulated cameras sent, collected through their control API before they forget it."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from scripts.bench.cameras import Cameras


def ask(url: str, body: dict[str, Any] | None = None) -> Any:
    """GET, or POST a JSON body; raises OSError."""
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data=data), timeout=30) as answer:
        return json.load(answer)


def fault(sim: Cameras, camera: str, name: str, **arguments: Any) -> None:
    """Bring a fault upon a camera."""
    ask(f"{sim.control}/cameras/{camera}/faults/{name}", arguments)


class Truth:
    """The video units that reached a client, of one stream of each camera, in order."""

    def __init__(self, sim: Cameras, stream: str = "main") -> None:
        self._sim = sim
        self._stream = stream
        self._next = {entry["name"]: 0 for entry in sim.entries}
        self.units: dict[str, list[dict[str, Any]]] = {name: [] for name in self._next}

    def poll(self) -> None:
        """Fetch the news of all cameras."""
        for name, after in self._next.items():
            url = f"{self._sim.control}/cameras/{name}/{self._stream}/sent?after={after}"
            told = ask(url)
            self._next[name] = told["next"]
            self.units[name] += [
                unit for unit in told["units"] if unit["kind"] == "video" and unit["sessions"]
            ]

    @property
    def sent(self) -> dict[str, list[str]]:
        """Digests by camera."""
        return {name: [unit["digest"] for unit in units] for name, units in self.units.items()}

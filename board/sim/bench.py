"""The whole bench: every part of a simulated board, and the hands of a person for each.

A part answers `state()` with what its page shows, and does what a person at the box could do.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from board.profile.model import BoardProfile
from board.sim.poe_bench import BenchError, PoeBench
from board.sim.poe_hands import PoeHands
from board.sim.switch import SimSwitch


class Hands(Protocol):
    """A part of the bench page."""

    def state(self) -> dict[str, Any]:
        """Return what is shown."""

    def act(self, action: str, params: dict[str, Any]) -> None:
        """Do something; raise BenchError for what is not there."""


class Bench:
    """Parts by name; what the profile does not have is not there."""

    def __init__(self, profile: BoardProfile, now: Callable[[], float] = time.monotonic) -> None:
        self.parts: dict[str, Hands] = {}
        self.poe: PoeBench | None = None
        self.switch: SimSwitch | None = None
        if profile.poe is not None:
            self.poe = PoeBench(profile.poe, now)
            self.parts["poe"] = PoeHands(self.poe)
        if profile.switch is not None:
            self.switch = SimSwitch(profile.switch, self._plugged, now)

    def state(self) -> dict[str, Any]:
        """Return all parts' states."""
        return {name: part.state() for name, part in self.parts.items()}

    def act(self, part: str, action: str, params: dict[str, Any]) -> None:
        """Have a part do something; raise BenchError."""
        if part not in self.parts:
            raise BenchError("bench.no_part", f"The bench has no part {part[:32]!r}.")
        self.parts[part].act(action, params)

    def _plugged(self, port: int) -> Any:
        if self.poe is None:
            return None, False
        found = self.poe.port(port)
        return found.device, found.good

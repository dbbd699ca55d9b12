"""What an ingest tells its owner: units, and how it fares."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from appliance.media.types import AccessUnit


class Phase(StrEnum):
    """Where the life of an ingest stands."""

    CONNECTING = "connecting"
    PLAYING = "playing"
    WAITING = "waiting"
    REFUSED = "refused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong: a stable `code` for programs, a sentence or two for people.

    With `needs_person` nothing is tried again before `Ingest.retry()` (cameras lock accounts).
    """

    code: str
    text: str
    needs_person: bool = False


class IngestError(Exception):
    """Ends one attempt to play with a fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"{fault.code}: {fault.text}")
        self.fault = fault


@dataclass(frozen=True, slots=True)
class IngestState:
    """A phase; `fault` is why it is not playing, `retry_in_s` when it tries again by itself."""

    phase: Phase
    fault: Fault | None = None
    retry_in_s: float | None = None


class IngestSink(Protocol):
    """Whoever wants the units; called on the event loop, must return at once."""

    def on_access_unit(self, unit: AccessUnit) -> None:
        """Take a unit; within a track they come in decoding order."""

    def on_state(self, state: IngestState) -> None:
        """Take note of a change; called on changes only."""

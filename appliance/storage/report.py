"""What a writer tells the recorder: what became durable, what did not, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from appliance.storage.errors import VolumeFault
from appliance.storage.model import NewFragment, StreamId
from appliance.storage.tail import IndexedFragment


@dataclass(slots=True)
class StreamResult:
    """The fate of one stream's fragments in a commit.

    `stored` of them are durable.  `failed` are not and will not be: `fault` says why.
    `refused` need another head: codec parameters changed too often, and the recorder is to mux
    them again with in-band parameter sets (avc3, hev1) and hand them over again; for as long as
    `in_band_wanted` is true, the stream's out-of-band heads that have no block yet are refused.
    """

    stored: int = 0
    stored_bytes: int = 0
    failed: list[NewFragment] = field(default_factory=list)
    refused: list[NewFragment] = field(default_factory=list)
    in_band_wanted: bool = False
    fault: VolumeFault | None = None


@dataclass(slots=True)
class CommitReport:
    """One group commit.

    Sizes in bytes (`disk_bytes` with headers and padding), times in seconds.  `faults` are
    troubles that recording survived; `fault` ends this writer: open the volume again.
    """

    results: dict[StreamId, StreamResult] = field(default_factory=dict)
    stored: int = 0
    stored_bytes: int = 0
    disk_bytes: int = 0
    write_s: float = 0.0
    sync_s: float = 0.0
    total_s: float = 0.0
    slow: bool = False
    opened: int = 0
    closed: int = 0
    suspect: list[int] = field(default_factory=list)
    faults: list[VolumeFault] = field(default_factory=list)
    fault: VolumeFault | None = None

    def result(self, stream: StreamId) -> StreamResult:
        """The entry of a stream, made on first use."""
        return self.results.setdefault(stream, StreamResult())


@dataclass(frozen=True, slots=True)
class OpenBlock:
    """A block in a recorder's hands, for readers: all its durable fragments.

    `volume` is the uuid in hex; `sequence` tells this use of the file from later ones.
    """

    volume: str
    path: Path
    number: int
    generation: int
    sequence: int
    stream: StreamId
    head: bytes
    fragments: Sequence[IndexedFragment]
    locked: bool

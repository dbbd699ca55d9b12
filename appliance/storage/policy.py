"""What a volume may give up, and when: set by people, applied by the writer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from appliance.storage.model import StreamId


@dataclass(frozen=True, slots=True)
class KeepRule:
    """Footage that must not be reused although nobody locked it; None means every channel."""

    channel: int | None
    start_ns: int
    end_ns: int

    def covers(self, channel: int, first_ns: int, last_ns: int) -> bool:
        """Whether footage of a channel between two instants is kept by this rule."""
        mine = self.channel is None or self.channel == channel
        return mine and first_ns < self.end_ns and last_ns > self.start_ns


@dataclass(frozen=True, slots=True)
class VolumePolicy:
    """Settings that concern one volume.

    `when_full`: "overwrite" reuses the block that was begun first, "stop" ends recording
    (D2-ST-01, N8.3).  `expiry_days`: footage of a stream older than this is given up (D2-ST-03,
    N8.6); streams that are not named keep theirs.  `wanted_days`: what the user wants to be able
    to look back; a warning is raised when less is left.  `keep`: rules that hold footage back.
    """

    when_full: Literal["overwrite", "stop"] = "overwrite"
    expiry_days: Mapping[StreamId, float] = field(default_factory=dict)
    wanted_days: Mapping[StreamId, float] = field(default_factory=dict)
    keep: tuple[KeepRule, ...] = ()

    def keeps(self, channel: int, first_ns: int, last_ns: int) -> bool:
        """Whether a rule holds such footage back."""
        return any(rule.covers(channel, first_ns, last_ns) for rule in self.keep)

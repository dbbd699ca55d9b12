"""One event as it is kept and told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from appliance.events.kinds import KINDS, EventKind


@dataclass(frozen=True, slots=True)
class EventRecord:
    """An event.  Times are milliseconds since 1970 (UTC); `end_ms` is None while it lasts.

    `key` tells it from others of its kind; `repeats` counts how often it was raised again.
    """

    id: int
    kind: str
    key: str
    channel: int | None
    source: str
    start_ms: int
    end_ms: int | None
    repeats: int = 0
    details: dict[str, Any] = field(default_factory=dict)

    def renewed(self, details: dict[str, Any]) -> EventRecord:
        """The same event raised once more."""
        return replace(self, repeats=self.repeats + 1, details={**self.details, **details})

    def ended(self, end_ms: int, details: dict[str, Any]) -> EventRecord:
        """The same event, over; it never ends before it started."""
        return replace(self, end_ms=max(end_ms, self.start_ms), details={**self.details, **details})

    def as_dict(self) -> dict[str, Any]:
        """Return messages.Event; a kind this version does not know is shown by its slug."""
        kind = KINDS.get(self.kind) or EventKind(self.kind, self.kind, "info", "", "")
        return {
            "id": self.id,
            "kind": self.kind,
            "key": self.key,
            "title": kind.title,
            "severity": kind.severity,
            "channel": self.channel,
            "source": self.source,
            "start": self.start_ms,
            "end": self.end_ms,
            "repeats": self.repeats,
            "details": self.details,
            "text": kind.sentence(self.details, self.channel),
        }

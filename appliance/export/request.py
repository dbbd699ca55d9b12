"""What somebody wants exported: streams, a range of time, who, why."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.export.errors import ExportError
from appliance.storage.model import StreamId
from appliance.text import _

NS = 1_000_000_000
LONGEST_NS = 31 * 86_400 * NS
MOST_STREAMS = 64
MOST_REASON = 500


@dataclass(frozen=True, slots=True)
class BoxIdentity:
    """Which box exports: its name, as people call it, and the version of its program."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """A range of streams to export (D1-PB-31, D1-PB-32, A1.14).

    `start_ns` and `end_ns` are UTC nanoseconds, the end exclusive; `by` is who asks ("admin@…"),
    `reason` what they say it is for (up to 500 characters).  With `combine`, breaks in the footage
    are left out of the files; without it a break lasts as long in a file as it did.
    Raises ExportError (order, too_long, no_channels).
    """

    streams: tuple[StreamId, ...]
    start_ns: int
    end_ns: int
    by: str
    reason: str = ""
    combine: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be exported."""
        if self.end_ns <= self.start_ns:
            raise ExportError("order", _("The end has to be after the start."))
        if self.start_ns < 0 or self.end_ns - self.start_ns > LONGEST_NS:
            text = _("At most {days} days can be exported at once. Choose a shorter time.")
            raise ExportError("too_long", text.format(days=LONGEST_NS // (86_400 * NS)))
        if not self.streams or len(set(self.streams)) != len(self.streams):
            raise ExportError("no_channels", _("Choose at least one channel, each only once."))
        if len(self.streams) > MOST_STREAMS:
            text = _("At most {most} streams can be exported at once.")
            raise ExportError("no_channels", text.format(most=MOST_STREAMS))
        if len(self.reason) > MOST_REASON:
            text = _("The reason may have {most} characters.")
            raise ExportError("too_long", text.format(most=MOST_REASON))

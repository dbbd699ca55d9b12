"""What was lost of each stream, when and why: counted, and kept as stretches for the events."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from appliance.storage.model import StreamId

NS = 1_000_000_000

JOIN_S = 10.0
"""Losses of one reason that follow each other within this make one stretch."""


class LossReason(StrEnum):
    """Why footage was lost; also the event's kind."""

    OVERLOAD = "overload"
    """The stream gave way, or what waited for a slow disk was more than memory holds."""
    DISK = "footage_lost"
    """No volume took it."""


@dataclass(slots=True)
class Loss:
    """A stretch of a stream that lacks footage; times in ns UTC, `seconds` of footage lost."""

    stream: StreamId
    reason: LossReason
    start_ns: int
    end_ns: int
    seconds: float
    text: str
    seen_s: float


@dataclass(slots=True)
class Losses:
    """Counts losses of all streams; `total_s` is seconds of footage by stream, never reset."""

    total_s: dict[StreamId, float] = field(default_factory=dict)
    _open: dict[tuple[StreamId, LossReason], Loss] = field(default_factory=dict)
    _ended: list[Loss] = field(default_factory=list)

    def note(
        self,
        stream: StreamId,
        reason: LossReason,
        span_ns: tuple[int, int],
        *,
        text: str,
        mono_s: float,
        seconds: float | None = None,
    ) -> None:
        """Count what lay within `span_ns` (ns UTC); all of it, or `seconds` of it."""
        start_ns, end_ns = span_ns
        lost_s = (end_ns - start_ns) / NS if seconds is None else seconds
        self.total_s[stream] = self.total_s.get(stream, 0.0) + lost_s
        loss = self._open.get((stream, reason))
        if loss is not None and mono_s - loss.seen_s < JOIN_S:
            loss.start_ns = min(loss.start_ns, start_ns)
            loss.end_ns = max(loss.end_ns, end_ns)
            loss.seconds += lost_s
            loss.text, loss.seen_s = text, mono_s
            return
        if loss is not None:
            self._ended.append(loss)
        self._open[stream, reason] = Loss(stream, reason, start_ns, end_ns, lost_s, text, mono_s)

    def stretches(self, mono_s: float) -> tuple[list[Loss], list[Loss]]:
        """Return (those that ended since the last call, those that go on)."""
        for key, loss in list(self._open.items()):
            if mono_s - loss.seen_s >= JOIN_S:
                self._ended.append(self._open.pop(key))
        ended, self._ended = self._ended, []
        return ended, list(self._open.values())

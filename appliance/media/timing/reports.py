"""Which RTCP sender reports of a track to believe."""

from __future__ import annotations

from enum import Enum, auto

STEP_NS = 1_000_000_000
_SAME_NS = 100_000_000
_MEDIA_NEAR_NS = 10_000_000_000
_PATIENCE = 3


class Verdict(Enum):
    """What became of a sender report."""

    TAKEN = auto()
    STEPPED = auto()
    """The camera's clock was set by more than a second; two reports agree on it."""
    REFUSED = auto()


class ReportTrack:
    """The sender reports of one track: camera time minus media time, kept sane.

    A report is refused if its RTP time is more than 10 s away from the media that arrive, or if
    camera time minus media time changed by more than 1 s since the last report and no second
    report confirms it within 100 ms: one odd report never moves anything.
    """

    __slots__ = ("_candidate", "offset_ns", "refused", "seen_ns")

    def __init__(self) -> None:
        self._candidate: int | None = None
        self.offset_ns: int | None = None
        """Camera clock minus media time by the last report taken, None before the first."""
        self.seen_ns = 0
        """When that report came, by the monotonic clock."""
        self.refused = 0

    def take(self, camera_ns: int, media_ns: int, expected_ns: int, mono_ns: int) -> Verdict:
        """Judge a report that ties `media_ns` to `camera_ns`.

        `expected_ns` is the media time at which the track should be now.
        """
        if abs(media_ns - expected_ns) > _MEDIA_NEAR_NS:
            self.refused += 1
            return Verdict.REFUSED
        offset = camera_ns - media_ns
        if self.offset_ns is not None and abs(offset - self.offset_ns) > STEP_NS:
            candidate, self._candidate = self._candidate, offset
            if candidate is None or abs(candidate - offset) > _SAME_NS:
                self.refused += 1
                return Verdict.REFUSED
            verdict = Verdict.STEPPED
        else:
            verdict = Verdict.TAKEN
        self._candidate = None
        self.offset_ns = offset
        self.seen_ns = mono_ns
        return verdict

    def forget(self) -> None:
        """Start over: the track's RTP time jumped."""
        self._candidate = self.offset_ns = None

"""A camera's own clock: wall time that no one else steps, and media time from its start."""

from __future__ import annotations

import time

_TOLERATED_NS = 1_000_000_000


class CameraClock:
    """Media time counts seconds since the camera was switched on; UTC follows from it.

    `offset_ns` is how wrong the camera's clock is.
    """

    def __init__(self, lead_s: float = 0.0) -> None:
        self.start = time.monotonic() - lead_s
        self._utc_ns = time.time_ns() - round(lead_s * 1e9)
        self.offset_ns = 0

    def now(self) -> float:
        """Return media time in seconds."""
        return time.monotonic() - self.start

    def follow_host(self) -> None:
        """Take over the host's UTC if it moved (NTP, a suspended laptop), as by a camera's NTP."""
        here = self._utc_ns + round(self.now() * 1e9)
        difference = time.time_ns() - here
        if abs(difference) > _TOLERATED_NS:
            self._utc_ns += difference

    def utc_ns(self, ticks: int, rate: int) -> int:
        """Return the camera's UTC at a media time of `ticks` of `rate` per second."""
        return self._utc_ns + self.offset_ns + ticks * 1_000_000_000 // rate

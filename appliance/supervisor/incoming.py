"""What all cameras send together against the limit set for it: judged over all recorders."""

from __future__ import annotations

import time
from collections.abc import Callable

from appliance.bus.status_messages import IncomingStatus
from appliance.events.book import EventBook
from appliance.figures import mbps
from appliance.supervisor.reports import FRESH_S, Reports

KIND, KEY = "bandwidth_exceeded", "incoming"
LASTS_S = 5.0
"""What is over sooner, such as the start of a camera, is not told."""


class IncomingLimit:
    """Raises and ends the event; `limit_bps` is asked each time.  Used on the loop."""

    def __init__(
        self,
        reports: Reports,
        events: EventBook,
        limit_bps: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reports = reports
        self._events = events
        self._limit_bps = limit_bps
        self._clock = clock
        self._began = clock()
        self._since: float | None = None
        self._told: bool | None = None
        reports.on_channels(self.judge)

    def judge(self) -> IncomingStatus:
        """Bring the event up to date, and tell how it is (bits per second)."""
        now, total, limit = self._clock(), self._reports.incoming_bps(), self._limit_bps()
        if total <= limit:
            self._since = None
        elif self._since is None:
            self._since = now
        exceeded = self._since is not None and now - self._since >= LASTS_S
        if exceeded and not self._told:
            details = {"mbps": mbps(total), "limit": mbps(limit)}
            self._events.raise_event(KIND, key=KEY, details=details)
            self._told = True
        # An event of the supervisor's last life goes on until the recorders have reported again.
        settled = self._told is not None or now - self._began > FRESH_S + LASTS_S
        if not exceeded and self._told is not False and self._since is None and settled:
            self._events.end_event(KIND, KEY)
            self._told = False
        return IncomingStatus(bps=total, limit_bps=limit, exceeded=exceeded)

"""How much one plan may take in memory and work, and whether anybody still wants it."""

from __future__ import annotations

import time
from collections.abc import Callable

from appliance.export.errors import ExportError
from appliance.export.request import NS, ExportRequest
from appliance.storage.model import StreamId
from appliance.storage.reader import FootageReader
from appliance.text import _

MOST_FRAGMENTS = 5_000_000
"""Of a plan; a fragment is a second of one stream at most, so these are 57 days of one stream.

A fragment takes 17 bytes while its stream is planned and 4 us of CPU: 85 MB and 20 s at most.
"""

STRETCH_COSTS = 96
"""What each stretch within a block adds to them: it takes 6 KB until the end of the export.

That is what the plan keeps of it, and its place in the manifest and in the page: 310 MB at most.
"""

QUICK = 50_000
"""A plan of so many fragments (an hour of thirteen streams) is made without a rest."""

REST_S = 1e-6
"""Beyond them a planner rests so long for each: others in its process want the interpreter too."""

_HOUR_S = 3600


def never() -> bool:
    """Stop for nobody."""
    return False


class Allowance:
    """Counts what a plan takes, and ends it when it is too much or nobody waits for it."""

    def __init__(
        self,
        request: ExportRequest,
        stop: Callable[[], bool] = never,
        *,
        most: int = MOST_FRAGMENTS,
    ) -> None:
        self._request = request
        self._stop = stop
        self._most = most
        self.taken = 0

    def take(self, stream: StreamId, fragments: int) -> None:
        """Count; raise ExportError (too_large, cancelled)."""
        self.go_on()
        self.taken += fragments
        if self.taken > QUICK:
            time.sleep(fragments * REST_S)
        if self.taken > self._most:
            text = _(
                "This is too much at once: up to D{channel}, the footage consists of more than "
                "{most} parts. Choose a shorter time or fewer channels."
            )
            raise ExportError("too_large", text.format(channel=stream.channel, most=self._most))

    def go_on(self) -> None:
        """Raise ExportError (cancelled) if nobody waits for the plan any more."""
        if self._stop():
            raise ExportError("cancelled", _("The export was cancelled; nothing of it is left."))

    def look_ahead(self, reader: FootageReader) -> None:
        """Refuse a range that is too long before anything of it is read; raise ExportError."""
        request = self._request
        length_ns = request.end_ns - request.start_ns
        if length_ns // NS * len(request.streams) <= self._most:
            return
        footage_ns = 0
        for stream in request.streams:
            self.go_on()
            spans = reader.timeline([stream], request.start_ns, request.end_ns)
            footage_ns += sum(span.end_ns - span.start_ns for span in spans)
        if footage_ns // NS <= self._most:
            return
        text = _(
            "This is too much at once: {hours} h of footage in {count} streams, at most {most} h "
            "can be exported. Choose about {fit} h of these channels, or fewer of them."
        )
        values = {
            "hours": footage_ns // NS // _HOUR_S,
            "count": len(request.streams),
            "most": self._most // _HOUR_S,
            "fit": max(1, int(length_ns * self._most / footage_ns / _HOUR_S)),
        }
        raise ExportError("too_large", text.format(**values))

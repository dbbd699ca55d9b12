"""One stream of a channel: from the ingest to the hub, and to the fragmenter while it records."""

from __future__ import annotations

import time
from collections.abc import Callable

from appliance.media.types import AccessUnit
from appliance.recording.fragmenter import Fragmenter
from appliance.recording.gop_watch import GopWatch
from appliance.recording.hub import StreamHub
from appliance.recording.ingest.state import IngestState
from appliance.storage.model import NewFragment, RecordKind, StreamId

NS = 1_000_000_000
DURABLE_FRESH_S = 5.0
"""A stream counts as recording while a unit was made durable this recently (pain: silent stops)."""


class StreamPipeline:
    """The sink of one stream's ingest.

    `set_kinds` says what is to be recorded from now on; when recording begins, the units still in
    memory are stored first (pre-record, and always the current GOP, so that nothing waits for the
    next key frame).  `shed` makes the stream give way under overload; what it then misses, until
    the next key frame after it, is counted in `units_shed` and told by `take_shed`.
    """

    def __init__(
        self,
        stream: StreamId,
        hub: StreamHub,
        *,
        on_state: Callable[[IngestState], None],
    ) -> None:
        self.stream = stream
        self.hub = hub
        self.fragmenter = Fragmenter(stream)
        self.gops = GopWatch()
        self.state: IngestState | None = None
        self.units_in = 0
        self.units_recorded = 0
        self.units_shed = 0
        self.last_utc_ns = 0
        self.durable_bytes = 0
        self.durable_utc_ns = 0
        self._durable_at: float | None = None
        self._on_state = on_state
        self._kinds = RecordKind.NONE
        self._shed = False
        self._resuming = False
        self._missed: tuple[int, int, int] | None = None
        self._last_stored: AccessUnit | None = None

    @property
    def kinds(self) -> RecordKind:
        """What is being recorded, NONE while nothing is."""
        return self._kinds

    @property
    def shed(self) -> bool:
        """Whether the stream gives way."""
        return self._shed

    def on_access_unit(self, unit: AccessUnit) -> None:
        """Take a unit from the ingest (on the loop, in arrival order)."""
        self.units_in += 1
        if unit.is_video:
            self.last_utc_ns = unit.utc_ns
            if unit.key:
                self.gops.key_frame(unit)
        self.hub.publish(unit)
        if self._kinds:
            if self._shed or (self._resuming and not unit.key):
                self._miss(unit)
            else:
                self._store(unit)

    def on_state(self, state: IngestState) -> None:
        """Take a change of the ingest's state."""
        self.state = state
        self._on_state(state)

    def _miss(self, unit: AccessUnit) -> None:
        self.units_shed += 1
        if not unit.is_video:
            return
        lasts_ns = unit.duration * NS // unit.format.timescale
        start_ns, end_ns, lost_ns = self._missed or (unit.utc_ns, unit.utc_ns, 0)
        self._missed = (
            min(start_ns, unit.utc_ns),
            max(end_ns, unit.utc_ns + lasts_ns),
            lost_ns + lasts_ns,
        )

    def take_shed(self) -> tuple[int, int, int] | None:
        """Return what was missed by giving way since the last call, None if nothing was.

        First and last instant in ns UTC, and how much footage of it is lost in ns.
        """
        missed, self._missed = self._missed, None
        return missed

    def _store(self, unit: AccessUnit) -> None:
        if self.fragmenter.add(unit, self._kinds):
            self.units_recorded += 1
            if unit.is_video:
                self._last_stored = unit
                self._resuming = False

    def set_kinds(self, kinds: RecordKind) -> None:
        """Record as `kinds` from now on; NONE pauses."""
        before, self._kinds = self._kinds, kinds
        if kinds and not before and not self._shed:
            self._store_buffered()

    def _store_buffered(self) -> None:
        """Store what is in memory: from behind the last stored unit, or from its first key."""
        kept = list(self.hub.buffer)
        last = self._last_stored
        for index, unit in enumerate(kept):
            if unit is last:
                kept = kept[index + 1 :]
                break
        else:
            self.fragmenter.stop()
        for unit in kept:
            self._store(unit)

    def set_shed(self, shed: bool) -> None:
        """Give way, or record again from the next key frame on."""
        if shed and not self._shed:
            self.fragmenter.stop()
            self._resuming = True
        self._shed = shed

    def take(self) -> list[NewFragment]:
        """Return the fragments of this tick."""
        return self.fragmenter.take()

    def stored(self, fragment: NewFragment) -> None:
        """Note that a fragment is durable."""
        self.durable_bytes += sum(len(part) for part in fragment.body)
        self.durable_utc_ns = fragment.utc_ns + fragment.duration_ns
        self._durable_at = time.monotonic()

    @property
    def recording(self) -> bool:
        """Whether footage of this stream was made durable within the last seconds (D1-LV-03)."""
        if not self._kinds or self._durable_at is None:
            return False
        return time.monotonic() - self._durable_at < DURABLE_FRESH_S

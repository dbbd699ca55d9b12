"""Figures of a stream, cheap to keep: counters on the way, rates once a second."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

from appliance.media.types import AudioFormat, VideoFormat
from appliance.recording.ingest.state import Fault, Phase

WINDOW = 5
"""Rates are means over so many ticks (seconds)."""


@dataclass(slots=True)
class IngestStatistics:
    """How a stream fares.  Counters run since the start of the ingest.

    `bitrate_bps` and `fps` are means of the last 5 s; `gop_frames` and `gop_s` those of the last
    whole GOP, 0 before.  `invalid_packets` made no sense and were passed over; `late_packets`
    came too late or twice.  `early_units` came before the first key frame of their run, so nothing
    is lost with them; `dropped_units` found no place in a run.  `clock_source` is a value of
    `ClockSource`, empty before the first frame; `clock_offset_ms` is the camera's clock minus
    ours, None while unknown.  `last_fault_utc_s` is in seconds since 1970.
    """

    phase: Phase = Phase.CONNECTING
    engine: str = ""
    transport: str = ""
    server: str = ""
    packets: int = 0
    lost_packets: int = 0
    late_packets: int = 0
    invalid_packets: int = 0
    bytes: int = 0
    units: int = 0
    audio_units: int = 0
    damaged_units: int = 0
    dropped_units: int = 0
    early_units: int = 0
    runs: int = 0
    sessions: int = 0
    reconnects: int = 0
    bitrate_bps: float = 0.0
    fps: float = 0.0
    gop_frames: int = 0
    gop_s: float = 0.0
    video: VideoFormat | None = None
    audio: AudioFormat | None = None
    audio_note: str = ""
    clock_source: str = ""
    clock_offset_ms: float | None = None
    last_fault: Fault | None = None
    last_fault_utc_s: float | None = None

    def copy(self) -> IngestStatistics:
        """Return the figures of this instant."""
        return replace(self)


@dataclass(slots=True)
class Rates:
    """Turns the counters into rates; `tick` is called about once a second."""

    statistics: IngestStatistics
    _points: deque[tuple[float, int, int]] = field(default_factory=lambda: deque(maxlen=WINDOW + 1))

    def restart(self) -> None:
        """Forget the past: a new session begins."""
        self._points.clear()
        self.statistics.bitrate_bps = self.statistics.fps = 0.0

    def tick(self, mono_s: float) -> None:
        """Take a point at monotonic time `mono_s`."""
        figures = self.statistics
        if not self._points and not figures.bytes:
            return
        self._points.append((mono_s, figures.bytes, figures.units))
        first = self._points[0]
        span = mono_s - first[0]
        if span > 0:
            figures.bitrate_bps = (figures.bytes - first[1]) * 8 / span
            figures.fps = (figures.units - first[2]) / span

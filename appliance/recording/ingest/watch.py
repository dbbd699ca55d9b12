"""Once a second: is this still a camera stream?  Silence, absurd rates, no key frame."""

from __future__ import annotations

from appliance.recording.ingest import fault
from appliance.recording.ingest.config import Limits
from appliance.recording.ingest.state import IngestError
from appliance.recording.ingest.statistics import IngestStatistics, Rates


class Watch:
    """Judges one session by counters that rise; knows no clock but the one it is told.

    `udp` only changes the words.  All times are monotonic, in seconds.
    """

    def __init__(
        self, statistics: IngestStatistics, limits: Limits, now_s: float, *, udp: bool
    ) -> None:
        self._statistics = statistics
        self._limits = limits
        self._rates = Rates(statistics)
        self._rates.restart()
        self._udp = udp
        self._begun_s = now_s
        self._packets = -1
        self._first_packets = -1
        self._heard_s = now_s
        self._absurd_since_s: float | None = None
        self._units_before = statistics.units

    def tick(self, now_s: float, packets: int) -> None:
        """Look at the stream; `packets` only rises.  Raises `IngestError` if it is none now."""
        if self._packets < 0:
            self._packets = self._first_packets = packets
        if packets != self._packets:
            self._packets = packets
            self._heard_s = now_s
        self._rates.tick(now_s)
        limits = self._limits
        ever = self._packets != self._first_packets
        allowed_s = limits.silence_s if ever else max(limits.silence_s, limits.first_packet_s)
        if now_s - self._heard_s > allowed_s:
            raise IngestError(fault.silent(allowed_s, udp=self._udp, ever=ever))
        self._judge_rate(now_s)
        waited_s = now_s - self._begun_s
        statistics = self._statistics
        if statistics.units == self._units_before and waited_s > limits.first_key_frame_s:
            raise IngestError(fault.no_key_frame(waited_s, frames=statistics.video is not None))

    def _judge_rate(self, now_s: float) -> None:
        if self._statistics.bitrate_bps <= self._limits.bitrate_bps:
            self._absurd_since_s = None
        elif self._absurd_since_s is None:
            self._absurd_since_s = now_s
        elif now_s - self._absurd_since_s >= self._limits.bitrate_over_s:
            raise IngestError(fault.absurd_bitrate(self._statistics.bitrate_bps))

"""How much footage a power cut would take: how old it is when the disk has it."""

from __future__ import annotations

from collections import deque

from appliance.recording.ingest.batches import BATCH_S

PROMISED_S = 2.0
"""A power cut or a killed process costs no more of a stream than this."""


class Exposure:
    """Compares what is promised with what happens; all instants are monotonic seconds.

    The oldest unit of a tick came right after the tick before it, after up to `BATCH_S` in the
    socket of a stream that nobody watches.  So a late tick, a volume's thread that waits for the
    processor and a slow commit all count, whatever their cause.
    """

    def __init__(self, promised_s: float = PROMISED_S) -> None:
        self._promised_s = promised_s
        self._ticks: deque[float] = deque(maxlen=16)
        self._late_s = 0.0
        self.last_s = 0.0
        """Age of the oldest unit of the last commit when it was durable."""

    def tick(self, mono_s: float) -> None:
        """Note that the fragments of all streams are cut now, and handed over next."""
        self._ticks.append(mono_s)

    def stored(self, handed_s: float, durable_s: float) -> None:
        """Note that what was handed over at `handed_s` is durable since `durable_s`."""
        earlier = [tick for tick in self._ticks if tick <= handed_s]
        if len(earlier) < 2:
            return  # the first tick: nothing tells since when it gathered
        self.last_s = durable_s - earlier[-2] + BATCH_S
        if self.last_s > self._promised_s:
            self._late_s = max(self._late_s, self.last_s)

    def take_late(self) -> float:
        """Return the worst age beyond the promise since the last call; 0 where there was none."""
        late, self._late_s = self._late_s, 0.0
        return late

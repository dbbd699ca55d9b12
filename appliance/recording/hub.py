"""One stream's fan-out: everybody who wants its access units, none waited for (D1-PL-08)."""

from __future__ import annotations

import time
from typing import Protocol

from appliance.media.types import AccessUnit
from appliance.recording.gop_buffer import GopBuffer
from appliance.storage.model import StreamId


class Consumer(Protocol):
    """Takes units at once or drops them itself; it must never block."""

    def offer(self, unit: AccessUnit, received_ns: int, *, catch_up: bool = False) -> None:
        """Take `unit`; `received_ns` is the wall clock when the recorder had it whole."""


class StreamHub:
    """Hands every unit of one stream to its consumers and keeps the buffer of recent GOPs."""

    def __init__(self, stream: StreamId, pre_record_s: float = 0.0) -> None:
        self.stream = stream
        self.buffer = GopBuffer(pre_record_s)
        self._consumers: set[Consumer] = set()

    @property
    def consumers(self) -> int:
        """How many are listening."""
        return len(self._consumers)

    def publish(self, unit: AccessUnit) -> None:
        """Keep `unit` and offer it to everybody."""
        self.buffer.add(unit)
        if self._consumers:
            received_ns = time.time_ns()
            for consumer in tuple(self._consumers):
                consumer.offer(unit, received_ns)

    def attach(self, consumer: Consumer, *, from_gop: bool = True) -> None:
        """Add a consumer; with `from_gop` it gets the current GOP first."""
        if from_gop:
            received_ns = time.time_ns()
            for unit in self.buffer.current_gop():
                consumer.offer(unit, received_ns, catch_up=True)
        self._consumers.add(consumer)

    def detach(self, consumer: Consumer) -> None:
        """Remove a consumer; one that is not there is no error."""
        self._consumers.discard(consumer)

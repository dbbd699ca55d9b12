"""What the recorders report of channels and volumes, kept while it is fresh."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from appliance.bus.messages import ChannelStatus, VolumeStatus
from appliance.bus.server import BusServer

FRESH_S = 6.0
"""A report older than this no longer says how things are."""

WINDOW_S = 60.0
WINDOW_STEP_S = 10.0
MAX_REPORTED = 512

_SEVERITY = ("ok", "opening", "slow", "suspect", "full", "read_only", "refused", "missing")


class Reports:
    """Latest reports by recorder, and the losses of the last minute by stream."""

    def __init__(self, bus: BusServer, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._channels: dict[int, tuple[float, ChannelStatus, str]] = {}
        self._volumes: dict[tuple[str, str], tuple[float, VolumeStatus]] = {}
        self._losses: dict[tuple[int, str], deque[tuple[float, int, int, int]]] = {}
        self._listeners: list[Callable[[], object]] = []
        bus.subscribe("channel.status", self._take_channels)
        bus.subscribe("volume.status", self._take_volumes)
        bus.on_leave(lambda peer: self.forget(peer.name))

    def forget(self, source: str) -> None:
        """Drop what a recorder that is gone said of its channels; others write to its volumes."""
        for number in [n for n, (_w, _s, by) in self._channels.items() if by == source]:
            del self._channels[number]

    def channel(self, number: int) -> ChannelStatus | None:
        """Return the fresh report of a channel."""
        found = self._channels.get(number)
        return found[1] if found and self._is_fresh(found[0]) else None

    def on_channels(self, listener: Callable[[], object]) -> None:
        """Call `listener` after each report of channels."""
        self._listeners.append(listener)

    def incoming_bps(self) -> int:
        """Return what all cameras send together, in bits per second."""
        fresh = (status for when, status, _by in self._channels.values() if self._is_fresh(when))
        rates = [
            stream.get("bitrate_bps")
            for status in fresh
            for stream in _group(status.get("streams")).values()
            if isinstance(stream, Mapping)
        ]
        return round(sum(rate for rate in rates if isinstance(rate, int | float) and rate > 0))

    def _is_fresh(self, when: float) -> bool:
        return self._clock() - when <= FRESH_S

    def volumes(self) -> list[VolumeStatus]:
        """Return every volume once: where several recorders write to it, the worst they say."""
        now = self._clock()
        merged: dict[str, VolumeStatus] = {}
        for (path, _source), (when, status) in sorted(self._volumes.items()):
            if now - when > FRESH_S:
                continue
            known = merged.get(path)
            merged[path] = status if known is None else _worse(known, status)
        return list(merged.values())

    def damage(self, channel: int, stream: str) -> tuple[float, int]:
        """Return the share of packets lost and the count of damaged frames in the last minute."""
        samples = self._losses.get((channel, stream))
        if not samples or len(samples) < 2:
            return 0.0, 0
        first, last = samples[0], samples[-1]
        lost, packets, damaged = last[1] - first[1], last[2] - first[2], last[3] - first[3]
        return (lost / (packets + lost) if lost > 0 and packets >= 0 else 0.0), max(damaged, 0)

    def _take_channels(self, payload: Any, source: str) -> None:
        now = self._clock()
        for status in _entries(payload, "channels"):
            number = status.get("id")
            if isinstance(number, int) and (
                number in self._channels or len(self._channels) < MAX_REPORTED
            ):
                self._channels[number] = (now, cast("ChannelStatus", status), source)
                self._sample(now, number, status.get("streams"))
        for listener in self._listeners:
            listener()

    def _take_volumes(self, payload: Any, source: str) -> None:
        now = self._clock()
        for key in [k for k, (when, _s) in self._volumes.items() if now - when > FRESH_S]:
            del self._volumes[key]
        for status in _entries(payload, "volumes"):
            path = status.get("path")
            if isinstance(path, str) and len(self._volumes) < MAX_REPORTED:
                self._volumes[path, source] = (now, cast("VolumeStatus", status))

    def _sample(self, now: float, channel: int, streams: Any) -> None:
        for name, stream in _group(streams).items():
            if not isinstance(stream, Mapping):
                continue
            counts = [stream.get(key) for key in ("lost_packets", "packets", "damaged_frames")]
            numbers = [count if isinstance(count, int) else 0 for count in counts]
            kept = self._losses.setdefault((channel, str(name)), deque())
            if kept and numbers[1] < kept[-1][2]:
                kept.clear()  # the recorder started anew and counts from 0
            if not kept or now - kept[-1][0] >= WINDOW_STEP_S:
                kept.append((now, numbers[0], numbers[1], numbers[2]))
            while kept and now - kept[0][0] > WINDOW_S:
                kept.popleft()


def _group(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _entries(payload: Any, name: str) -> Iterable[dict[str, Any]]:
    entries = payload.get(name) if isinstance(payload, dict) else None
    if not isinstance(entries, list):
        return ()
    return [entry for entry in entries[:MAX_REPORTED] if isinstance(entry, dict)]


def _worse(one: VolumeStatus, other: VolumeStatus) -> VolumeStatus:
    rank = {state: place for place, state in enumerate(_SEVERITY)}
    worst = max(one, other, key=lambda status: rank.get(status.get("state", "ok"), 0))
    merged = worst.copy()
    merged["write_ms"] = max(one.get("write_ms") or 0.0, other.get("write_ms") or 0.0)
    merged["fault"] = worst.get("fault") or one.get("fault") or other.get("fault")
    return merged

"""Streams whose packets are lost on the way: an event with counts (D2-FQ-06, pains 1 and 17)."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.bus.messages import ChannelStatus, StreamStatus
from appliance.recorder.event_desk import EventDesk

KIND = "stream_damaged"

BEGINS_AFTER_S = 10.0
"""Losses have to go on for so long before an event says so."""

PAUSE_S = 3.0
"""Losses further apart are not the same trouble, as long as no event lasts."""

ENDS_AFTER_S = 60.0
"""The event ends when nothing was lost for so long."""


@dataclass(slots=True)
class _Stream:
    """Counters as last told, and those since the trouble began; times monotonic and ms UTC."""

    packets: int = 0
    lost: int = 0
    damaged: int = 0
    begun_s: float | None = None
    begun_ms: int = 0
    last_s: float = 0.0
    last_ms: int = 0
    packets_then: int = 0
    lost_since: int = 0
    damaged_since: int = 0
    lasts: bool = False


class DamageWatch:
    """Follows the counters of all streams; `update` is called once a second."""

    def __init__(self, desk: EventDesk) -> None:
        self._desk = desk
        self._streams: dict[tuple[int, str], _Stream] = {}

    def update(self, channels: list[ChannelStatus], mono_s: float, utc_ms: int) -> None:
        """Take what the channels tell at this instant."""
        known = self._streams
        self._streams = {}
        for channel in channels:
            for name, status in channel["streams"].items():
                key = (channel["id"], name)
                stream = self._streams[key] = known.get(key) or _Stream()
                lasted = stream.lasts
                self._count(stream, status, mono_s, utc_ms)
                if lasted or stream.lasts:
                    self._tell(channel, name, stream)
        self._desk.settle(KIND)

    def _count(self, stream: _Stream, status: StreamStatus, mono_s: float, utc_ms: int) -> None:
        packets, lost = status.get("packets", 0), status.get("lost_packets", 0)
        damaged = status.get("damaged_frames", 0)
        if packets < stream.packets:  # the source was changed, and counts from 0
            stream.lost = stream.damaged = stream.packets_then = 0
        more_lost, more_damaged = lost - stream.lost, damaged - stream.damaged
        before = stream.packets
        stream.packets, stream.lost, stream.damaged = packets, lost, damaged
        if more_lost > 0 or more_damaged > 0:
            if stream.begun_s is None:
                stream.begun_s, stream.begun_ms = mono_s, utc_ms - 1000
                stream.packets_then = before if before <= packets else 0
                stream.lost_since = stream.damaged_since = 0
            stream.lost_since += max(0, more_lost)
            stream.damaged_since += max(0, more_damaged)
            stream.last_s, stream.last_ms = mono_s, utc_ms
            stream.lasts = stream.lasts or mono_s - stream.begun_s >= BEGINS_AFTER_S
        elif mono_s - stream.last_s >= (ENDS_AFTER_S if stream.lasts else PAUSE_S):
            stream.begun_s, stream.lasts = None, False

    def _tell(self, channel: ChannelStatus, name: str, stream: _Stream) -> None:
        came = max(0, stream.packets - stream.packets_then)
        share = stream.lost_since / max(1, came + stream.lost_since)
        self._desk.set(
            KIND,
            f"D{channel['id']} {name}",
            stream.lasts,
            channel=channel["id"],
            start_ms=stream.begun_ms,
            end_ms=stream.last_ms,
            counts=True,
            name=channel["name"],
            stream=name,
            lost=stream.lost_since,
            damaged=stream.damaged_since,
            percent=f"{share * 100:.1f}",
        )

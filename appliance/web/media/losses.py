"""Stretches whose footage was lost, from the events that tell of losses (pain 1)."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from appliance.bus.errors import BusError
from appliance.storage.model import StreamId, StreamName
from appliance.web.context import Bus

log = logging.getLogger(__name__)

REASONS: Mapping[str, str] = {
    "overload": "overload",
    "footage_lost": "disk",
    "stream_damaged": "damaged",
}
"""Why something was lost, by kind of event."""

PAGE = 500
MAX_PAGES = 8
MAX_ASKED = 128
"""Channels that one question to the events can name; of more, all are asked for."""

PATIENCE_S = 1.0


@dataclass(slots=True)
class Lost:
    """A stretch; times in ms UTC, `text` says it in words."""

    stream: StreamId
    start: int
    end: int
    reason: str
    text: str

    def as_span(self) -> dict[str, Any]:
        """Return it as one of the timeline's spans."""
        return {
            "channel": self.stream.channel,
            "stream": self.stream.stream.value,
            "from": self.start,
            "to": self.end,
            "kind": "lost",
            "locked": False,
            "reason": self.reason,
            "text": self.text,
        }


async def lost_stretches(
    bus: Bus, streams: Collection[StreamId], start_ms: int, end_ms: int, pixel_ms: int
) -> list[Lost]:
    """Return what was lost within [start, end), in order; what is a pixel apart is joined.

    Empty while the supervisor, which keeps the events, is away: recordings are shown all the same.
    """
    channels = sorted({stream.channel for stream in streams})
    query: dict[str, Any] = {"kinds": list(REASONS), "start": start_ms, "end": end_ms}
    query["limit"] = PAGE
    if len(channels) <= MAX_ASKED:
        query["channels"] = channels
    found: list[Lost] = []
    if not channels or not bus.connected.is_set():
        return found
    now = time.time_ns() // 1_000_000
    try:
        for _page in range(MAX_PAGES):
            answer = await bus.request("events.query", query, timeout_s=PATIENCE_S)
            for event in answer["events"]:
                lost = _lost(event, now)
                if lost is not None and lost.stream in streams:
                    lost.start, lost.end = max(lost.start, start_ms), min(lost.end, end_ms)
                    if lost.start < lost.end:
                        found.append(lost)
            if not answer.get("next"):
                break
            query["after"] = answer["next"]
    except BusError as error:
        log.debug("The time bar lacks the losses: %s", error.text)
    return _joined(found, pixel_ms)


def _lost(event: Mapping[str, Any], now_ms: int) -> Lost | None:
    """What an event tells; None where it names no stream of ours."""
    try:
        stream = StreamId(int(event["channel"]), StreamName(event["details"]["stream"]))
    except (KeyError, TypeError, ValueError):
        return None
    end = event["end"]
    start = int(event["start"])
    last = max(now_ms, start + 1) if end is None else max(int(end), start + 1)
    return Lost(stream, start, last, REASONS[event["kind"]], str(event["text"]))


def _joined(found: Sequence[Lost], pixel_ms: int) -> list[Lost]:
    order = sorted(
        found, key=lambda lost: (lost.stream.channel, lost.stream.stream.value, lost.start)
    )
    joined: list[Lost] = []
    for lost in order:
        last = joined[-1] if joined else None
        same = last and (last.stream, last.reason) == (lost.stream, lost.reason)
        if last and same and lost.start <= last.end + pixel_ms:
            last.end, last.text = max(last.end, lost.end), lost.text
        else:
            joined.append(lost)
    return joined

"""Notes in the log of what a person did here: by whom, from where, how."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from appliance.bus.errors import BusError
from appliance.web.context import CONTEXT, Bus, context
from appliance.web.guard import origin
from appliance.web.routing import Origin, request_access

_log = logging.getLogger(__name__)
VIEW_STEP_MS = 3_600_000
"""How exactly footage that was looked at is told."""
GATHER_S = 60.0
"""What one viewer looks at of one channel is told at once, then at most so often."""
TIMEOUT_S = 2.0
MAX_TASKS = 64
MAX_SEEN = 4_096
MAX_GATHERING = 1_024


@dataclass(slots=True)
class Stretch:
    """Footage of a channel that somebody looked at, from hour to hour; ms UTC, end exclusive."""

    who: Origin
    channel: int
    from_ms: int
    to_ms: int

    def take_in(self, hour_ms: int) -> None:
        """Reach to this hour, too."""
        self.from_ms = min(self.from_ms, hour_ms)
        self.to_ms = max(self.to_ms, hour_ms + VIEW_STEP_MS)


@dataclass(slots=True)
class Notes:
    """Notes on their way, what is noted already, and stretches that are being gathered."""

    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    seen: dict[str, None] = field(default_factory=dict)
    gathering: dict[str, Stretch | None] = field(default_factory=dict)
    timers: dict[str, asyncio.TimerHandle] = field(default_factory=dict)

    def is_new(self, key: str) -> bool:
        """Whether `key` was not noted before; from now on it was."""
        if key in self.seen:
            return False
        self.seen[key] = None
        while len(self.seen) > MAX_SEEN:
            self.seen.pop(next(iter(self.seen)))
        return True


NOTES = web.AppKey("notes", Notes)


async def note(
    request: web.Request,
    kind: str,
    *,
    channel: int | None = None,
    **details: Any,
) -> None:
    """Enter something in the log.  Never fails for the caller."""
    await _tell(context(request).bus, origin(request), kind, channel, details)


async def _tell(
    bus: Bus, who: Origin, kind: str, channel: int | None, details: dict[str, Any]
) -> None:
    told = {"actor": who.name, "user": who.name, "address": who.address, "how": who.how, **details}
    event: dict[str, Any] = {"kind": kind, "source": "web", "details": told}
    if channel is not None:
        event["channel"] = channel
    try:
        await bus.request("events.raise", event, timeout_s=TIMEOUT_S)
    except BusError as error:
        _log.error("That %s did something (%s) is not in the log: %s", who.name, kind, error.text)


def viewed(request: web.Request, channel: int, at_ms: float) -> None:
    """Note, beside, that somebody looks at footage of an instant (ms UTC).

    Each hour of it is noted once for each session or token.  The first at once; what else of the
    same channel is looked at within a minute is one further line, so that dragging along the time
    bar, or playing fast, fills no log.
    """
    notes = request.config_dict[NOTES]
    access = request_access(request)
    hour = int(at_ms) - int(at_ms) % VIEW_STEP_MS
    if _instant(hour) is None or _instant(hour + VIEW_STEP_MS) is None:
        return  # an instant that no footage is of
    place = f"{access.session or access.token} {channel}"
    if not notes.is_new(f"{place} {hour}"):
        return
    stretch = notes.gathering.get(place)
    if stretch is not None:
        stretch.take_in(hour)
        return
    stretch = Stretch(access.origin, channel, hour, hour + VIEW_STEP_MS)
    if place in notes.gathering or len(notes.tasks) >= MAX_TASKS:
        notes.gathering[place] = stretch
    else:
        _note_stretch(notes, context(request).bus, stretch)
        notes.gathering[place] = None
    if place not in notes.timers:
        _look_again(notes, context(request).bus, place)
    if len(notes.gathering) > MAX_GATHERING:
        flush(notes, context(request).bus, next(iter(notes.gathering)))


def flush(notes: Notes, bus: Bus, place: str) -> bool:
    """Note what was gathered of one viewer and channel; return whether there was anything."""
    stretch = notes.gathering.pop(place, None)
    timer = notes.timers.pop(place, None)
    if timer is not None:
        timer.cancel()
    if stretch is not None:
        _note_stretch(notes, bus, stretch)
    return stretch is not None


def _look_again(notes: Notes, bus: Bus, place: str) -> None:
    """Look in a minute what was gathered; where there was something, a further minute begins."""

    def look() -> None:
        if flush(notes, bus, place):
            notes.gathering[place] = None
            _look_again(notes, bus, place)

    notes.timers[place] = asyncio.get_running_loop().call_later(GATHER_S, look)


def _note_stretch(notes: Notes, bus: Bus, stretch: Stretch) -> None:
    details = {"from": _instant(stretch.from_ms), "to": _instant(stretch.to_ms)}
    work = _tell(bus, stretch.who, "footage_viewed", stretch.channel, details)
    task = asyncio.create_task(work, name="note")
    notes.tasks.add(task)
    task.add_done_callback(notes.tasks.discard)


def _instant(ms: int) -> str | None:
    try:
        return datetime.fromtimestamp(ms / 1000, UTC).isoformat(" ", "minutes")
    except (ValueError, OverflowError, OSError):
        return None


async def lifetime(app: web.Application) -> AsyncIterator[None]:
    """Let notes that are on their way arrive before the process ends."""
    notes = app[NOTES] = Notes()
    yield
    for place in list(notes.gathering):
        flush(notes, app[CONTEXT].bus, place)
    if notes.tasks:
        await asyncio.wait(notes.tasks, timeout=TIMEOUT_S)

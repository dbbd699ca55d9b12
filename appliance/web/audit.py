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
from appliance.web.context import context
from appliance.web.guard import origin
from appliance.web.routing import request_access

_log = logging.getLogger(__name__)
VIEW_STEP_MS = 3_600_000
TIMEOUT_S = 2.0
MAX_TASKS = 64
MAX_SEEN = 4_096


@dataclass(slots=True)
class Notes:
    """Notes on their way, and the hours of footage that are noted already."""

    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    seen: dict[str, None] = field(default_factory=dict)


NOTES = web.AppKey("notes", Notes)


async def note(
    request: web.Request,
    kind: str,
    *,
    channel: int | None = None,
    **details: Any,
) -> None:
    """Enter something in the log.  Never fails for the caller."""
    who = origin(request)
    told = {"actor": who.name, "user": who.name, "address": who.address, "how": who.how, **details}
    event: dict[str, Any] = {"kind": kind, "source": "web", "details": told}
    if channel is not None:
        event["channel"] = channel
    try:
        await context(request).bus.request("events.raise", event, timeout_s=TIMEOUT_S)
    except BusError as error:
        _log.error("That %s did something (%s) is not in the log: %s", who.name, kind, error.text)


def viewed(request: web.Request, channel: int, at_ms: float) -> None:
    """Note, beside, that somebody looks at footage: once an hour of it and session or token."""
    hour = int(at_ms) - int(at_ms) % VIEW_STEP_MS
    access = request_access(request)
    try:
        told = datetime.fromtimestamp(hour / 1000, UTC).isoformat(" ", "minutes")
    except (ValueError, OverflowError, OSError):
        return  # an instant that no footage is of
    key = f"{access.session or access.token} {channel} {hour}"
    notes = request.config_dict[NOTES]
    if key in notes.seen or len(notes.tasks) >= MAX_TASKS:
        return
    notes.seen[key] = None
    while len(notes.seen) > MAX_SEEN:
        notes.seen.pop(next(iter(notes.seen)))
    work = note(request, "footage_viewed", channel=channel, **{"from": told})
    task = asyncio.create_task(work, name="note")
    notes.tasks.add(task)
    task.add_done_callback(notes.tasks.discard)


async def lifetime(app: web.Application) -> AsyncIterator[None]:
    """Let notes that are on their way arrive before the process ends."""
    notes = app[NOTES] = Notes()
    yield
    if notes.tasks:
        await asyncio.wait(notes.tasks, timeout=TIMEOUT_S)

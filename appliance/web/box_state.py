"""What the web process knows of the box from the bus, for answers that need nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from aiohttp import web

from appliance.bus.errors import BusError
from appliance.text import _
from appliance.web.asking import supervisor_away
from appliance.web.context import CONTEXT, Bus

STALE_S = 5.0
"""A recorder tells its channels each second; older news is none."""
MAX_CHANNELS = 256
Listener = Callable[[str, Any], None]


class BoxState:
    """The last of each: channels as set and as recorded, pages changed, events.

    `listen` is called as listener(topic, payload) with the topics of the feed: "channel", "event",
    "job", "places",
    "settings", "tags", "connected".
    """

    def __init__(self, bus: Bus, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._bus = bus
        self._clock = clock
        self._set: dict[int, dict[str, Any]] | None = None
        self._reports: dict[int, tuple[float, dict[str, Any]]] = {}
        self._listeners: list[Listener] = []
        bus.subscribe("channel.status", self._on_channels)
        bus.subscribe("settings.changed", self._on_settings)
        bus.subscribe("event", self._on_event)
        bus.subscribe("job.changed", lambda payload: self._tell("job", payload["job"]))
        bus.subscribe("places.changed", lambda payload: self._tell("places", payload))
        bus.subscribe("tags.changed", self._on_tags)
        bus.on_connect(self._on_connect)

    def listen(self, listener: Listener) -> None:
        """Be called for everything new."""
        self._listeners.append(listener)

    async def channels(self) -> list[dict[str, Any]]:
        """Return every channel of the settings with its state.  Raises ApiError 503."""
        if self._set is None:
            try:
                await self._load_channels()
            except BusError as error:
                raise supervisor_away() from error
        return [self._compose(number) for number in sorted(self._set or {})]

    def known_channel(self, number: int) -> bool:
        """Whether the settings have that channel, as far as is known."""
        return self._set is not None and number in self._set

    def _compose(self, number: int) -> dict[str, Any]:
        settings = (self._set or {}).get(number, {})
        told = self._reports.get(number)
        fresh = told is not None and self._clock() - told[0] <= STALE_S
        enabled = bool(settings.get("enabled", True))
        channel: dict[str, Any] = {
            "state": "off",
            "fault": None,
            "recording": False,
            "not_recording": None,
            "kinds": [],
            "armed": [],
            "last_frame_utc": told[1].get("last_frame_utc") if told else None,
            "streams": {},
        }
        if fresh and told is not None:
            channel |= told[1]
        elif enabled:
            channel["state"] = "unknown"
            channel["fault"] = {
                "code": "recorder_away",
                "text": _("The recorder of this channel is starting; its state is not known."),
                "since": None,
            }
        return channel | {
            "id": number,
            "name": settings.get("name", ""),
            "enabled": enabled,
            "mode": settings.get("mode", "auto"),
        }

    async def _load_channels(self) -> None:
        page = await self._bus.request("settings.get", {"page": "channels"})
        items = page["values"]["items"][:MAX_CHANNELS]
        self._set = {int(item["id"]): item for item in items}
        for number in self._reports.keys() - self._set.keys():
            del self._reports[number]

    async def _on_connect(self) -> None:
        with contextlib.suppress(BusError):
            await self._load_channels()
        self._tell("connected", {})

    async def _on_settings(self, payload: Any) -> None:
        if payload.get("page") == "channels":
            with contextlib.suppress(BusError):
                await self._load_channels()
        self._tell("settings", {"page": payload.get("page"), "version": payload.get("version")})

    def _on_channels(self, payload: Any) -> None:
        now = self._clock()
        numbers = []
        for report in payload["channels"][:MAX_CHANNELS]:
            number = int(report["id"])
            if self._set is None or number in self._set:
                self._reports[number] = (now, report)
                numbers.append(number)
        if self._set is not None:
            self._tell("channel", {"channels": [self._compose(number) for number in numbers]})

    def _on_event(self, payload: Any) -> None:
        self._tell("event", payload)

    def _on_tags(self, payload: Any) -> None:
        self._tell("tags", {"channels": payload["channels"]})

    def _tell(self, topic: str, payload: Any) -> None:
        for listener in self._listeners:
            listener(topic, payload)


BOX = web.AppKey("box", BoxState)


async def lifetime(app: web.Application) -> AsyncIterator[None]:
    """Ask for the channels at once if the supervisor is there; its return is noticed later."""
    box = app[BOX]
    if app[CONTEXT].bus.connected.is_set():
        await asyncio.wait({asyncio.ensure_future(box._on_connect())}, timeout=2)
    yield

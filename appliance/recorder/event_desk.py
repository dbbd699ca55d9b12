"""Events a recorder raises: on the edge, once, and told again after the supervisor came back."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from appliance.bus.client import BusClient
from appliance.bus.errors import BusError

log = logging.getLogger(__name__)

MAX_WAITING = 1000

Key = tuple[str, str]


class EventDesk:
    """Keeps which events are open and tells the supervisor of each change, in order.

    While the supervisor is away changes are kept (bounded, drops counted); after its return the
    open ones are told anew and whatever else it thinks open is ended.
    """

    def __init__(self, bus: BusClient, source: str) -> None:
        self.dropped = 0
        self._bus = bus
        self._source = source
        self._open: dict[Key, dict[str, Any]] = {}
        self._queue: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue(MAX_WAITING)
        bus.on_connect(self._sync)

    def set(
        self, kind: str, key: str, active: bool, *, channel: int | None = None, **details: Any
    ) -> None:
        """Open or end the event `kind`/`key`; what is so already is not told again."""
        name = (kind, key)
        if active and name not in self._open:
            event = {
                "kind": kind,
                "key": key,
                "channel": channel,
                "source": self._source,
                "details": details,
            }
            self._open[name] = event
            self._put("events.raise", event)
        elif not active and self._open.pop(name, None) is not None:
            self._put("events.end", {"kind": kind, "key": key})

    def is_open(self, kind: str, key: str) -> bool:
        """Whether the event lasts."""
        return (kind, key) in self._open

    def once(self, kind: str, *, channel: int | None = None, **details: Any) -> None:
        """Record something that happened and has no end."""
        self._put(
            "events.raise",
            {"kind": kind, "channel": channel, "source": self._source, "details": details},
        )

    def _put(self, method: str, params: dict[str, Any]) -> None:
        try:
            self._queue.put_nowait((method, params))
        except asyncio.QueueFull:
            self.dropped += 1

    async def _sync(self) -> None:
        keys = [{"kind": kind, "key": key} for kind, key in self._open]
        await self._bus.request("events.sync", {"source": self._source, "keys": keys})
        for event in self._open.values():
            self._put("events.raise", event)

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            method, params = await self._queue.get()
            while True:
                await self._bus.connected.wait()
                try:
                    await self._bus.request(method, params)
                    break
                except BusError as error:
                    if error.code not in ("bus.disconnected", "bus.timeout"):
                        log.warning("An event was not taken: %s", error.text)
                        break

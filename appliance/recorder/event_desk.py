"""Events a recorder raises: on the edge, once, and told again after the supervisor came back."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from appliance.bus.client import BusClient
from appliance.bus.errors import BusError
from appliance.clock_watch import Jump

log = logging.getLogger(__name__)

MAX_WAITING = 1000

RENEW_S = 10.0
"""How often the figures of an event that lasts are told anew."""

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
        self._told: dict[Key, tuple[float, dict[str, Any]]] = {}
        self._met: set[Key] = set()
        self._queue: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue(MAX_WAITING)
        bus.on_connect(self._sync)

    def set(
        self,
        kind: str,
        key: str,
        active: bool,
        *,
        channel: int | None = None,
        start_ms: int | None = None,
        end_ms: int | None = None,
        counts: bool = False,
        **details: Any,
    ) -> None:
        """Open or end the event `kind`/`key`; what is so already is not told again.

        It starts and ends now, or at `start_ms` and `end_ms` (UTC).  With `counts` the details are
        figures that grow while it lasts: they are told anew every `RENEW_S`, and at its end.
        """
        name = (kind, key)
        self._met.add(name)
        event = self._open.get(name)
        if active and event is None:
            event = {
                "kind": kind,
                "key": key,
                "channel": channel,
                "source": self._source,
                "details": details,
            }
            if start_ms is not None:
                event["start"] = start_ms
            self._open[name] = event
            self._tell(name)
        elif event is not None and counts and event["details"] != details:
            event = self._open[name] = {**event, "details": details}
            if active and time.monotonic() - self._told[name][0] >= RENEW_S:
                self._tell(name)
        if not active and event is not None:
            self._end(name, end_ms)

    def settle(self, *kinds: str) -> None:
        """End what is open of these kinds and was not set since the last call for them.

        So that events of a channel or volume that was removed do not last for ever.
        """
        for name in [name for name in self._open if name[0] in kinds and name not in self._met]:
            self._end(name, None)
        self._met = {name for name in self._met if name[0] not in kinds}

    def _tell(self, name: Key) -> None:
        event = self._open[name]
        self._told[name] = (time.monotonic(), event["details"])
        self._put("events.raise", event)

    def _end(self, name: Key, end_ms: int | None) -> None:
        event = self._open.pop(name)
        ended: dict[str, Any] = {"kind": name[0], "key": name[1]}
        if event["details"] != self._told.pop(name)[1]:
            ended["details"] = event["details"]
        if end_ms is not None:
            ended["end"] = end_ms
        self._put("events.end", ended)

    def is_open(self, kind: str, key: str) -> bool:
        """Whether the event lasts."""
        return (kind, key) in self._open

    def once(self, kind: str, *, channel: int | None = None, **details: Any) -> None:
        """Record something that happened and has no end."""
        self._put(
            "events.raise",
            {"kind": kind, "channel": channel, "source": self._source, "details": details},
        )

    def clock_jumped(self, jump: Jump) -> None:
        """Tell of a jump of the clock: the supervisor makes one event of what several notice."""
        self._put("clock.jumped", jump._asdict())

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

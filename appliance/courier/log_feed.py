"""Fetches what is new in the record of events into the spool of the outlet `log`."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable
from typing import Any

from appliance.bus.client import BusClient
from appliance.bus.errors import BusError
from appliance.courier.outlet import Outlet
from appliance.courier.spool import Spool
from appliance.text import _

_log = logging.getLogger(__name__)

MARK = "log"
"""Name of the mark that says up to which event the record was read."""

ON = "log on"
"""Name of the mark that says whether the log is sent to a server."""

PAGE = 200
RETRY_S = 5.0
LEVELS = ("info", "warning", "error")


class LogFeed:
    """Follows the record: its own bound is the record's, so nothing is missed while it is away.

    That an event ended is told by the supervisor at that instant only.  `filled` is called when
    there is something to deliver.
    """

    def __init__(self, bus: BusClient, spool: Spool, outlet: Outlet, filled: Callable[[], None]):
        self._bus = bus
        self._spool = spool
        self._outlet = outlet
        self._filled = filled
        self.least = "info"
        self._grown = asyncio.Event()
        self._fetching = asyncio.Lock()
        bus.subscribe("log.grown", self._on_grown)
        bus.subscribe("event", self._on_event)

    def look(self) -> None:
        """Look at once whether there is something new."""
        self._grown.set()

    async def switch(self, work: Callable[[], Awaitable[None]], *, on: bool) -> None:
        """Do `work`, which switches the outlet on or off, between two fetches.

        What happened until then is passed over where it was off, what happens from then on is not.
        That it is on is noted: what happens while there is no courier is fetched later.
        """
        async with self._fetching:
            if on and await self._spool.mark(ON) != 1:
                await self._fetch()
            await self._spool.put(self._outlet.name, [], _now_ms(), marks={ON: int(on)})
            await work()

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            await self._grown.wait()
            self._grown.clear()
            try:
                more = True
                while more:
                    async with self._fetching:
                        more = await self._fetch()
            except (BusError, sqlite3.Error) as error:
                _log.warning("The log cannot be fetched for the log server: %s", error)
                await asyncio.sleep(RETRY_S)
                self._grown.set()

    async def _fetch(self) -> bool:
        """Fetch a page; return whether there is more.

        Where nobody is sent anything only the mark moves: a server that is set later gets what
        happens from then on.
        """
        after = await self._spool.mark(MARK)
        since = after if await self._spool.mark(ON) == 1 else None
        answer = await self._bus.request("log.since", {"after": since, "limit": PAGE})
        entries = [_entry(event) for event in answer["events"] if self._wanted(event)]
        last = int(answer["last"])
        if last != after:
            await self._spool.put(self._outlet.name, entries, _now_ms(), marks={MARK: last})
        if entries:
            self._filled()
        return bool(answer["more"])

    async def _on_grown(self, _payload: Any) -> None:
        self._grown.set()

    async def _on_event(self, payload: Any) -> None:
        if payload["change"] != "ended" or not self._outlet.ready:
            return
        event = payload["event"]
        if not self._wanted(event):
            return
        text = _("Over: {text}").format(text=event["text"])
        entry = {**_entry(event), "at": event["end"], "severity": "info", "text": text}
        try:
            await self._spool.put(self._outlet.name, [entry], _now_ms())
        except sqlite3.Error as error:
            _log.warning("The end of an event is not sent to the log server: %s", error)
        self._filled()

    def _wanted(self, event: dict[str, Any]) -> bool:
        severity = event.get("severity")
        known = severity if severity in LEVELS else "info"
        return LEVELS.index(known) >= LEVELS.index(self.least)


def _entry(event: dict[str, Any]) -> dict[str, Any]:
    text = f"{event['title']}: {event['text']}" if event["text"] else event["title"]
    return {
        "at": event["start"],
        "severity": event["severity"],
        "kind": event["kind"],
        "text": text,
    }


def _now_ms() -> int:
    return time.time_ns() // 1_000_000

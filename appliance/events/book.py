"""The events' book: raises and ends events in memory at once, and has them stored behind."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from appliance.events.database import MAX_EVENTS, EventDatabase
from appliance.events.kinds import KINDS, MAX_VALUE_CHARACTERS
from appliance.events.query import EventFilter
from appliance.events.record import EventRecord

_log = logging.getLogger(__name__)
T = TypeVar("T")

MAX_WAITING = 2_000
"""Events that wait for a disk that does not answer; older ones are then dropped and counted."""

MAX_BATCH = 200
RETRY_S = 5.0
MAX_OPEN = 2_000
MAX_KEYS = 1_024
"""Keys of events without an end that are remembered, so that a repeat is not recorded twice."""

MAX_KEY_CHARACTERS = 128
MAX_DETAILS = 32
MAX_DETAIL_CHARACTERS = MAX_VALUE_CHARACTERS

Listener = Callable[[str, EventRecord], None]


class EventError(Exception):
    """An event cannot be taken: `code` and `text`."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class EventBook:
    """The only writer of events.

    Raising and ending answer from memory and are stored in order by a thread, so that a slow disk
    delays nobody; what could not be stored is kept and tried again, within bounds.  `expected` says
    that this box has had a log before, so that a missing one is told.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock_ms: Callable[[], int] | None = None,
        max_events: int = MAX_EVENTS,
        chain_key: bytes = b"",
        expected: bool = False,
    ) -> None:
        self._path = path
        self._expected = expected
        self._max_events = max_events
        self._chain_key = chain_key
        self._clock_ms = clock_ms or (lambda: time.time_ns() // 1_000_000)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="events")
        self._database: EventDatabase | None = None
        self._open: dict[tuple[str, str], EventRecord] = {}
        self._seen: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._waiting: OrderedDict[int, EventRecord] = OrderedDict()
        self._wake = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._listeners: list[Listener] = []
        self._next_id = 1
        self._failing = False
        self.dropped = 0

    async def start(self) -> None:
        """Open the file (mending it where damaged), take up the events that last."""
        loop = asyncio.get_running_loop()

        def open_file() -> tuple[EventDatabase, list[EventRecord], int]:
            database = EventDatabase(
                self._path,
                max_events=self._max_events,
                chain_key=self._chain_key,
                expected=self._expected,
            )
            return database, database.open_events(), database.next_id()

        try:
            self._database, lasting, self._next_id = await loop.run_in_executor(
                self._thread, open_file
            )
        except (OSError, sqlite3.Error) as error:
            _log.error("Events cannot be stored, they are only shown while they last: %s", error)
            lasting = []
            self._next_id = self._clock_ms()
        for event in lasting[-MAX_OPEN:]:
            self._open[event.kind, event.key] = event
        self._writer = asyncio.create_task(self._write(), name="events")
        rebuilt = self._database.rebuilt if self._database else None
        if self._database is not None and rebuilt is not None:
            details = {"kept": rebuilt, "reason": self._database.reason}
            self.raise_event("event_store_mended", details=details)
        elif self._database is not None and self._database.chain.vanished:
            self.raise_event("log_lost")

    async def close(self) -> None:
        """Store what waits and close the file."""
        if self._writer is not None:
            self._writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writer
        if self._database is not None:
            await self._store_waiting()
            await asyncio.get_running_loop().run_in_executor(self._thread, self._database.close)
        self._thread.shutdown()

    def listen(self, listener: Listener) -> None:
        """Call `listener(change, event)` on the loop; change is raised, renewed or ended."""
        self._listeners.append(listener)

    @property
    def open_events(self) -> Collection[EventRecord]:
        """The events that last now."""
        return self._open.values()

    def raise_event(
        self,
        kind: str,
        *,
        key: str = "",
        channel: int | None = None,
        source: str = "supervisor",
        details: Mapping[str, Any] | None = None,
        start_ms: int | None = None,
    ) -> tuple[EventRecord, bool]:
        """Record that something started; return it and whether it is new.

        The same kind and key while it lasts renews that event; a kind without an end is recorded
        once a key (without a key each time).  Raise EventError.
        """
        registered = KINDS.get(kind)
        if registered is None:
            raise EventError("events.no_kind", f"There is no kind of events {kind[:64]!r}.")
        key = key or (
            f"{source}/{channel if channel is not None else ''}" if registered.has_end else ""
        )
        checked = _checked(details or {})
        if len(key) > MAX_KEY_CHARACTERS:
            raise EventError("events.bad_key", "The key of an event is too long.")
        lasting = self._open.get((kind, key))
        if lasting is not None:
            renewed = lasting.renewed(checked)
            if renewed.details != lasting.details:
                self._put(renewed, "renewed")
            else:
                self._open[kind, key] = renewed
            return renewed, False
        if not registered.has_end and key and (kind, key) in self._seen:
            known = EventRecord(self._seen[kind, key], kind, key, channel, source, 0, 0)
            return known, False
        if registered.has_end and len(self._open) >= MAX_OPEN:
            raise EventError("events.too_many", "Too many events last at once.")
        start = self._clock_ms() if start_ms is None else start_ms
        end = None if registered.has_end else start
        event = EventRecord(self._next_id, kind, key, channel, source, start, end, 0, checked)
        self._next_id += 1
        if not registered.has_end and key:
            self._seen[kind, key] = event.id
            while len(self._seen) > MAX_KEYS:
                self._seen.popitem(last=False)
        self._put(event, "raised")
        return event, True

    def end_event(
        self,
        kind: str,
        key: str,
        *,
        details: Mapping[str, Any] | None = None,
        end_ms: int | None = None,
    ) -> EventRecord | None:
        """Record that it is over; None where it does not last."""
        lasting = self._open.get((kind, key))
        if lasting is None:
            return None
        end = self._clock_ms() if end_ms is None else end_ms
        event = lasting.ended(end, _checked(details or {}))
        self._put(event, "ended")
        return event

    def sync(self, source: str, keep: Collection[str | tuple[str, str]]) -> int:
        """End what `source` left open except these keys or (kind, key) pairs; return how many."""
        stale = [
            event
            for place, event in self._open.items()
            if event.source == source and event.key not in keep and place not in keep
        ]
        for event in stale:
            self.end_event(event.kind, event.key)
        return len(stale)

    async def query(self, wanted: EventFilter) -> tuple[list[EventRecord], str | None]:
        """Return one page of stored events, newest first, and the place of the next page."""
        await self._store_waiting()
        database = self._database
        if database is None:
            return sorted(self._open.values(), key=lambda e: -e.start_ms)[: wanted.limit], None
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._thread, database.query, wanted
            )
        except sqlite3.Error as error:
            raise EventError("events.unreadable", f"Events cannot be read: {error}.") from error

    async def with_database(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do `work` on the file, in its thread, for what is kept beside the events.

        Raises EventError where there is no file, and whatever `work` raises.
        """
        database = self._database
        if database is None:
            raise EventError("events.unreadable", "The file of events cannot be opened")
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, database.with_connection, work
        )

    async def with_file(self, work: Callable[[EventDatabase], T]) -> T:
        """Do `work` on the file after all that waits is in it; raises as `with_database`."""
        await self._store_waiting()
        database = self._database
        if database is None:
            raise EventError("events.unreadable", "The file of events cannot be opened")
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, database)

    # -- inside --------------------------------------------------------------------------------

    def _put(self, event: EventRecord, change: str) -> None:
        place = (event.kind, event.key)
        if event.end_ms is None:
            self._open[place] = event
        else:
            self._open.pop(place, None)
        self._waiting[event.id] = event
        while len(self._waiting) > MAX_WAITING:
            self._waiting.popitem(last=False)
            self.dropped += 1
        self._wake.set()
        for listener in self._listeners:
            listener(change, event)

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if not await self._store_waiting():
                await asyncio.sleep(RETRY_S)
                self._wake.set()

    async def _store_waiting(self) -> bool:
        database = self._database
        if database is None:
            return True
        while self._waiting:
            batch = list(self._waiting.values())[:MAX_BATCH]
            try:
                await asyncio.get_running_loop().run_in_executor(
                    self._thread, database.store, batch
                )
            except sqlite3.Error as error:
                if not self._failing:
                    _log.error("Events cannot be stored now; they wait in memory: %s", error)
                self._failing = True
                return False
            for event in batch:
                if self._waiting.get(event.id) is event:
                    del self._waiting[event.id]
        if self._failing:
            _log.info("Events are stored again")
        self._failing = False
        return True


def _checked(details: Mapping[str, Any]) -> dict[str, Any]:
    """Return details cut to what may be kept: plain values, not too many, not too long."""
    checked: dict[str, Any] = {}
    for name, value in list(details.items())[:MAX_DETAILS]:
        if value is None or isinstance(value, bool | int):
            kept: Any = value
        elif isinstance(value, float):
            kept = value if math.isfinite(value) else None
        elif isinstance(value, list):
            kept = [_plain(entry, 200) for entry in value[:MAX_DETAILS]]
        else:
            kept = _plain(value, MAX_DETAIL_CHARACTERS)
        checked[_plain(name, 64)] = kept
    return checked


def _plain(value: Any, length: int) -> str:
    return str(value)[:length].encode("utf-8", "replace").decode("utf-8")

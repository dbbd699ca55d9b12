"""The events' SQLite file: opened with a check, rebuilt where damaged, bounded in size."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from appliance.events import tags_table
from appliance.events.chain import Chain
from appliance.events.query import EventFilter
from appliance.events.record import EventRecord
from appliance.events.tags import Tag

_log = logging.getLogger(__name__)
T = TypeVar("T")

SCHEMA = 1
MAX_EVENTS = 100_000
"""Rows kept besides what people did, which the chain bounds; at some 300 bytes each the file stays
below 60 MB.  The oldest go 1 % at a time."""

HEAD_NAME = "log-head.json"
"""The last entry of the chain of what people did, noted beside the file."""

_TABLES = """
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    channel INTEGER,
    source TEXT NOT NULL,
    start_ms INTEGER NOT NULL,
    end_ms INTEGER,
    repeats INTEGER NOT NULL,
    details TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_time ON events (start_ms, id);
CREATE INDEX events_by_key ON events (kind, key);
CREATE INDEX events_open ON events (start_ms) WHERE end_ms IS NULL;
"""

_COLUMNS = "id, kind, key, channel, source, start_ms, end_ms, repeats, details"


class EventDatabase:
    """Blocking; used by one thread.  `rebuilt` says after opening how many rows were saved.

    `expected` says that there has to be a log already.
    """

    def __init__(
        self,
        path: Path,
        *,
        max_events: int = MAX_EVENTS,
        chain_key: bytes = b"",
        expected: bool = False,
    ) -> None:
        self._path = path
        self.chain = Chain(chain_key, path.with_name(HEAD_NAME), expected=expected)
        self._max_events = max_events
        self.rebuilt: int | None = None
        self.reason = ""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._db = self._open()
        except sqlite3.DatabaseError as error:
            self.reason = str(error)
            self._db = self._rebuild()
        self._others = self._count_others()

    def close(self) -> None:
        """Write what SQLite still holds back, and close."""
        self._db.close()

    def with_connection(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Let `work` use the file: for the tables of tags beside the events."""
        return work(self._db)

    def store(self, events: Sequence[EventRecord]) -> None:
        """Insert or replace events durably, all or none; raise sqlite3.Error."""
        with self._db:
            before = self._db.total_changes
            self._db.executemany(
                f"INSERT INTO events ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?) "  # noqa: S608
                "ON CONFLICT (id) DO UPDATE SET end_ms = excluded.end_ms, "
                "repeats = excluded.repeats, details = excluded.details",
                [_row(event) for event in events],
            )
            self._others += self._db.total_changes - before
            chained = self.chain.append(self._db, events)
            self._others -= chained
            if chained:
                self.chain.trim(self._db)
        if chained:
            self.chain.note_head(self._db)
        if self._others > self._max_events:
            self._trim()

    def clear_log(self, until_id: int) -> int:
        """Take out what people did, hide older events from the log; return how many entries went.

        Events that are no entries of people stay on the events page.  Raise sqlite3.Error.
        """
        with self._db:
            gone = self.chain.clear(self._db, until_id)
        self.chain.note_head(self._db)
        return gone

    def next_id(self) -> int:
        """Return an id never given to an event, trimmed ones included."""
        row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
        return int(row[0]) + 1 if row else 1

    def open_events(self) -> list[EventRecord]:
        """Return the events that last."""
        found = self._db.execute(
            f"SELECT {_COLUMNS} FROM events WHERE end_ms IS NULL ORDER BY id"  # noqa: S608
        )
        return [_record(row) for row in found]

    def query(self, wanted: EventFilter) -> tuple[list[EventRecord], str | None]:
        """Return one page, newest first, and the cursor of the next (None at the end)."""
        where, values = wanted.where()
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM events WHERE {where} "  # noqa: S608
            "ORDER BY start_ms DESC, id DESC LIMIT ?",
            (*values, wanted.limit + 1),
        ).fetchall()
        events = [_record(row) for row in rows[: wanted.limit]]
        more = len(rows) > wanted.limit
        return events, f"{events[-1].start_ms}:{events[-1].id}" if more else None

    def after(self, number: int, limit: int) -> list[EventRecord]:
        """Return the events with a higher id, the oldest first."""
        found = self._db.execute(
            f"SELECT {_COLUMNS} FROM events WHERE id > ? ORDER BY id LIMIT ?",  # noqa: S608
            (number, limit),
        )
        return [_record(row) for row in found]

    # -- inside --------------------------------------------------------------------------------

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, timeout=5)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA journal_size_limit = 4194304")
        except sqlite3.DatabaseError:
            db.close()
            raise
        return db

    def _open(self) -> sqlite3.Connection:
        db = self._connect()
        try:
            version = int(db.execute("PRAGMA user_version").fetchone()[0])
            if version == 0 and not db.execute("SELECT 1 FROM sqlite_master").fetchone():
                db.executescript(_TABLES + f"PRAGMA user_version = {SCHEMA};")
            elif version != SCHEMA:
                raise sqlite3.DatabaseError(f"version {version} of the file is not known")
            verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
            if verdict != "ok":
                raise sqlite3.DatabaseError(f"quick_check: {verdict}")
            tags_table.prepare(db)
            self.chain.prepare(db)
        except sqlite3.DatabaseError:
            db.close()
            raise
        return db

    def _rebuild(self) -> sqlite3.Connection:
        """Keep the damaged file aside and start a new one with every row still readable."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        aside = self._path.with_name(f"{self._path.name}.broken-{stamp}")
        self._path.replace(aside)
        for suffix in ("-wal", "-shm"):
            part = self._path.with_name(self._path.name + suffix)
            if part.exists():
                part.replace(aside.with_name(aside.name + suffix))
        old = sorted(self._path.parent.glob(f"{self._path.name}.broken-*"))
        for path in [entry for entry in old if not entry.name.startswith(aside.name)]:
            path.unlink()
        db = self._open()
        saved = list(_saved_events(aside))
        tags_table.put(db, list(_saved_tags(aside)))
        with db:
            db.executemany(
                f"INSERT OR IGNORE INTO events ({_COLUMNS}) "  # noqa: S608
                "VALUES (?,?,?,?,?,?,?,?,?)",
                [_row(event) for event in saved],
            )
        self.chain.adopt(db)
        self.rebuilt = len(saved)
        _log.error("The file of events was damaged; %d events were saved from it", len(saved))
        return db

    def _count_others(self) -> int:
        """Return how many events there are that no chain bounds."""
        return int(
            self._db.execute(
                "SELECT count(*) FROM events WHERE id NOT IN (SELECT event_id FROM audit_chain)"
            ).fetchone()[0]
        )

    def _trim(self) -> None:
        self._others = self._count_others()
        if self._others <= self._max_events:
            return
        with self._db:
            gone = self._db.execute(
                "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE end_ms IS NOT NULL "
                "AND id NOT IN (SELECT event_id FROM audit_chain) "
                "ORDER BY start_ms, id LIMIT ?)",
                (self._others - self._max_events + self._max_events // 100,),
            )
            self._others -= gone.rowcount


def _saved_events(path: Path) -> Iterator[EventRecord]:
    for row in _salvage(path, "events", _COLUMNS):
        try:
            yield _record(row)
        except (ValueError, TypeError):
            continue


def _saved_tags(path: Path) -> Iterator[Tag]:
    for row in _salvage(path, "tags", tags_table.COLUMNS):
        try:
            yield tags_table.tag_of(row)
        except (ValueError, TypeError):
            continue


def _salvage(path: Path, table: str, columns: str) -> Iterator[tuple[Any, ...]]:
    """Yield every row of a table of a damaged file that can still be read."""
    try:
        db = sqlite3.connect(path)
    except sqlite3.Error:
        return
    with_id = (
        f"SELECT rowid, {columns} FROM {table} NOT INDEXED"  # noqa: S608
        " WHERE rowid > ? ORDER BY rowid LIMIT 1"
    )
    try:
        last, step, misses = 0, 1, 0
        while misses < 64:
            try:
                row = db.execute(with_id, (last,)).fetchone()
            except sqlite3.DatabaseError:
                last, step, misses = last + step, step * 2, misses + 1
                continue
            if row is None:
                return
            last, step = int(row[0]), 1
            yield row[1:]
    finally:
        db.close()


def _row(event: EventRecord) -> tuple[Any, ...]:
    return (
        event.id,
        event.kind,
        event.key,
        event.channel,
        event.source,
        event.start_ms,
        event.end_ms,
        event.repeats,
        json.dumps(event.details, ensure_ascii=False, separators=(",", ":"), default=str),
    )


def _record(row: Sequence[Any]) -> EventRecord:
    number, kind, key, channel, source, start_ms, end_ms, repeats, details = row
    parsed = json.loads(details)
    if not isinstance(parsed, dict) or not isinstance(kind, str) or not isinstance(start_ms, int):
        raise ValueError("not an event")
    return EventRecord(number, kind, key, channel, source, start_ms, end_ms, repeats, parsed)

"""The catalogue: which block holds what, in SQLite on the volume; a cache that can be rebuilt.

Nothing here is the truth: heads and tails of the blocks are.  A row says that footage is there
only after it is durable, and goes before the footage does.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

from appliance.storage.head import Identity
from appliance.storage.model import StreamId, StreamName
from appliance.storage.pieces import Piece, buckets, pieces_of
from appliance.storage.tail import IndexedFragment
from appliance.storage.timeline_tables import TABLES, Bucket, renew, sound

SCHEMA = 3
NOT_READ = -1
"""Count of fragments in rows of which a rebuild has read no more than the head."""

DAMAGE = (sqlite3.Error, UnicodeError, TypeError, ValueError, IndexError, OverflowError)
"""What a damaged file can make the calls of this module raise."""

BlockState = Literal["erased", "open", "closed", "suspect"]
T = TypeVar("T")

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value);
CREATE TABLE IF NOT EXISTS blocks (
    number INTEGER PRIMARY KEY, generation INTEGER NOT NULL, sequence INTEGER NOT NULL,
    state TEXT NOT NULL, channel INTEGER NOT NULL, stream TEXT NOT NULL,
    locked INTEGER NOT NULL, first_ns INTEGER NOT NULL, last_ns INTEGER NOT NULL,
    fragments INTEGER NOT NULL, bytes INTEGER NOT NULL, created_ns INTEGER NOT NULL,
    trusted INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS blocks_to_reuse ON blocks (state, locked, sequence);
CREATE INDEX IF NOT EXISTS blocks_by_time ON blocks (first_ns, channel, stream, number);
CREATE TABLE IF NOT EXISTS pieces (
    number INTEGER NOT NULL, channel INTEGER NOT NULL, stream TEXT NOT NULL,
    start_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL, kinds INTEGER NOT NULL,
    first INTEGER NOT NULL, fragments INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS pieces_by_time ON pieces (channel, stream, start_ns, number, end_ns);
CREATE INDEX IF NOT EXISTS pieces_by_block ON pieces (number);
"""


class BlockRow(NamedTuple):
    """A row of the table of blocks; times are UTC nanoseconds, 0 in erased blocks.

    `trusted` says that the clock could be relied on when the block was begun.
    """

    number: int
    generation: int
    sequence: int
    state: BlockState
    channel: int
    stream: str
    locked: bool
    first_ns: int
    last_ns: int
    fragments: int
    bytes: int
    created_ns: int
    trusted: bool

    @property
    def stream_id(self) -> StreamId | None:
        """Whose footage it holds; None in erased blocks."""
        return StreamId(self.channel, StreamName(self.stream)) if self.stream else None


class Totals(NamedTuple):
    """Counts over the blocks with footage; `begun` are the recent ones, `first_ns` the first."""

    used: int
    locked: int
    oldest_ns: int | None
    streams: int
    begun: int
    first_ns: int | None


def erased_row(number: int, generation: int) -> BlockRow:
    """The row of a block without footage."""
    return BlockRow(number, generation, 0, "erased", 0, "", False, 0, 0, 0, 0, 0, False)


def used_row(
    identity: Identity, state: BlockState, locked: bool, fragments: Sequence[IndexedFragment]
) -> BlockRow:
    """The row of a block in use; an open one is entered without its fragments."""
    return BlockRow(
        identity.block,
        identity.generation,
        identity.sequence,
        state,
        identity.stream.channel,
        identity.stream.stream.value,
        locked,
        min((f.utc_ns for f in fragments), default=0),
        max((f.end_ns for f in fragments), default=0),
        len(fragments),
        sum(f.end - f.offset for f in fragments),
        identity.created_ns,
        identity.time_trusted,
    )


class Catalogue:
    """Read-write access; one connection, usable from any thread.  Raises DAMAGE."""

    def __init__(self, path: Path, volume: str) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
        try:
            self._prepare(volume)
            self._inode = path.stat().st_ino
        except BaseException:
            self._db.close()
            raise

    @property
    def replaced(self) -> bool:
        """Whether the file at its place is another one by now, or none."""
        try:
            return self.path.stat().st_ino != self._inode
        except OSError:
            return True

    def _prepare(self, volume: str) -> None:
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA cache_size=-2048")
        self._db.execute("PRAGMA wal_autocheckpoint=256")
        with self._transaction() as db:
            for statement in (_TABLES + TABLES).split(";\n"):
                if statement.strip():
                    db.execute(statement)
            known = dict(db.execute("SELECT key, value FROM meta").fetchall())
            if known and (known.get("volume") != volume or known.get("schema") != SCHEMA):
                raise sqlite3.DatabaseError("catalogue of another volume or version")
            if not known:
                known = {"volume": volume, "schema": SCHEMA, "complete": 0, "heads": 0, "serial": 0}
                db.executemany("INSERT INTO meta VALUES (?, ?)", known.items())

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._db.close()

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._transaction() as db:
            yield db
            db.execute("UPDATE meta SET value = value + 1 WHERE key = 'serial'")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _ask(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    @property
    def serial(self) -> int:
        """Counts changes; durable with each of them."""
        return int(self._ask("SELECT value FROM meta WHERE key = 'serial'")[0][0])

    @property
    def complete(self) -> bool:
        """Whether it covers every block of the volume."""
        return bool(self._ask("SELECT value FROM meta WHERE key = 'complete'")[0][0])

    def begin_at(self, serial: int) -> None:
        """Count changes from `serial` on, which is above what any recorder has noted."""
        with self._transaction() as db:
            db.execute("UPDATE meta SET value = max(value, ?) WHERE key = 'serial'", (serial,))

    def set_incomplete(self) -> None:
        """Something in it is wrong: whoever opens it is to make it anew."""
        with self._change() as db:
            db.execute("UPDATE meta SET value = 0 WHERE key IN ('complete', 'heads')")

    def set_complete(self) -> None:
        """A rebuild ended."""
        with self._change() as db:
            db.execute("UPDATE meta SET value = 1 WHERE key IN ('complete', 'heads')")

    @property
    def heads(self) -> bool:
        """Whether it has the sequence and lock of every block, so that some may be reused."""
        return bool(self._ask("SELECT value FROM meta WHERE key = 'heads'")[0][0])

    def put_heads(self, rows: Iterable[BlockRow]) -> None:
        """Enter blocks of which only the head was read, where nothing is known of them yet."""
        with self._change() as db:
            marks = ",".join("?" * len(BlockRow._fields))
            db.executemany(
                f"INSERT OR IGNORE INTO blocks VALUES ({marks})",  # noqa: S608
                (row._replace(fragments=NOT_READ) for row in rows),
            )
            db.execute("UPDATE meta SET value = 1 WHERE key = 'heads'")

    def check(self) -> bool:
        """Whether SQLite finds the file sound, and the timeline in it is as it was put there."""
        if [tuple(r) for r in self._ask("PRAGMA quick_check(1)")] != [("ok",)]:
            return False
        with self._lock:
            return sound(self._db)

    def put(
        self, rows: Iterable[tuple[BlockRow, Sequence[Piece]]], *, only_unread: bool = False
    ) -> None:
        """Enter blocks with their pieces in place of what was known of them.

        `only_unread` leaves rows alone that recorders entered since a rebuild began.
        """
        with self._change() as db:
            touched: set[Bucket] = set()
            for row, pieces in rows:
                old = db.execute(
                    "SELECT fragments FROM blocks WHERE number = ?", (row.number,)
                ).fetchone()
                if only_unread and old and old[0] != NOT_READ:
                    continue
                touched |= self._remove(db, row.number)
                marks = ",".join("?" * len(row))
                db.execute(f"INSERT OR REPLACE INTO blocks VALUES ({marks})", row)  # noqa: S608
                for piece in pieces:
                    db.execute(
                        "INSERT INTO pieces VALUES (?,?,?,?,?,?,?,?)",
                        (row.number, row.channel, row.stream, *piece),
                    )
                    ranges = buckets(piece.start_ns, piece.end_ns)
                    touched |= {(row.channel, row.stream, bucket) for bucket in ranges}
            renew(db, touched)

    def closed(
        self, identity: Identity, locked: bool, fragments: Sequence[IndexedFragment],
        state: BlockState = "closed",
    ) -> None:  # fmt: skip
        """Enter a block whose footage is durable and complete."""
        self.put([(used_row(identity, state, locked, fragments), pieces_of(fragments))])

    def opened(self, identity: Identity, locked: bool) -> None:
        """Enter a block that is being written; readers ask the recorder what it holds."""
        self.put([(used_row(identity, "open", locked, ()), ())])

    def erased(self, blocks: Iterable[tuple[int, int]]) -> None:
        """Enter blocks (number, last generation) as being without footage."""
        self.put((erased_row(number, generation), ()) for number, generation in blocks)

    def set_locked(self, numbers: Iterable[int], locked: bool) -> None:
        """Note locks that are durable in the blocks themselves."""
        with self._change() as db:
            touched: set[Bucket] = set()
            for number in numbers:
                db.execute("UPDATE blocks SET locked = ? WHERE number = ?", (locked, number))
                touched |= self._buckets_of(db, number)
            renew(db, touched)

    def block(self, number: int) -> BlockRow | None:
        """One row."""
        rows = self._ask("SELECT * FROM blocks WHERE number = ?", (number,))
        return _row(rows[0]) if rows else None

    def blocks(self, where: str = "1", values: Sequence[Any] = ()) -> list[BlockRow]:
        """Rows by a condition of this package's own making, lowest sequence first."""
        sql = f"SELECT * FROM blocks WHERE {where} ORDER BY sequence, number"  # noqa: S608
        return [_row(r) for r in self._ask(sql, values)]

    def to_reuse(self, limit: int) -> list[BlockRow]:
        """Blocks with footage that is not locked, lowest allocation sequence first."""
        found = []
        for state in ("closed", "suspect"):
            found += self._ask(
                "SELECT * FROM blocks WHERE state = ? AND locked = 0 ORDER BY sequence LIMIT ?",
                (state, limit),
            )
        return sorted(map(_row, found), key=lambda row: row.sequence)[:limit]

    def totals(self, since_ns: int, until_ns: int) -> Totals:
        """Counts over all blocks with footage; those begun within [since, until] apart."""
        used, locked, oldest, streams = self._ask(
            "SELECT count(*), coalesce(sum(locked), 0), min(nullif(first_ns, 0)),"
            " count(DISTINCT channel || stream) FROM blocks WHERE state != 'erased'"
        )[0]
        begun, first = self._ask(
            "SELECT count(*), min(created_ns) FROM blocks"
            " WHERE state != 'erased' AND created_ns BETWEEN ? AND ?",
            (since_ns, until_ns),
        )[0]
        return Totals(used, locked, oldest, streams, begun, first)

    def holding(self, stream: StreamId, start_ns: int, end_ns: int) -> list[BlockRow]:
        """Blocks that hold footage of a stream within [start, end)."""
        return self.blocks(
            "number IN (SELECT number FROM pieces WHERE channel = ? AND stream = ?"
            " AND start_ns < ? AND end_ns > ?)",
            (stream.channel, stream.stream.value, end_ns, start_ns),
        )

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows but the counters, in a fixed order: what a rebuild must give again."""
        return {
            "blocks": [tuple(r) for r in self._ask("SELECT * FROM blocks ORDER BY number")],
            "pieces": [tuple(r) for r in self._ask("SELECT * FROM pieces ORDER BY number, first")],
            "spans": [
                tuple(r)
                for r in self._ask(
                    "SELECT * FROM spans"
                    " ORDER BY channel, stream, bucket, start_ns, kinds, locked, end_ns"
                )
            ],
            "cells": [
                tuple(r)
                for r in self._ask("SELECT * FROM cells ORDER BY level, channel, stream, bucket")
            ],
        }

    def with_connection(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run read-only queries of this package on the connection."""
        with self._lock:
            return work(self._db)

    def _remove(self, db: sqlite3.Connection, number: int) -> set[Bucket]:
        touched = self._buckets_of(db, number)
        db.execute("DELETE FROM pieces WHERE number = ?", (number,))
        return touched

    def _buckets_of(self, db: sqlite3.Connection, number: int) -> set[Bucket]:
        rows = db.execute(
            "SELECT channel, stream, start_ns, end_ns FROM pieces WHERE number = ?", (number,)
        )
        return {(c, s, b) for c, s, start, end in rows for b in buckets(start, end)}


def _row(values: Sequence[Any]) -> BlockRow:
    row = BlockRow(*values)
    return row._replace(locked=bool(row.locked), trusted=bool(row.trusted))

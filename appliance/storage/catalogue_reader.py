"""Reading the catalogue of a volume from another process, read-only, whatever becomes of it."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from appliance.storage.catalogue import DAMAGE
from appliance.storage.cells import LEVELS_NS
from appliance.storage.model import StreamId, StreamName
from appliance.storage.pieces import BUCKET_NS, LONGEST_PIECE_NS
from appliance.storage.volume import CATALOGUE_FILE

log = logging.getLogger(__name__)
_OVERLAPS = 64


class PieceRow(NamedTuple):
    """A piece of footage with the block that holds it; ordered by time, then by age."""

    start_ns: int
    sequence: int
    first: int
    number: int
    end_ns: int
    fragments: int
    locked: bool


class FileRow(NamedTuple):
    """A block with footage; `kinds` are those of its pieces, times UTC nanoseconds."""

    number: int
    channel: int
    stream: str
    start_ns: int
    end_ns: int
    bytes: int
    locked: bool
    kinds: frozenset[int]


_COLUMNS = "p.start_ns, b.sequence, p.first, p.number, p.end_ns, p.fragments, b.locked"
_FROM = (
    f"SELECT {_COLUMNS} FROM pieces p JOIN blocks b USING (number)"  # noqa: S608
    " WHERE p.channel = ? AND p.stream = ?"
)


class CatalogueReader:
    """Queries; a missing, damaged or replaced catalogue gives empty answers, not errors."""

    def __init__(self, root: Path) -> None:
        self._path = root / CATALOGUE_FILE
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None
        self._inode = 0
        self._troubled = False

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._drop()

    def streams(self) -> list[StreamId]:
        """All streams with footage."""
        rows = self._ask(
            "SELECT DISTINCT channel, stream FROM cells WHERE level = ?", (len(LEVELS_NS) - 1,)
        )
        return [StreamId(channel, StreamName(stream)) for channel, stream in rows]

    def spans(
        self, stream: StreamId, start_ns: int, end_ns: int
    ) -> list[tuple[int, int, int, bool]]:
        """(start_ns, end_ns, kinds, locked) of the spans that touch [start, end)."""
        window = (start_ns // BUCKET_NS, end_ns // BUCKET_NS, end_ns, start_ns)
        return self._ask(
            "SELECT start_ns, end_ns, kinds, locked FROM spans"
            " WHERE channel = ? AND stream = ? AND bucket BETWEEN ? AND ?"
            " AND start_ns < ? AND end_ns > ?",
            (*_name(stream), *window),
        )

    def locked_spans(
        self, stream: StreamId, start_ns: int, end_ns: int
    ) -> list[tuple[int, int, int, bool]]:
        """As `spans`, those of locked blocks only."""
        return self._ask(
            "SELECT start_ns, end_ns, kinds, locked FROM spans"
            " WHERE channel = ? AND stream = ? AND locked AND start_ns < ? AND end_ns > ?",
            (*_name(stream), end_ns, start_ns),
        )

    def cells(
        self, stream: StreamId, level: int, start_ns: int, end_ns: int
    ) -> list[tuple[int, bytes]]:
        """(bucket, cells of a level as they are kept) of the buckets that touch [start, end)."""
        rows = self._ask(
            "SELECT bucket, kinds FROM cells"
            " WHERE level = ? AND channel = ? AND stream = ? AND bucket BETWEEN ? AND ?",
            (level, *_name(stream), start_ns // BUCKET_NS, max(start_ns, end_ns - 1) // BUCKET_NS),
        )
        lengths = (1, BUCKET_NS // LEVELS_NS[level])
        return [(b, kept) for b, kept in rows if type(kept) is bytes and len(kept) in lengths]

    def around(self, stream: StreamId, utc_ns: int) -> list[PieceRow]:
        """Pieces that hold an instant."""
        rows = self._ask(
            f"{_FROM} AND p.start_ns BETWEEN ? AND ? ORDER BY p.start_ns DESC LIMIT {_OVERLAPS}",
            (*_name(stream), utc_ns - LONGEST_PIECE_NS, utc_ns),
        )
        return [PieceRow(*r) for r in rows if r[4] > utc_ns]

    def after(self, stream: StreamId, start_ns: int) -> list[PieceRow]:
        """The next few pieces that begin at an instant or later."""
        rows = self._ask(
            f"{_FROM} AND p.start_ns >= ? ORDER BY p.start_ns LIMIT {_OVERLAPS}",
            (*_name(stream), start_ns),
        )
        return [PieceRow(*r) for r in rows]

    def before(self, stream: StreamId, start_ns: int) -> list[PieceRow]:
        """The last few pieces that begin at an instant or earlier."""
        rows = self._ask(
            f"{_FROM} AND p.start_ns <= ? ORDER BY p.start_ns DESC LIMIT {_OVERLAPS}",
            (*_name(stream), start_ns),
        )
        return [PieceRow(*r) for r in rows]

    def files(
        self,
        channels: Sequence[int],
        streams: Sequence[str],
        start_ns: int,
        end_ns: int,
        *,
        kinds: int = 0,
        locked: bool = False,
        after: Sequence[Any] | None = None,
        limit: int,
    ) -> list[FileRow]:
        """Closed blocks that touch [start, end), by (start, channel, stream, number) from above.

        `kinds`: with a piece of any of these; `after`: from that place on, itself included.
        """
        # the plus keeps SQLite from choosing the index on the state, and to sort all blocks
        parts, values = ["+state IN ('closed', 'suspect') AND fragments > 0"], list[Any]()
        for column, names in (("channel", channels), ("stream", streams)):
            parts.append(f"{column} IN ({','.join('?' * len(names))})")
            values += names
        parts.append("first_ns < ? AND last_ns > ?")
        values += [end_ns if after is None else min(end_ns, after[0] + 1), start_ns]
        if locked:
            parts.append("locked")
        if kinds:
            parts.append("EXISTS (SELECT 1 FROM pieces WHERE number = b.number AND kinds & ?)")
            values.append(kinds)
        if after is not None:
            parts.append("(first_ns, channel, stream, number) <= (?, ?, ?, ?)")
            values += after
        rows = self._ask(
            "SELECT number, channel, stream, first_ns, last_ns, bytes, locked, ("  # noqa: S608
            "SELECT group_concat(DISTINCT kinds) FROM pieces WHERE number = b.number"
            f") FROM blocks b WHERE {' AND '.join(parts)}"
            " ORDER BY first_ns DESC, channel DESC, stream DESC, number DESC LIMIT ?",
            (*values, limit),
        )
        return [
            FileRow(n, c, s, start, end, size, bool(lock), frozenset(map(int, pieces.split(","))))
            for n, c, s, start, end, size, lock, pieces in rows
            if type(pieces) is str
        ]

    def open_numbers(self, stream: StreamId | None) -> list[tuple[int, int, bool]]:
        """(number, sequence, locked) of blocks that were open when the catalogue was written."""
        sql = "SELECT number, sequence, locked FROM blocks WHERE state = 'open'"
        if stream is None:
            return [(n, s, bool(x)) for n, s, x in self._ask(sql)]
        rows = self._ask(f"{sql} AND channel = ? AND stream = ?", _name(stream))
        return [(n, s, bool(x)) for n, s, x in rows]

    def sequences(self, numbers: Sequence[int]) -> dict[int, int]:
        """Sequence of those of the blocks that are entered as closed."""
        known: dict[int, int] = {}
        for number in numbers:
            for row in self._ask(
                "SELECT sequence FROM blocks WHERE number = ? AND state IN ('closed', 'suspect')",
                (number,),
            ):
                known[number] = int(row[0])
        return known

    def _ask(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._lock:
            for attempt in (1, 2):
                try:
                    db = self._connection()
                    rows = db.execute(sql, values).fetchall() if db else []
                    self._troubled = False
                    return rows
                except DAMAGE as error:
                    self._drop()
                    if attempt == 2 and not self._troubled:
                        log.warning("catalogue %s cannot be read: %s", self._path, error)
                        self._troubled = True
        return []

    def _connection(self) -> sqlite3.Connection | None:
        try:
            inode = self._path.stat().st_ino
        except OSError:
            self._drop()
            return None
        if self._db is None or inode != self._inode:
            self._drop()
            self._db = sqlite3.connect(
                f"{self._path.absolute().as_uri()}?mode=ro",
                uri=True,
                timeout=2,
                isolation_level=None,
                check_same_thread=False,
            )
            self._inode = inode
        return self._db

    def _drop(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None


def _name(stream: StreamId) -> tuple[int, str]:
    return stream.channel, stream.stream.value

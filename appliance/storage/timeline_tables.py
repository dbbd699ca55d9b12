"""The tables of the catalogue that the timeline is drawn from, and how they are kept.

Both are made per stream and bucket of time from the pieces that lie in it: merged spans, which
are exact, and cells (see cells.py), which cost the same however finely the footage is cut.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from crc32c import crc32c

from appliance.storage.cells import LEVELS_NS, cells_of_bucket
from appliance.storage.pieces import BUCKET_NS, LONGEST_PIECE_NS, Span, clip, merge

Bucket = tuple[int, str, int]
"""Channel, stream, and which stretch of BUCKET_NS."""

TABLES = """
CREATE TABLE IF NOT EXISTS spans (
    channel INTEGER NOT NULL, stream TEXT NOT NULL, bucket INTEGER NOT NULL,
    start_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL, kinds INTEGER NOT NULL,
    locked INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS spans_by_time
    ON spans (channel, stream, bucket, start_ns, end_ns, kinds, locked);
CREATE INDEX IF NOT EXISTS spans_locked ON spans (channel, stream, start_ns) WHERE locked;
CREATE TABLE IF NOT EXISTS cells (
    level INTEGER NOT NULL, channel INTEGER NOT NULL, stream TEXT NOT NULL,
    bucket INTEGER NOT NULL, kinds BLOB NOT NULL, crc INTEGER NOT NULL,
    PRIMARY KEY (level, channel, stream, bucket)
) WITHOUT ROWID;
"""

_PIECES_IN = """
SELECT p.start_ns, p.end_ns, p.kinds, b.locked FROM pieces p JOIN blocks b USING (number)
WHERE p.channel = ? AND p.stream = ? AND p.start_ns < ? AND p.start_ns > ? AND p.end_ns > ?
"""


def renew(db: sqlite3.Connection, touched: Iterable[Bucket]) -> None:
    """Make what the timeline needs of some buckets anew from the pieces that lie in them."""
    for channel, stream, bucket in touched:
        start = bucket * BUCKET_NS
        window = (start + BUCKET_NS, start - LONGEST_PIECE_NS, start)
        spans = merge(
            clip(Span(start_ns, end_ns, kinds, bool(locked)), bucket)
            for start_ns, end_ns, kinds, locked in db.execute(
                _PIECES_IN, (channel, stream, *window)
            )
        )
        place = (channel, stream, bucket)
        db.execute("DELETE FROM spans WHERE channel = ? AND stream = ? AND bucket = ?", place)
        db.executemany("INSERT INTO spans VALUES (?,?,?,?,?,?,?)", [(*place, *s) for s in spans])
        levels = range(len(LEVELS_NS))
        db.executemany(
            "DELETE FROM cells WHERE level = ? AND channel = ? AND stream = ? AND bucket = ?",
            [(level, *place) for level in levels],
        )
        if spans:
            cells = cells_of_bucket(bucket, spans)
            db.executemany(
                "INSERT INTO cells VALUES (?,?,?,?,?,?)",
                [(level, *place, cells[level], crc32c(cells[level])) for level in levels],
            )


def sound(db: sqlite3.Connection) -> bool:
    """Whether all cells are as they were put there.

    SQLite does not look into values: what a disk garbles within one it takes as it is.
    """
    rows = db.execute("SELECT kinds, crc FROM cells")
    return all(type(kept) is bytes and crc32c(kept) == crc for kept, crc in rows)

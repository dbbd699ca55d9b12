"""The table of tags in the events' file; tombstones included, each change with a serial."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from appliance.events.tags import Tag, folded
from appliance.events.tags_query import TagFilter, cursor_of

MAX_TAGS = 10_000
MAX_TOMBSTONES = 10_000
"""Deleted tags that are remembered; the first ones go first.  At some 400 bytes a row the table
stays below 8 MB."""

TABLES = """
CREATE TABLE IF NOT EXISTS tags (
    id TEXT PRIMARY KEY,
    channel INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    name TEXT NOT NULL,
    author TEXT NOT NULL,
    revision INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    folded TEXT NOT NULL,
    serial INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS tags_by_time ON tags (at_ms, id) WHERE NOT deleted;
CREATE INDEX IF NOT EXISTS tags_by_serial ON tags (serial, channel);
CREATE TABLE IF NOT EXISTS tags_store (id TEXT NOT NULL) STRICT;
"""

ADDED = (
    ("tags", "gone_ms", "INTEGER"),
    ("tags_store", "serial", "INTEGER NOT NULL DEFAULT 0"),
)
"""Columns of later versions: since when a tag has no footage; the last serial of rows removed."""

COLUMNS = "id, channel, at_ms, name, author, revision, changed_ms, deleted"
_MARKS = "?,?,?,?,?,?,?,?,?,?"


class Changes(NamedTuple):
    """A page of changes: the table's own id, the tags, the last serial, whether more follow."""

    store: str
    tags: list[Tag]
    serial: int
    more: bool


def prepare(db: sqlite3.Connection) -> None:
    """Make the tables where they are missing."""
    db.executescript(TABLES)
    with db:
        for table, column, kind in ADDED:
            if column not in [row[1] for row in db.execute(f"PRAGMA table_info({table})")]:
                db.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
        if db.execute("SELECT id FROM tags_store").fetchone() is None:
            db.execute("INSERT INTO tags_store (id) VALUES (?)", (uuid.uuid4().hex,))


def count(db: sqlite3.Connection, *, deleted: bool) -> int:
    """How many tags, or tombstones, there are."""
    row = db.execute("SELECT count(*) FROM tags WHERE deleted = ?", (int(deleted),)).fetchone()
    return int(row[0])


def get(db: sqlite3.Connection, ids: Iterable[str]) -> list[Tag]:
    """Return those of the tags that are known, tombstones included."""
    found = []
    for tag_id in ids:
        row = db.execute(
            f"SELECT {COLUMNS} FROM tags WHERE id = ?",  # noqa: S608
            (tag_id,),
        ).fetchone()
        if row is not None:
            found.append(tag_of(row))
    return found


def put(db: sqlite3.Connection, tags: Sequence[Tag]) -> int:
    """Enter or replace tags durably, all or none; return the last serial.

    What is known of a tag's channel and instant stays, whatever a copy says.
    """
    with db:
        serial = _last_serial(db)
        for tag in tags:
            serial += 1
            values = (*row_of(tag), folded(tag.name), serial)
            db.execute(
                f"INSERT INTO tags ({COLUMNS}, folded, serial) VALUES ({_MARKS}) "  # noqa: S608
                "ON CONFLICT (id) DO UPDATE SET name = excluded.name, author = excluded.author, "
                "revision = excluded.revision, changed_ms = excluded.changed_ms, "
                "deleted = excluded.deleted, folded = excluded.folded, serial = excluded.serial",
                values,
            )
        if any(tag.deleted for tag in tags):
            db.execute(
                "DELETE FROM tags WHERE id IN (SELECT id FROM tags WHERE deleted "
                "ORDER BY serial DESC LIMIT -1 OFFSET ?)",
                (MAX_TOMBSTONES,),
            )
    return serial


def gone_since(db: sqlite3.Connection, ids: Iterable[str]) -> dict[str, int]:
    """Return since when (ms) there is no footage of tags, for those of which there is none."""
    found = {}
    for tag_id in ids:
        row = db.execute("SELECT gone_ms FROM tags WHERE id = ?", (tag_id,)).fetchone()
        if row is not None and row[0] is not None:
            found[tag_id] = int(row[0])
    return found


def note_footage(
    db: sqlite3.Connection,
    gone: Collection[str],
    here: Collection[str],
    *,
    now_ms: int,
    kept_ms: int,
) -> tuple[int, set[int], list[Tag]]:
    """Note tags without footage and tags with it; remove those without since `kept_ms`.

    Returns the serial, the channels of what changed, and the tags removed.  A clock set back
    makes a tag stay longer, not shorter.
    """
    with db:
        marked = _set_gone(db, here, None) + _set_gone(db, gone, now_ms)
        since = gone_since(db, gone)
        late = [tag_id for tag_id, at_ms in since.items() if now_ms - at_ms >= kept_ms]
        removed = [tag for tag in get(db, late) if not tag.deleted]
        serial = _last_serial(db)
        if not marked and not removed:
            return serial, set(), []
        for tag in removed:
            db.execute("DELETE FROM tags WHERE id = ?", (tag.id,))
        serial += 1
        db.execute("UPDATE tags_store SET serial = ?", (serial,))
    return serial, {*marked, *(tag.channel for tag in removed)}, removed


def _set_gone(db: sqlite3.Connection, ids: Iterable[str], at_ms: int | None) -> list[int]:
    """Set or clear the mark where that is a change; return the channels of those tags."""
    changed = []
    for tag_id in ids:
        row = db.execute(
            "UPDATE tags SET gone_ms = ? WHERE id = ? AND NOT deleted "
            "AND (gone_ms IS NULL) = ? RETURNING channel",
            (at_ms, tag_id, at_ms is not None),
        ).fetchone()
        if row is not None:
            changed.append(int(row[0]))
    return changed


def query(db: sqlite3.Connection, wanted: TagFilter) -> tuple[list[Tag], str | None]:
    """Return one page, newest first, and the cursor of the next (None at the end)."""
    where, values = wanted.where()
    rows = db.execute(
        f"SELECT {COLUMNS} FROM tags WHERE {where} "  # noqa: S608
        "ORDER BY at_ms DESC, id DESC LIMIT ?",
        (*values, wanted.limit + 1),
    ).fetchall()
    tags = [tag_of(row) for row in rows[: wanted.limit]]
    more = len(rows) > wanted.limit
    return tags, cursor_of(tags[-1].at_ms, tags[-1].id) if more else None


def changes(db: sqlite3.Connection, after: int, channels: tuple[int, int], limit: int) -> Changes:
    """Return what changed of a range of channels (both included) since a serial, in order."""
    rows = db.execute(
        f"SELECT {COLUMNS}, serial FROM tags WHERE serial > ? "  # noqa: S608
        "AND channel BETWEEN ? AND ? ORDER BY serial LIMIT ?",
        (after, *channels, limit + 1),
    ).fetchall()
    more = len(rows) > limit
    rows = rows[:limit]
    serial = int(rows[-1][-1]) if more else max(after, _last_serial(db))
    store = str(db.execute("SELECT id FROM tags_store").fetchone()[0])
    return Changes(store, [tag_of(row[:-1]) for row in rows], serial, more)


def row_of(tag: Tag) -> tuple[Any, ...]:
    """Return the values of COLUMNS."""
    return (
        tag.id, tag.channel, tag.at_ms, tag.name, tag.author, tag.revision, tag.changed_ms,
        int(tag.deleted),
    )  # fmt: skip


def tag_of(row: Sequence[Any]) -> Tag:
    """Read the values of COLUMNS; raises ValueError where they make no sense."""
    names = ("id", "channel", "at", "name", "author", "revision", "changed")
    return Tag.from_dict({**dict(zip(names, row[:7], strict=True)), "deleted": bool(row[7])})


def _last_serial(db: sqlite3.Connection) -> int:
    """The highest number given: of a row that is there, or was removed."""
    row = db.execute(
        "SELECT max(coalesce((SELECT max(serial) FROM tags), 0), serial) FROM tags_store"
    ).fetchone()
    return int(row[0])

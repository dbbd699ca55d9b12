"""The spool: what waits to be delivered, in one SQLite file, bounded, there after a restart."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from appliance.courier.outlet import Bounds, Message

_log = logging.getLogger(__name__)
T = TypeVar("T")
VERSION = 1
_TABLES = """
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    outlet TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER
) STRICT;
CREATE INDEX messages_by_outlet ON messages (outlet, id);
CREATE TABLE marks (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
"""
_COLUMNS = "id, outlet, key, body, created_ms, expires_ms"


class Spool:
    """All methods may be awaited by several tasks; a thread of its own does the work.

    A commit is durable when a process is killed; a power cut may cost the last seconds, together
    with the marks that say how far a source was read, so that it is read again from there.
    Raises sqlite3.Error where the disk does not take it.
    """

    def __init__(self, path: Path, bounds: Mapping[str, Bounds]) -> None:
        self._path = path
        self._bounds = bounds
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spool")
        self._db: sqlite3.Connection | None = None
        self.dropped: dict[str, int] = dict.fromkeys(bounds, 0)

    async def open(self) -> None:
        """Open the file; one that is damaged is kept aside and a new one begun."""
        await self._run(self._open)

    async def close(self) -> None:
        """Close the file and end the thread."""

        def work() -> None:
            if self._db is not None:
                self._db.close()

        await self._run(work)
        self._thread.shutdown()

    async def put(
        self,
        outlet: str,
        bodies: Sequence[Mapping[str, Any]],
        now_ms: int,
        *,
        key: str = "",
        expires_ms: int | None = None,
        marks: Mapping[str, int] | None = None,
    ) -> int:
        """Add messages, and set marks, in one commit; return the id of the last one (0: none).

        With a key, what waits under it is replaced.  Beyond the bounds the oldest are dropped.
        """
        texts = [json.dumps(body, ensure_ascii=False, separators=(",", ":")) for body in bodies]

        def work(db: sqlite3.Connection) -> int:
            last = 0
            with db:
                if key:
                    db.execute("DELETE FROM messages WHERE outlet = ? AND key = ?", (outlet, key))
                for text in texts:
                    row = (outlet, key, text, len(text.encode()), now_ms, expires_ms)
                    last = int(db.execute(
                        "INSERT INTO messages (outlet, key, body, bytes, created_ms, expires_ms) "
                        "VALUES (?,?,?,?,?,?)", row).lastrowid or 0)  # fmt: skip
                for name, value in (marks or {}).items():
                    db.execute("INSERT OR REPLACE INTO marks VALUES (?,?)", (name, value))
                self._keep_bounds(db, outlet)
            return last

        return await self._with(work)

    async def head(self, outlet: str, count: int) -> list[Message]:
        """Return the oldest messages of an outlet."""

        def work(db: sqlite3.Connection) -> list[Message]:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM messages WHERE outlet = ? "  # noqa: S608
                "ORDER BY id LIMIT ?", (outlet, count))  # fmt: skip
            return [_message(row) for row in rows]

        return await self._with(work)

    async def remove(self, ids: Iterable[int]) -> None:
        """Take messages off: they are delivered, or never will be."""
        numbers = [(number,) for number in ids]

        def work(db: sqlite3.Connection) -> None:
            with db:
                db.executemany("DELETE FROM messages WHERE id = ?", numbers)

        await self._with(work)

    async def clear(self, outlet: str) -> None:
        """Drop everything that waits for an outlet."""

        def work(db: sqlite3.Connection) -> None:
            with db:
                db.execute("DELETE FROM messages WHERE outlet = ?", (outlet,))

        await self._with(work)

    async def waiting(self) -> dict[str, tuple[int, int, int | None]]:
        """Return messages, bytes and when the oldest came (ms UTC), by outlet."""

        def work(db: sqlite3.Connection) -> dict[str, tuple[int, int, int | None]]:
            rows = db.execute(
                "SELECT outlet, count(*), sum(bytes), min(created_ms) FROM messages GROUP BY outlet"
            )
            return {str(row[0]): (int(row[1]), int(row[2]), int(row[3])) for row in rows}

        found = await self._with(work)
        return {name: found.get(name, (0, 0, None)) for name in self._bounds}

    async def mark(self, name: str) -> int | None:
        """Return a mark, None where it was never set."""

        def work(db: sqlite3.Connection) -> int | None:
            row = db.execute("SELECT value FROM marks WHERE name = ?", (name,)).fetchone()
            return None if row is None else int(row[0])

        return await self._with(work)

    # -- inside --------------------------------------------------------------------------------

    def _keep_bounds(self, db: sqlite3.Connection, outlet: str) -> None:
        bounds = self._bounds[outlet]
        query = "SELECT count(*), coalesce(sum(bytes), 0) FROM messages WHERE outlet = ?"
        count, total = db.execute(query, (outlet,)).fetchone()
        if count <= bounds.items and total <= bounds.total_bytes:
            return
        gone: list[tuple[int]] = []
        rows = db.execute("SELECT id, bytes FROM messages WHERE outlet = ? ORDER BY id", (outlet,))
        for number, size in rows:
            if count <= bounds.items and total <= bounds.total_bytes:
                break
            gone.append((number,))
            count, total = count - 1, total - size
        db.executemany("DELETE FROM messages WHERE id = ?", gone)
        self.dropped[outlet] += len(gone)

    def _open(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._db = self._connect()
        except sqlite3.DatabaseError as error:
            stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
            for old in self._path.parent.glob(f"{self._path.name}.broken-*"):
                old.unlink()
            for suffix in ("", "-wal", "-shm"):
                part = self._path.with_name(self._path.name + suffix)
                if part.exists():
                    part.replace(part.with_name(f"{self._path.name}.broken-{stamp}{suffix}"))
            _log.error("What waited to be delivered cannot be read; it begins anew: %s", error)
            self._db = self._connect()

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, timeout=5, check_same_thread=False)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute("PRAGMA journal_size_limit = 1048576")
            version = int(db.execute("PRAGMA user_version").fetchone()[0])
            if version == 0:
                db.executescript(_TABLES + f"PRAGMA user_version = {VERSION};")
            elif version != VERSION:
                raise sqlite3.DatabaseError(f"version {version} of the file is not known")
            if db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise sqlite3.DatabaseError("the file is damaged")
        except sqlite3.DatabaseError:
            db.close()
            raise
        self._path.chmod(0o600)
        return db

    async def _with(self, work: Callable[[sqlite3.Connection], T]) -> T:
        db = self._db
        if db is None:
            raise sqlite3.OperationalError("the spool is not open")
        return await self._run(lambda: work(db))

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _message(row: Sequence[Any]) -> Message:
    number, outlet, key, body, created, expires = row
    return Message(number, outlet, key, json.loads(body), created, expires)

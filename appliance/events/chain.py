"""The hash chain over what people did: an entry altered, removed or slipped in shows.

Each entry's code is HMAC-SHA256 over the code before it and the event, with a key of this box;
`anchor` is where the chain begins, after entries went by age or were cleared.  The last code is
noted in a file of its own besides, so that taking entries off the end shows, too.  Who has the
key and every file can forge all of it: then only a copy kept elsewhere tells.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from appliance.events.log_types import AUDITED
from appliance.events.record import EventRecord
from appliance.settings.files import write_atomically
from appliance.text import _

_log = logging.getLogger(__name__)

MAX_ENTRIES = 50_000
"""Entries kept; the oldest go 1 % at a time."""
MAX_BROKEN = 100
"""Broken places that are named."""
_START = bytes(32)
_TABLES = """
CREATE TABLE IF NOT EXISTS audit_chain (
    seq INTEGER PRIMARY KEY,
    event_id INTEGER NOT NULL UNIQUE,
    code BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS audit_anchor (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL,
    code BLOB NOT NULL,
    cleared_id INTEGER NOT NULL,
    lost INTEGER NOT NULL,
    seal BLOB NOT NULL
) STRICT;
"""
_EVENTS = (
    "SELECT c.seq, c.event_id, c.code, e.kind, e.key, e.channel, e.source, e.start_ms, e.details "
    "FROM audit_chain c LEFT JOIN events e ON e.id = c.event_id ORDER BY c.seq"
)


@dataclass(frozen=True, slots=True)
class Broken:
    """A place of the chain that is not as it was written."""

    seq: int
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found; `since_ms` is when the oldest entry was made, None without any."""

    entries: int
    since_ms: int | None
    broken: tuple[Broken, ...]


@dataclass(frozen=True, slots=True)
class _Anchor:
    """Where the chain begins; `lost` is the last entry that went otherwise than by us."""

    seq: int = 0
    code: bytes = _START
    cleared_id: int = 0
    lost: int = 0


class Chain:
    """Used by the thread of the events' file, within its transactions."""

    def __init__(self, key: bytes, head: Path, *, max_entries: int = MAX_ENTRIES) -> None:
        self._key = key
        self._head = head
        self._max = max_entries
        self._count = 0
        self._noted: tuple[int, bytes] | None = None

    def prepare(self, db: sqlite3.Connection) -> None:
        """Make the tables where there are none, and take in what people did before.

        Where the file is new although a last entry is noted, that one was lost: each check says so
        until the log is cleared.  So it is where the note is gone.
        """
        db.executescript(_TABLES)
        head = self._noted = self._read_head()
        if db.execute("SELECT 1 FROM audit_anchor").fetchone() is None:
            with db:
                start = _Anchor() if head is None else _Anchor(*head, 0, head[0])
                self._put_anchor(db, start)
            self.adopt(db)
        elif head is None and self._is_ours(db):
            with db:
                self._put_anchor(db, replace(self.anchor(db), lost=self._last(db)[0]))
        self._count = self.count(db)

    def adopt(self, db: sqlite3.Connection) -> None:
        """Take in events that are there already: of a file without a chain, or a mended one."""
        marks = ",".join("?" * len(AUDITED))
        with db:
            rows = db.execute(
                f"SELECT id, kind, key, channel, source, start_ms, details FROM events "  # noqa: S608
                f"WHERE kind IN ({marks}) ORDER BY id",
                sorted(AUDITED),
            ).fetchall()
            self._append(db, rows)
        self.note_head(db)

    @staticmethod
    def count(db: sqlite3.Connection) -> int:
        """Return how many entries there are."""
        return int(db.execute("SELECT count(*) FROM audit_chain").fetchone()[0])

    def append(self, db: sqlite3.Connection, events: Iterable[EventRecord]) -> bool:
        """Take in what people did of `events`; return whether there was anything."""
        rows = [
            (e.id, e.kind, e.key, e.channel, e.source, e.start_ms, _details(e.details))
            for e in events
            if e.kind in AUDITED
        ]
        self._append(db, rows)
        return bool(rows)

    def note_head(self, db: sqlite3.Connection) -> None:
        """Note the last entry in the file beside; where that fails, a check will say so."""
        seq, code = self._noted = self._last(db)
        head = {"seq": seq, "code": code.hex(), "seal": self._seal("head", seq, code).hex()}
        try:
            write_atomically(self._head, json.dumps(head).encode() + b"\n")
        except OSError as error:
            _log.error("The end of the log's chain could not be noted: %s", error)

    def trim(self, db: sqlite3.Connection) -> int:
        """Let the oldest entries go where there are too many; return how many went."""
        if self._count <= self._max:
            return 0
        going = self._count - self._max + self._max // 100
        cut = int(
            db.execute(
                "SELECT seq FROM audit_chain ORDER BY seq LIMIT 1 OFFSET ?", (going - 1,)
            ).fetchone()[0]
        )
        kept = self.anchor(db)
        return self._drop(db, cut, kept.cleared_id, kept.lost)

    def clear(self, db: sqlite3.Connection, below_id: int) -> int:
        """Take every entry out and hide all older events from the log; return how many went."""
        seq, _code = self._last(db)
        return self._drop(db, seq, below_id, 0)

    def anchor(self, db: sqlite3.Connection) -> _Anchor:
        """Return where the chain begins."""
        row = db.execute("SELECT seq, code, cleared_id, lost FROM audit_anchor").fetchone()
        return _Anchor(int(row[0]), bytes(row[1]), int(row[2]), int(row[3])) if row else _Anchor()

    @staticmethod
    def numbers(db: sqlite3.Connection, events: list[int]) -> dict[int, int]:
        """Return the numbers in the chain of those of `events` that are in it."""
        marks = ",".join("?" * len(events))
        found = db.execute(
            f"SELECT event_id, seq FROM audit_chain WHERE event_id IN ({marks})",  # noqa: S608
            events,
        )
        return {int(event): int(seq) for event, seq in found}

    def check(self, db: sqlite3.Connection) -> Verdict:
        """Walk the whole chain; some 10 µs an entry."""
        broken = list(self._walk(db))
        first = db.execute(
            "SELECT min(e.start_ms) FROM audit_chain c JOIN events e ON e.id = c.event_id"
        ).fetchone()[0]
        return Verdict(self.count(db), first, tuple(broken[:MAX_BROKEN]))

    # -- inside --------------------------------------------------------------------------------

    def _walk(self, db: sqlite3.Connection) -> Iterator[Broken]:
        anchor = self.anchor(db)
        if not self._is_ours(db):
            yield Broken(anchor.seq, _("The note of where the log begins is not ours."))
        if anchor.lost:
            text = _("The file of the log was replaced: what was up to this entry is not proved.")
            yield Broken(anchor.lost, text)
        seq, code = anchor.seq, anchor.code
        for number, event_id, noted, *event in db.execute(_EVENTS):
            if number != seq + 1:
                text = _("{count} entries before it are missing.").format(count=number - seq - 1)
                yield Broken(number, text)
            elif event[0] is None:
                yield Broken(number, _("It is missing."))
            elif bytes(noted) != self._code(code, (event_id, *event)):
                yield Broken(number, _("It was altered, or what stood before it."))
            seq, code = number, bytes(noted)
        yield from self._check_end(db, seq)
        marks = ",".join("?" * len(AUDITED))
        for (event_id,) in db.execute(
            f"SELECT id FROM events WHERE kind IN ({marks}) AND id NOT IN "  # noqa: S608
            "(SELECT event_id FROM audit_chain) ORDER BY id LIMIT 100",
            sorted(AUDITED),
        ):
            text = _("Event {id} was put in from outside.").format(id=event_id)
            yield Broken(seq + 1, text)

    def _check_end(self, db: sqlite3.Connection, last: int) -> Iterator[Broken]:
        """Compare with the note of the last entry; it may be one write behind."""
        head = self._read_head()
        if head is None:
            yield Broken(last, _("The note of the last entry is missing or not ours."))
            return
        seq, code = head
        if seq > last:
            text = _("{count} entries are missing at the end.").format(count=seq - last)
            yield Broken(last + 1, text)
        else:
            row = db.execute("SELECT code FROM audit_chain WHERE seq = ?", (seq,)).fetchone()
            if row is not None and bytes(row[0]) != code:
                yield Broken(seq, _("It is not the entry that was noted."))

    def _append(self, db: sqlite3.Connection, rows: Iterable[tuple[Any, ...]]) -> None:
        seq, code = self._last(db)
        for row in rows:
            if db.execute("SELECT 1 FROM audit_chain WHERE event_id = ?", (row[0],)).fetchone():
                continue
            code = self._code(code, row)
            seq += 1
            db.execute("INSERT INTO audit_chain VALUES (?, ?, ?)", (seq, row[0], code))
            self._count += 1

    def _last(self, db: sqlite3.Connection) -> tuple[int, bytes]:
        """Return what the next entry goes on from.

        That is the last entry noted even where the file ends before it: going on from what is left
        would hide that entries were taken off the end.
        """
        row = db.execute("SELECT seq, code FROM audit_chain ORDER BY seq DESC LIMIT 1").fetchone()
        anchor = self.anchor(db)
        last = (anchor.seq, anchor.code) if row is None else (int(row[0]), bytes(row[1]))
        return last if self._noted is None or self._noted[0] <= last[0] else self._noted

    def _is_ours(self, db: sqlite3.Connection) -> bool:
        """Whether the note of where the chain begins was written by this box."""
        row = db.execute("SELECT seal FROM audit_anchor").fetchone()
        return row is not None and bytes(row[0]) == self._seal_of(self.anchor(db))

    def _drop(self, db: sqlite3.Connection, cut: int, cleared_id: int, lost: int) -> int:
        row = db.execute("SELECT code FROM audit_chain WHERE seq = ?", (cut,)).fetchone()
        code = bytes(row[0]) if row else self.anchor(db).code
        db.execute(
            "DELETE FROM events WHERE id IN (SELECT event_id FROM audit_chain WHERE seq <= ?)",
            (cut,),
        )
        gone = db.execute("DELETE FROM audit_chain WHERE seq <= ?", (cut,)).rowcount
        self._put_anchor(db, _Anchor(cut, code, cleared_id, lost))
        self._count = self.count(db)
        return gone

    def _put_anchor(self, db: sqlite3.Connection, anchor: _Anchor) -> None:
        db.execute(
            "INSERT OR REPLACE INTO audit_anchor VALUES (1, ?, ?, ?, ?, ?)",
            (anchor.seq, anchor.code, anchor.cleared_id, anchor.lost, self._seal_of(anchor)),
        )

    def _read_head(self) -> tuple[int, bytes] | None:
        """Return number and code of the last entry noted; None where the note is not sound."""
        try:
            head = json.loads(self._head.read_bytes())
            seq, code = int(head["seq"]), bytes.fromhex(head["code"])
            ours = bytes.fromhex(head["seal"]) == self._seal("head", seq, code)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return (seq, code) if ours else None

    def _seal_of(self, anchor: _Anchor) -> bytes:
        return self._seal("anchor", anchor.seq, anchor.code, anchor.cleared_id, anchor.lost)

    def _code(self, before: bytes, row: tuple[Any, ...]) -> bytes:
        text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
        return hmac.digest(self._key, before + text.encode(), hashlib.sha256)

    def _seal(self, what: str, seq: int, code: bytes, *more: int) -> bytes:
        text = f"{what} {seq} {code.hex()} {more}"
        return hmac.digest(self._key, text.encode(), hashlib.sha256)


def _details(details: dict[str, Any]) -> str:
    """Write details as the events' table holds them."""
    return json.dumps(details, ensure_ascii=False, separators=(",", ":"), default=str)

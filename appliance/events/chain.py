"""The hash chains over what people did: an entry altered, removed or slipped in shows.

There is a chain for each shelf of the log, so that each lets its oldest entries go by itself.  An
entry's code is HMAC-SHA256 over the code before it, its place and the event, with a key of this
box; `audit_anchor` is where each chain begins, after entries went by age or were cleared.  The
last codes are noted in a file of their own besides, so that taking entries off the end shows, too.
Who has the key and every file can forge all of it: then only a copy kept elsewhere tells.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from appliance.events.log_types import AUDITED, Shelf, shelf_of
from appliance.events.record import EventRecord
from appliance.settings.files import write_atomically
from appliance.text import _

_log = logging.getLogger(__name__)

MAX_ENTRIES: Mapping[Shelf, int] = {
    Shelf.CHANGES: 25_000,
    Shelf.FOOTAGE: 15_000,
    Shelf.VISITS: 10_000,
    Shelf.TRIES: 5_000,
    Shelf.VIEWS: 15_000,
}
"""Entries kept on each shelf; the oldest go 1 % at a time."""
MAX_BROKEN = 100
"""Broken places that are named."""
_START = bytes(32)
_TABLES = """
CREATE TABLE IF NOT EXISTS audit_chain (
    seq INTEGER PRIMARY KEY,
    shelf TEXT NOT NULL,
    place INTEGER NOT NULL,
    event_id INTEGER NOT NULL UNIQUE,
    code BLOB NOT NULL,
    UNIQUE (shelf, place)
) STRICT;
CREATE TABLE IF NOT EXISTS audit_anchor (
    shelf TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    place INTEGER NOT NULL,
    code BLOB NOT NULL,
    cleared_id INTEGER NOT NULL,
    lost INTEGER,
    seal BLOB NOT NULL
) STRICT;
"""
_EVENTS = (
    "SELECT c.seq, c.place, c.event_id, c.code, "
    "e.kind, e.key, e.channel, e.source, e.start_ms, e.details "
    "FROM audit_chain c LEFT JOIN events e ON e.id = c.event_id WHERE c.shelf = ? ORDER BY c.place"
)


@dataclass(frozen=True, slots=True)
class Broken:
    """A place of the log that is not as it was written; `seq` is the number of an entry."""

    seq: int
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found; `since_ms` is when the oldest entry was made, None without any."""

    entries: int
    since_ms: int | None
    broken: tuple[Broken, ...]


@dataclass(frozen=True, slots=True)
class _Link:
    """An entry of a chain: its number in the whole log, its place on the shelf, its code."""

    seq: int = 0
    place: int = 0
    code: bytes = _START


@dataclass(frozen=True, slots=True)
class _Anchor:
    """The link that a chain goes on from.

    `cleared_id` is the last event that was cleared, `lost` the number of the last entry that went
    otherwise than by us, None where none did.
    """

    link: _Link = _Link()
    cleared_id: int = 0
    lost: int | None = None


class Chain:
    """Used by the thread of the events' file, within its transactions.

    `expected` says that this box has had a log before.
    """

    def __init__(
        self,
        key: bytes,
        head: Path,
        *,
        expected: bool = False,
        max_entries: Mapping[Shelf, int] | None = None,
    ) -> None:
        self._key = key
        self._head = head
        self._expected = expected
        self._max = max_entries or MAX_ENTRIES
        self._count: dict[Shelf, int] = {}
        self._noted: Mapping[Shelf, _Link] = {}
        self.vanished = False
        """Whether the log had to begin anew although there had been one."""

    def prepare(self, db: sqlite3.Connection) -> None:
        """Make the tables where there are none, and take in what people did before.

        Where the file is new although last entries are noted, or although there has to be a log,
        that one was lost: each check says so until the log is cleared.  So it is where the note is
        gone.
        """
        columns = {row[1] for row in db.execute("PRAGMA table_info(audit_chain)")}
        if columns and "shelf" not in columns:
            db.executescript("DROP TABLE audit_chain; DROP TABLE IF EXISTS audit_anchor;")
        db.executescript(_TABLES)
        head = self._read_head()
        self._noted = head or {}
        fresh = db.execute("SELECT 1 FROM audit_anchor").fetchone() is None
        with db:
            for shelf in Shelf:
                if fresh and head is not None:
                    link = head.get(shelf, _Link())
                    self._put_anchor(db, shelf, _Anchor(link, lost=link.seq or None))
                elif fresh:
                    lost = 0 if self._expected and shelf is Shelf.CHANGES else None
                    self._put_anchor(db, shelf, _Anchor(lost=lost))
                elif head is None and self._is_ours(db, shelf):
                    lost = self._last(db, shelf).seq or None
                    anchor = replace(self._anchor(db, shelf), lost=lost)
                    self._put_anchor(db, shelf, anchor)
        adopted = self.adopt(db) if fresh else 0
        self.vanished = fresh and not adopted and (head is not None or self._expected)
        self._recount(db)

    def adopt(self, db: sqlite3.Connection) -> int:
        """Take in events that are there already: of a file without a chain, or a mended one.

        Return how many.
        """
        marks = ",".join("?" * len(AUDITED))
        with db:
            rows = db.execute(
                f"SELECT id, kind, key, channel, source, start_ms, details FROM events "  # noqa: S608
                f"WHERE kind IN ({marks}) ORDER BY id",
                sorted(AUDITED),
            ).fetchall()
            added = self._append(db, rows)
        self.note_head(db)
        return added

    @staticmethod
    def count(db: sqlite3.Connection) -> int:
        """Return how many entries there are."""
        return int(db.execute("SELECT count(*) FROM audit_chain").fetchone()[0])

    def append(self, db: sqlite3.Connection, events: Iterable[EventRecord]) -> int:
        """Take in what people did of `events`; return how many entries that were."""
        return self._append(
            db,
            (
                (e.id, e.kind, e.key, e.channel, e.source, e.start_ms, _details(e.details))
                for e in events
                if e.kind in AUDITED
            ),
        )

    def note_head(self, db: sqlite3.Connection) -> None:
        """Note the last entries in the file beside; where that fails, a check will say so."""
        self._noted = {shelf: self._last(db, shelf) for shelf in Shelf}
        ends = {
            shelf.value: {"seq": link.seq, "place": link.place, "code": link.code.hex()}
            for shelf, link in self._noted.items()
        }
        head = {"ends": ends, "seal": self._seal("head", ends).hex()}
        try:
            write_atomically(self._head, json.dumps(head).encode() + b"\n")
        except OSError as error:
            _log.error("The end of the log's chain could not be noted: %s", error)

    def trim(self, db: sqlite3.Connection) -> None:
        """Let the oldest entries of each shelf go that has too many."""
        for shelf in Shelf:
            most, count = self._max[shelf], self._count[shelf]
            if count > most:
                cut = db.execute(
                    "SELECT seq, place, code FROM audit_chain WHERE shelf = ? "
                    "ORDER BY place LIMIT 1 OFFSET ?",
                    (shelf, count - most + most // 100 - 1),
                ).fetchone()
                anchor = replace(self._anchor(db, shelf), link=_link(cut))
                self._drop(db, shelf, anchor)

    def clear(self, db: sqlite3.Connection, below_id: int) -> int:
        """Take every entry out and hide all older events from the log; return how many went."""
        return sum(
            self._drop(db, shelf, _Anchor(self._last(db, shelf), below_id)) for shelf in Shelf
        )

    @staticmethod
    def cleared_id(db: sqlite3.Connection) -> int:
        """Return the last event that is hidden from the log."""
        return int(db.execute("SELECT max(cleared_id) FROM audit_anchor").fetchone()[0] or 0)

    @staticmethod
    def numbers(db: sqlite3.Connection, events: list[int]) -> dict[int, int]:
        """Return the numbers in the log of those of `events` that are chained."""
        marks = ",".join("?" * len(events))
        found = db.execute(
            f"SELECT event_id, seq FROM audit_chain WHERE event_id IN ({marks})",  # noqa: S608
            events,
        )
        return {int(event): int(seq) for event, seq in found}

    def check(self, db: sqlite3.Connection) -> Verdict:
        """Walk all chains; some 20 µs an entry."""
        head = self._read_head()
        broken = [place for shelf in Shelf for place in self._walk(db, shelf, head)]
        broken += self._strangers(db)
        broken.sort(key=lambda place: place.seq)
        if head is None:
            text = _("The note of the last entry is missing or not ours.")
            broken.append(Broken(self._last_seq(db), text))
        first = db.execute(
            "SELECT min(e.start_ms) FROM audit_chain c JOIN events e ON e.id = c.event_id"
        ).fetchone()[0]
        return Verdict(self.count(db), first, tuple(broken[:MAX_BROKEN]))

    # -- inside --------------------------------------------------------------------------------

    def _walk(
        self, db: sqlite3.Connection, shelf: Shelf, head: Mapping[Shelf, _Link] | None
    ) -> Iterator[Broken]:
        anchor = self._anchor(db, shelf)
        if not self._is_ours(db, shelf):
            yield Broken(anchor.link.seq, _("The note of where the log begins is not ours."))
        if anchor.lost == 0:
            yield Broken(0, _("The log was removed: nothing of before its first entry is proved."))
        elif anchor.lost:
            text = _("The file of the log was replaced: what was up to this entry is not proved.")
            yield Broken(anchor.lost, text)
        last, noted = anchor.link, None if head is None else head.get(shelf)
        for seq, place, event_id, code, *event in db.execute(_EVENTS, (shelf,)):
            if place != last.place + 1:
                text = _("{count} entries before it are missing.")
                yield Broken(seq, text.format(count=place - last.place - 1))
            elif event[0] is None:
                yield Broken(seq, _("It is missing."))
            elif bytes(code) != self._code(last, shelf, seq, (event_id, *event)):
                yield Broken(seq, _("It was altered, or what stood before it."))
            last = _Link(seq, place, bytes(code))
            if noted is not None and noted.place == place and noted.code != last.code:
                yield Broken(seq, _("It is not the entry that was noted."))
        if noted is not None and noted.place > last.place:  # it may be one write behind, not ahead
            text = _("{count} entries are missing at the end.")
            yield Broken(last.seq + 1, text.format(count=noted.place - last.place))

    def _strangers(self, db: sqlite3.Connection) -> Iterator[Broken]:
        marks = ",".join("?" * len(AUDITED))
        for (event_id,) in db.execute(
            f"SELECT id FROM events WHERE kind IN ({marks}) AND id NOT IN "  # noqa: S608
            "(SELECT event_id FROM audit_chain) ORDER BY id LIMIT 100",
            sorted(AUDITED),
        ):
            text = _("Event {id} was put in from outside.").format(id=event_id)
            yield Broken(self._last_seq(db) + 1, text)

    def _append(self, db: sqlite3.Connection, rows: Iterable[tuple[Any, ...]]) -> int:
        ends = {shelf: self._last(db, shelf) for shelf in Shelf}
        seq, added = self._last_seq(db), 0
        for row in rows:
            if db.execute("SELECT 1 FROM audit_chain WHERE event_id = ?", (row[0],)).fetchone():
                continue
            shelf, seq, added = shelf_of(row[1]), seq + 1, added + 1
            code = self._code(ends[shelf], shelf, seq, row)
            ends[shelf] = _Link(seq, ends[shelf].place + 1, code)
            values = (seq, shelf, ends[shelf].place, row[0], code)
            db.execute("INSERT INTO audit_chain VALUES (?, ?, ?, ?, ?)", values)
            self._count[shelf] = self._count.get(shelf, 0) + 1
        return added

    def _last(self, db: sqlite3.Connection, shelf: Shelf) -> _Link:
        """Return what the next entry of a shelf goes on from.

        That is the last entry noted even where the file ends before it: going on from what is left
        would hide that entries were taken off the end.
        """
        row = db.execute(
            "SELECT seq, place, code FROM audit_chain WHERE shelf = ? ORDER BY place DESC LIMIT 1",
            (shelf,),
        ).fetchone()
        last = self._anchor(db, shelf).link if row is None else _link(row)
        noted = self._noted.get(shelf)
        return last if noted is None or noted.place <= last.place else noted

    def _last_seq(self, db: sqlite3.Connection) -> int:
        return max(self._last(db, shelf).seq for shelf in Shelf)

    def _recount(self, db: sqlite3.Connection) -> None:
        found = dict(db.execute("SELECT shelf, count(*) FROM audit_chain GROUP BY shelf"))
        self._count = {shelf: int(found.get(shelf, 0)) for shelf in Shelf}

    def _anchor(self, db: sqlite3.Connection, shelf: Shelf) -> _Anchor:
        row = db.execute(
            "SELECT seq, place, code, cleared_id, lost FROM audit_anchor WHERE shelf = ?", (shelf,)
        ).fetchone()
        return _Anchor(_link(row), int(row[3]), row[4]) if row else _Anchor()

    def _is_ours(self, db: sqlite3.Connection, shelf: Shelf) -> bool:
        """Whether the note of where a chain begins was written by this box."""
        row = db.execute("SELECT seal FROM audit_anchor WHERE shelf = ?", (shelf,)).fetchone()
        return row is not None and bytes(row[0]) == self._seal_of(shelf, self._anchor(db, shelf))

    def _drop(self, db: sqlite3.Connection, shelf: Shelf, anchor: _Anchor) -> int:
        """Take out the entries of a shelf up to `anchor`, which is then where it begins."""
        place = anchor.link.place
        db.execute(
            "DELETE FROM events WHERE id IN "
            "(SELECT event_id FROM audit_chain WHERE shelf = ? AND place <= ?)",
            (shelf, place),
        )
        gone = db.execute(
            "DELETE FROM audit_chain WHERE shelf = ? AND place <= ?", (shelf, place)
        ).rowcount
        self._put_anchor(db, shelf, anchor)
        self._recount(db)
        return gone

    def _put_anchor(self, db: sqlite3.Connection, shelf: Shelf, anchor: _Anchor) -> None:
        link = anchor.link
        db.execute(
            "INSERT OR REPLACE INTO audit_anchor VALUES (?, ?, ?, ?, ?, ?, ?)",
            (shelf, link.seq, link.place, link.code, anchor.cleared_id, anchor.lost,
             self._seal_of(shelf, anchor)),
        )  # fmt: skip

    def _read_head(self) -> Mapping[Shelf, _Link] | None:
        """Return the last entries noted; None where the note is not sound."""
        try:
            head = json.loads(self._head.read_bytes())
            ends = head["ends"]
            if bytes.fromhex(head["seal"]) != self._seal("head", ends):
                return None
            return {
                shelf: _Link(end["seq"], end["place"], bytes.fromhex(end["code"]))
                for shelf in Shelf
                if (end := ends.get(shelf)) is not None
            }
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _seal_of(self, shelf: Shelf, anchor: _Anchor) -> bytes:
        link = anchor.link
        parts = [shelf, link.seq, link.place, link.code.hex(), anchor.cleared_id, anchor.lost]
        return self._seal("anchor", parts)

    def _code(self, before: _Link, shelf: Shelf, seq: int, row: tuple[Any, ...]) -> bytes:
        text = json.dumps((shelf, before.place + 1, seq, *row), **_PLAIN)
        return hmac.digest(self._key, before.code + text.encode(), hashlib.sha256)

    def _seal(self, what: str, value: Any) -> bytes:
        text = json.dumps((what, value), sort_keys=True, **_PLAIN)
        return hmac.digest(self._key, text.encode(), hashlib.sha256)


_PLAIN: dict[str, Any] = {"ensure_ascii": False, "separators": (",", ":")}


def _link(row: Any) -> _Link:
    return _Link(int(row[0]), int(row[1]), bytes(row[2]))


def _details(details: dict[str, Any]) -> str:
    """Write details as the events' table holds them."""
    return json.dumps(details, default=str, **_PLAIN)

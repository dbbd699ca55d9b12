"""One stream's footage from an instant on, part by part; blocking, for one thread at a time."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from appliance.media.errors import MediaError
from appliance.storage.cursor import Cursor, StoredFragment
from appliance.storage.errors import FootageGoneError
from appliance.storage.model import StreamId
from appliance.storage.pieces import GAP_NS
from appliance.storage.reader import FootageReader
from appliance.web.media.parts import Heads, Part, take_apart

log = logging.getLogger(__name__)

MAX_BACK = 90
"""Fragments that are read in search of a key frame, where their index does not tell of one."""

MAX_SKIPPED = 60
"""Fragments that may be unreadable in a row before the rest counts as unreadable."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without footage, in UTC nanoseconds."""

    start_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True)
class Step:
    """A part, the gap in front of it if any, and whether it continues the part before it."""

    stream: StreamId
    part: Part
    gap: Gap | None
    continues: bool


class Reel:
    """Footage of one stream; `seek` first, then `next` until None, then `next` again later.

    Raises OSError when a volume fails; unreadable fragments are passed over.
    """

    def __init__(self, reader: FootageReader, stream: StreamId) -> None:
        self.stream = stream
        self._reader = reader
        self._heads = Heads()
        self._cursor: Cursor | None = None
        self._last: Part | None = None
        self._sought_ns = 0

    def seek(self, utc_ns: int) -> Step | None:
        """Return the part that begins with the key frame to decode `utc_ns` from.

        In a gap, or where the key frame is gone: the next part that can be decoded.  None if there
        is no footage from `utc_ns` on.
        """
        self._last = None
        self._sought_ns = utc_ns
        self._cursor = self._reader.seek(self.stream, utc_ns)
        found = self._read()
        if found is None:
            return None
        start: Part | None = None
        if found.utc_ns <= utc_ns:
            start = found.from_key(utc_ns) or self._back_to_key(found, utc_ns)
        start = start or self._first_decodable(found)
        self._last = start
        if start is None:
            return None
        gap = Gap(utc_ns, start.utc_ns) if start.utc_ns - utc_ns > GAP_NS else None
        return Step(self.stream, start, gap, continues=False)

    def next(self) -> Step | None:
        """Return the next part; None at the end of what is there now."""
        last = self._last
        if last is None:
            return self.seek(self._sought_ns)
        part = self._read()
        if part is None:
            return None
        same = part.run == last.run and part.head is last.head
        joined = same and abs(part.utc_ns - last.end_ns) <= GAP_NS
        if not joined:
            part = self._first_decodable(part)
            if part is None:
                return None
        apart = part.utc_ns - last.end_ns > GAP_NS
        self._last = part
        gap = Gap(last.end_ns, part.utc_ns) if apart else None
        return Step(self.stream, part, gap, continues=joined)

    def ahead(self, utc_ns: int) -> Iterator[StoredFragment]:
        """Yield what is stored from an instant on, by the indexes: nothing is read."""
        cursor = self._reader.seek(self.stream, utc_ns)
        while cursor is not None and (stored := cursor.next()) is not None:
            yield stored

    def last_before(self, utc_ns: int) -> StoredFragment | None:
        """Return the last fragment that begins before an instant, unread; None if there is none."""
        cursor = self._reader.seek(self.stream, utc_ns - 1, forward=False)
        return cursor.next() if cursor else None

    def _read(self) -> Part | None:
        """Return the next fragment that can be read, None at the end."""
        for _skipped in range(MAX_SKIPPED):
            if self._cursor is None:
                return None
            try:
                stored = self._cursor.next()
            except FootageGoneError as error:
                log.info("footage of %s was overwritten while it played: %s", self.stream, error)
                continue
            if stored is None:
                return None
            part = self._part(stored)
            if part is not None:
                return part
        return None

    def _part(self, stored: StoredFragment) -> Part | None:
        try:
            head = self._heads.read(stored.head)
            return take_apart(head, stored.read(), run=stored.run, utc_ns=stored.utc_ns)
        except FootageGoneError:
            return None
        except MediaError as error:
            log.warning("a fragment of %s cannot be read: %s", self.stream, error)
            return None

    def _first_decodable(self, part: Part | None) -> Part | None:
        for _tried in range(MAX_BACK):
            if part is None:
                return None
            start = part.from_first_key()
            if start is not None:
                return start
            if self._cursor is not None:
                self._cursor.on_to_key()
            part = self._read()
        return None

    def _back_to_key(self, part: Part, utc_ns: int) -> Part | None:
        """Return what begins with the last key frame before `utc_ns`, in the run of `part`."""
        cursor = self._cursor
        if cursor is None or cursor.previous() is None:
            return None
        for _tried in range(MAX_BACK):
            stored = cursor.next() if cursor.back_to_key() else None
            before = self._part(stored) if stored else None
            if before is None or before.head is not part.head:
                break
            start = before.from_key(utc_ns)
            if start is not None:
                return start
            cursor.previous()
        self._cursor = self._reader.seek(self.stream, part.utc_ns)
        self._read()
        return None

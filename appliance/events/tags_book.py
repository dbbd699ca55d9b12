"""The book of tags: the only writer of their table, in the file and the thread of the events."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Sequence
from sqlite3 import Connection, Error
from typing import TypeVar

from appliance.events import tags_table
from appliance.events.book import EventBook, EventError
from appliance.events.tags import Tag, TagError, clean_name, is_channel, is_time
from appliance.events.tags_audit import TagAudit
from appliance.events.tags_query import TagFilter
from appliance.events.tags_table import MAX_TAGS, Changes
from appliance.text import _

_log = logging.getLogger(__name__)
T = TypeVar("T")

AHEAD_MS = 5_000
"""How far a tag may lie in the future: the clock of a page is not quite that of the box."""

KEPT_MS = 86_400_000
"""A tag stays for so long after its footage was found gone from all volumes."""

Listener = Callable[[int, Collection[int]], None]


class TagBook:
    """Marks, finds, renames and deletes tags; each change is durable when it returns.

    All methods raise TagError: `tags.not_stored` where the file does not take it.
    """

    def __init__(self, events: EventBook, *, clock_ms: Callable[[], int] | None = None) -> None:
        self._events = events
        self._audit = TagAudit(events)
        self._clock_ms = clock_ms or (lambda: time.time_ns() // 1_000_000)
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Call `listener(serial, channels)` on the loop after each change."""
        self._listeners.append(listener)

    async def add(self, channel: int, at_ms: int, name: str, author: str) -> Tag:
        """Mark an instant of a channel; raises TagError where the book is full."""
        if not is_channel(channel):
            raise TagError("tags.bad_channel", _("There is no such channel."), "channel")
        now = self._clock_ms()
        if not is_time(at_ms):
            text = _("This has to be a time in milliseconds since 1970.")
            raise TagError("tags.bad_time", text, "at")
        if at_ms > now + AHEAD_MS:
            text = _("This instant is still to come. Only what has happened can be tagged.")
            raise TagError("tags.bad_time", text, "at")
        tag = Tag.new(channel, at_ms, clean_name(name), author, now)

        def put(db: Connection) -> int:
            if tags_table.count(db, deleted=False) >= MAX_TAGS:
                text = _("There are {most} tags already. Delete some that are not needed.")
                raise TagError("tags.full", text.format(most=MAX_TAGS))
            return tags_table.put(db, [tag])

        self._tell(await self._do(put), {channel})
        return tag

    async def get(self, ids: Sequence[str]) -> list[Tag]:
        """Return those of the tags that exist, in the order asked for."""
        found = await self._do(lambda db: tags_table.get(db, ids))
        return [tag for tag in found if not tag.deleted]

    async def rename(self, tag_id: str, name: str, by: str = "") -> Tag:
        """Give a tag another name, noted as an event of `by`; raises TagError `tags.no_tag`."""
        text, now = clean_name(name), self._clock_ms()

        def put(db: Connection) -> tuple[int, Tag, Tag]:
            known = [tag for tag in tags_table.get(db, [tag_id]) if not tag.deleted]
            if not known:
                raise no_tag()
            tag = known[0].renamed(text, now)
            return tags_table.put(db, [tag]), known[0], tag

        serial, before, tag = await self._do(put)
        self._audit.renamed(before, tag, by)
        self._tell(serial, {tag.channel})
        return tag

    async def delete(self, ids: Sequence[str], by: str = "") -> int:
        """Delete tags, noted as events of `by`; return how many there were."""
        now = self._clock_ms()

        def put(db: Connection) -> tuple[int, list[Tag]]:
            known = [tag for tag in tags_table.get(db, set(ids)) if not tag.deleted]
            return tags_table.put(db, [tag.tombstone(now) for tag in known]), known

        serial, gone = await self._do(put)
        self._audit.deleted(gone, by)
        self._tell(serial, {tag.channel for tag in gone})
        return len(gone)

    async def gone_since(self, ids: Sequence[str]) -> dict[str, int]:
        """Return since when (ms) the footage of tags is gone, for those of which it is."""
        return await self._do(lambda db: tags_table.gone_since(db, ids))

    async def footage(self, gone: Collection[str], here: Collection[str]) -> list[str]:
        """Note which tags have no footage on any volume any more, and which have it.

        Those that had none for `KEPT_MS` are removed, and returned.  That leaves no tombstone: a
        disk from the shelf that still has footage of one brings it along again.
        """
        now = self._clock_ms()

        def put(db: Connection) -> tuple[int, set[int], list[Tag]]:
            return tags_table.note_footage(db, gone, here, now_ms=now, kept_ms=KEPT_MS)

        serial, channels, removed = await self._do(put)
        self._audit.removed(removed)
        self._tell(serial, channels)
        return [tag.id for tag in removed]

    async def query(self, wanted: TagFilter) -> tuple[list[Tag], str | None]:
        """Return one page, newest first, and the place of the next."""
        return await self._do(lambda db: tags_table.query(db, wanted))

    async def changes(self, after: int, channels: tuple[int, int], limit: int) -> Changes:
        """Return what changed since a serial, for whoever keeps copies."""
        return await self._do(lambda db: tags_table.changes(db, after, channels, limit))

    async def merge(self, copies: Sequence[Tag]) -> int:
        """Take over copies found on a volume that are newer than what is known; return how many.

        A full book takes no further tags, only changes of those it has; the copies stay where
        they are.
        """

        def put(db: Connection) -> tuple[int, list[Tag]]:
            known = {tag.id: tag for tag in tags_table.get(db, {tag.id for tag in copies})}
            room = MAX_TAGS - tags_table.count(db, deleted=False)
            newest: dict[str, Tag] = {}
            for copy in copies:
                before = newest.get(copy.id) or known.get(copy.id)
                if before is None and not copy.deleted:
                    if room <= 0:
                        continue
                    room -= 1
                if before is None or copy.newer_than(before):
                    newest[copy.id] = copy
            return tags_table.put(db, list(newest.values())), list(newest.values())

        serial, taken = await self._do(put)
        self._tell(serial, {tag.channel for tag in taken})
        return len(taken)

    async def _do(self, work: Callable[[Connection], T]) -> T:
        try:
            return await self._events.with_database(work)
        except (EventError, Error, ValueError) as error:
            _log.error("Tags cannot be read or stored: %s", error)
            raise TagError(
                "tags.not_stored",
                _("The tags cannot be read or stored just now: {reason}. Try again.").format(
                    reason=error
                ),
            ) from error

    def _tell(self, serial: int, channels: Collection[int]) -> None:
        if channels:
            for listener in self._listeners:
                listener(serial, channels)


def no_tag() -> TagError:
    """Return the error for a tag that was deleted, or never was."""
    return TagError("tags.no_tag", _("There is no such tag any more. It may have been deleted."))

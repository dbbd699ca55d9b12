"""The log: what people did and what happened to the box, out of the one record of events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from appliance.events.book import EventBook
from appliance.events.chain import Verdict
from appliance.events.database import EventDatabase
from appliance.events.log_types import TITLES, TYPE_OF, LogType, kinds_of
from appliance.events.query import EventFilter, EventQueryError


class LogBook:
    """Reads, checks and clears; entries are written by raising events."""

    def __init__(self, book: EventBook) -> None:
        self._book = book

    async def query(self, params: Mapping[str, Any]) -> tuple[list[dict[str, Any]], str | None]:
        """Return one page of entries, newest first, and the place of the next.

        Filters as in events.query, with `types` instead of kinds, and `of`: the channels whose log
        is read, with what the box did by itself; without it everything.  Raise EventQueryError,
        EventError.
        """
        rest = {name: value for name, value in params.items() if name not in ("types", "of")}
        kinds = kinds_of(_types(params.get("types")))
        wanted = replace(EventFilter.parse(rest), kinds=kinds, of=_of(params.get("of")))

        def work(file: EventDatabase) -> tuple[list[dict[str, Any]], str | None]:
            above = file.with_connection(file.chain.cleared_id)
            events, after = file.query(replace(wanted, above_id=above))
            numbers = file.with_connection(
                lambda db: file.chain.numbers(db, [event.id for event in events])
            )
            return [_entry(event.as_dict(), numbers.get(event.id)) for event in events], after

        return await self._book.with_file(work)

    async def since(self, after: int | None, limit: int) -> dict[str, Any]:
        """Return {events, last, more}: every event after one of that id, the oldest first.

        `last` is the id to ask after next; with None, or one that was never given, the newest, and
        no events.  Raise EventError.
        """

        def work(file: EventDatabase) -> dict[str, Any]:
            newest = file.next_id() - 1
            if after is None or after > newest:
                return {"events": [], "last": newest, "more": False}
            found = file.after(after, limit)
            last = found[-1].id if found else newest
            return {
                "events": [event.as_dict() for event in found],
                "last": last,
                "more": last < newest and bool(found),
            }

        return await self._book.with_file(work)

    async def check(self) -> Verdict:
        """Walk the chain of what people did.  Raise EventError."""
        return await self._book.with_file(lambda file: file.with_connection(file.chain.check))

    async def clear(self, actor: str) -> int:
        """Empty the log; that it was cleared is its first entry.  Return how many entries went."""
        last, _more = await self.query({"limit": 1})
        if not last:
            return 0
        gone = await self._book.with_file(lambda file: file.clear_log(last[0]["id"]))
        details = {"actor": actor, "count": gone, "until": _instant(last[0]["start"])}
        self._book.raise_event("log_cleared", details=details)
        return gone


def _instant(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(" ", "seconds")


def _of(value: Any) -> frozenset[int] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(entry, int) for entry in value):
        raise EventQueryError("of", "must be a list of numbers")
    return frozenset(value)


def _types(value: Any) -> frozenset[LogType]:
    if value is None:
        return frozenset()
    known = [of.value for of in LogType]
    if not isinstance(value, list) or any(entry not in known for entry in value):
        raise EventQueryError("types", f"must be of {', '.join(known)}")
    return frozenset(LogType(entry) for entry in value)


def _entry(event: dict[str, Any], number: int | None) -> dict[str, Any]:
    of = TYPE_OF[event["kind"]]
    return {**event, "type": of.value, "type_title": TITLES[of], "seq": number}

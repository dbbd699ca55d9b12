"""Events are raised once, ended once, found again, and survive restarts and damaged files."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from appliance.events.book import MAX_WAITING, EventBook, EventError
from appliance.events.kinds import KINDS
from appliance.events.query import EventFilter, EventQueryError


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000_000

    def __call__(self) -> int:
        return self.now


class Shelf:
    """One box's book, opened again and again."""

    def __init__(self, root: Path) -> None:
        self.path = root / "events" / "events.db"
        self.clock = Clock()
        self.books: list[EventBook] = []

    async def open(self, max_events: int = 100_000) -> EventBook:
        book = EventBook(self.path, clock_ms=self.clock, max_events=max_events)
        await book.start()
        self.books.append(book)
        return book

    async def close(self) -> None:
        for book in self.books:
            await book.close()
        self.books = []


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    shelf = Shelf(tmp_path)
    yield shelf
    await shelf.close()


async def all_of(book: EventBook, **query: Any) -> list[dict[str, Any]]:
    events, _next = await book.query(EventFilter.parse(query))
    return [event.as_dict() for event in events]


async def test_same_kind_and_key_is_one_event_while_it_lasts(shelf: Any) -> None:
    book = await shelf.open()
    changes: list[tuple[str, int]] = []
    book.listen(lambda change, event: changes.append((change, event.id)))
    details = {"name": "Back door", "reason": "It refused the connection."}
    first, new = book.raise_event("camera_offline", key="3", channel=3, details=details)
    assert new
    again, new = book.raise_event("camera_offline", key="3", channel=3, details=details)
    assert (again.id, new, again.repeats) == (first.id, False, 1)
    book.raise_event("camera_offline", key="3", channel=3, details={"reason": "Silent."})
    shelf.clock.now += 5_000
    ended = book.end_event("camera_offline", "3")
    assert ended is not None
    assert book.end_event("camera_offline", "3") is None
    found = await all_of(book)
    assert len(found) == 1
    assert found[0]["end"] - found[0]["start"] == 5_000
    assert found[0]["text"] == "D3 Back door does not answer. Silent."
    assert changes == [("raised", 1), ("renewed", 1), ("ended", 1)]
    _event, new = book.raise_event("camera_offline", key="3", channel=3)
    assert new


async def test_kind_without_end_is_recorded_once_a_key_and_each_time_without(shelf: Any) -> None:
    book = await shelf.open()
    for _attempt in range(3):
        book.raise_event("process_restarted", key="web:1", details={"process": "web"})
        book.raise_event("login_failed", details={"user": "admin", "address": "::1", "count": 1})
    found = await all_of(book)
    assert [event["kind"] for event in found].count("process_restarted") == 1
    assert [event["kind"] for event in found].count("login_failed") == 3
    assert all(event["end"] == event["start"] for event in found)


async def test_lasting_event_goes_on_after_a_restart_and_ids_rise(shelf: Any) -> None:
    book = await shelf.open()
    first, _new = book.raise_event("volume_missing", key="a", details={"volume": "a"})
    await shelf.close()
    book = await shelf.open()
    again, new = book.raise_event("volume_missing", key="a")
    assert (again.id, new) == (first.id, False)
    other, _new = book.raise_event("volume_missing", key="b")
    assert other.id > first.id
    book.end_event("volume_missing", "a")
    assert [event["key"] for event in await all_of(book, open=True)] == ["b"]


async def test_sync_ends_what_the_source_left_open(shelf: Any) -> None:
    book = await shelf.open()
    for channel in (1, 2, 3):
        book.raise_event("camera_offline", key=str(channel), channel=channel, source="recorder@1")
    book.raise_event("volume_missing", key="a", source="recorder@2")
    assert book.sync("recorder@1", ["2"]) == 2
    assert {event.key for event in book.open_events} == {"2", "a"}
    book.raise_event("not_recording", key="2", channel=2, source="recorder@1")
    assert book.sync("recorder@1", [("not_recording", "2")]) == 1
    assert {event.kind for event in book.open_events} == {"not_recording", "volume_missing"}


async def test_pages_follow_each_other_without_gap_or_repeat(shelf: Any) -> None:
    book = await shelf.open()
    for number in range(250):
        shelf.clock.now += number % 3  # several share an instant
        book.raise_event("login_failed", details={"count": number})
    seen: list[int] = []
    after: str | None = ""
    while after is not None:
        events, after = await book.query(EventFilter.parse({"limit": 40, "after": after}))
        seen += [event.details["count"] for event in events]
    assert seen == list(reversed(range(250)))


async def test_filters_by_kind_severity_channel_and_overlapping_time(shelf: Any) -> None:
    book = await shelf.open()
    start = shelf.clock.now
    book.raise_event("camera_offline", key="1", channel=1)
    shelf.clock.now = start + 10_000
    book.end_event("camera_offline", "1")
    book.raise_event("disk_slow", key="a", source="recorder@1")
    shelf.clock.now = start + 20_000
    book.raise_event("setup_done", details={"address": "127.0.0.1"})
    assert len(await all_of(book)) == 3
    assert [e["kind"] for e in await all_of(book, kinds=["setup_done"])] == ["setup_done"]
    assert [e["kind"] for e in await all_of(book, severities=["error"])] == ["camera_offline"]
    assert [e["kind"] for e in await all_of(book, channels=[1])] == ["camera_offline"]
    assert [e["kind"] for e in await all_of(book, sources=["recorder@1"])] == ["disk_slow"]
    assert await all_of(book, kinds=["setup_done"], severities=["error"]) == []
    inside = await all_of(book, start=start + 2_000, end=start + 3_000)
    assert [e["kind"] for e in inside] == ["camera_offline"]
    later = await all_of(book, start=start + 15_000)
    assert [e["kind"] for e in later] == ["setup_done", "disk_slow"]
    assert await all_of(book, end=start) == []


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"kinds": "camera_offline"}, "kinds"),
        ({"channels": ["1"]}, "channels"),
        ({"severities": ["fatal"]}, "severities"),
        ({"after": "'; DROP TABLE events"}, "after"),
        ({"start": True}, "start"),
        ({"open": "yes"}, "open"),
        ({"sql": "1"}, "sql"),
    ],
)
def test_wrong_filter_is_named(query: dict[str, Any], path: str) -> None:
    with pytest.raises(EventQueryError) as caught:
        EventFilter.parse(query)
    assert caught.value.path == path


async def test_unknown_kind_is_refused(shelf: Any) -> None:
    book = await shelf.open()
    with pytest.raises(EventError) as caught:
        book.raise_event("alien_landing")
    assert caught.value.code == "events.no_kind"


async def test_details_are_kept_plain_and_short(shelf: Any) -> None:
    book = await shelf.open()
    details = {"a": "x" * 5_000, "b": float("nan"), "c": {"deep": 1}, "d": "\ud800", "e": [1, None]}
    book.raise_event("login_failed", details=details)
    kept = (await all_of(book))[0]["details"]
    assert (len(kept["a"]), kept["b"], kept["c"], kept["d"]) == (2_000, None, "{'deep': 1}", "?")


def test_sentence_fills_names_only_and_never_reaches_into_objects() -> None:
    kind = KINDS["camera_offline"]
    words = kind.sentence({"name": "{reason.__class__}", "reason": "{0.__init__}"}, 2)
    assert words == "D2 {reason.__class__} does not answer. {0.__init__}"
    assert kind.sentence({}, None) == "does not answer."


def test_sentence_leaves_no_gap_where_a_value_is_missing() -> None:
    details = {"actor": "admin", "page": "Web access", "item": "", "fields": "https_port"}
    told = KINDS["settings_changed"].sentence(details, None)
    assert told == "admin changed Web access: https_port."
    details |= {"page": "Channels", "item": "3 : 4"}
    told = KINDS["settings_changed"].sentence(details, None)
    assert told == "admin changed Channels 3 : 4: https_port."


def test_a_missing_volume_is_said_once() -> None:
    reason = "Volume Disk 1 is gone. Check that the disk is plugged in."
    assert KINDS["volume_missing"].sentence({"volume": "Disk 1", "reason": reason}, None) == reason


async def test_oldest_ended_events_go_and_lasting_ones_stay(shelf: Any) -> None:
    book = await shelf.open(max_events=500)
    book.raise_event("volume_missing", key="a")
    for number in range(700):
        shelf.clock.now += 1
        book.raise_event("process_restarted", details={"count": number})
        if number % 50 == 0:
            await book.query(EventFilter())
    found: list[Any] = []
    after: str | None = ""
    while after is not None:
        events, after = await book.query(EventFilter.parse({"limit": 500, "after": after}))
        found += events
    assert 480 <= len(found) <= 500
    assert found[0].details["count"] == 699
    assert found[-1].kind == "volume_missing"


async def test_damaged_file_is_kept_aside_and_readable_events_are_saved(shelf: Any) -> None:
    book = await shelf.open()
    for number in range(400):
        book.raise_event("login_failed", details={"count": number, "pad": "x" * 200})
    lasting, _new = book.raise_event("volume_missing", key="a")
    await shelf.close()
    with sqlite3.connect(shelf.path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = db.execute("PRAGMA page_size").fetchone()[0]
        pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.close()
    raw = bytearray(shelf.path.read_bytes())
    middle = pages // 2 * page
    raw[middle : middle + page] = b"\xa5" * page
    shelf.path.write_bytes(raw)
    book = await shelf.open()
    mended = await all_of(book, kinds=["event_store_mended"])
    assert 200 <= mended[0]["details"]["kept"] < 401
    assert len(list(shelf.path.parent.glob("events.db.broken-*"))) >= 1
    assert [event.id for event in book.open_events] == [lasting.id]


async def test_file_that_is_no_database_ends_in_an_empty_book_that_works(shelf: Any) -> None:
    shelf.path.parent.mkdir(parents=True)
    shelf.path.write_bytes(b"this is not a database" * 1_000)
    book = await shelf.open()
    book.raise_event("setup_done")
    assert [e["kind"] for e in await all_of(book)] == ["setup_done", "event_store_mended"]


async def test_book_works_in_memory_where_nothing_can_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    book = EventBook(blocked / "events.db")
    await book.start()
    book.raise_event("volume_missing", key="a")
    assert [e["key"] for e in await all_of(book)] == ["a"]
    await book.close()


async def test_disk_that_fails_delays_nobody_and_events_are_stored_later(
    shelf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = await shelf.open()
    store = book._database.store

    def fail(_events: Any) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(book._database, "store", fail)
    for number in range(MAX_WAITING + 10):
        book.raise_event("login_failed", details={"count": number})
    assert await all_of(book) == []
    assert book.dropped == 10
    monkeypatch.setattr(book._database, "store", store)
    found = await all_of(book, limit=500)
    assert found[0]["details"]["count"] == MAX_WAITING + 9
    await asyncio.sleep(0)


def test_every_kind_says_what_it_is_and_helps() -> None:
    for slug, kind in KINDS.items():
        assert slug == kind.slug
        assert kind.title
        assert kind.text.rstrip().endswith(".") or kind.text.endswith("}")
        assert kind.help.endswith(".")

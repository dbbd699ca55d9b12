"""Tags whose footage is gone, and what becomes of tags as events: who, old, new."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.events import tags_table
from appliance.events.book import EventBook
from appliance.events.query import EventFilter
from appliance.events.tags import Tag
from appliance.events.tags_book import KEPT_MS, TagBook
from appliance.events.tags_query import TagFilter

NOW = 1_790_000_000_000


class Shelf:
    """A book of tags with a clock that goes as it is told."""

    def __init__(self, path: Path) -> None:
        self.now = NOW
        self.events = EventBook(path)
        self.tags = TagBook(self.events, clock_ms=lambda: self.now)

    async def names(self) -> list[str]:
        return [tag.name for tag in (await self.tags.query(TagFilter()))[0]]

    async def told(self, kind: str) -> list[str]:
        events, _next = await self.events.query(EventFilter())
        return [str(event.as_dict()["text"]) for event in events if event.kind == kind]


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    made = Shelf(tmp_path / "events.db")
    await made.events.start()
    yield made
    await made.events.close()


async def test_a_rename_tells_who_old_and_new(shelf: Shelf) -> None:
    tag = await shelf.tags.add(3, NOW, "Van", "anna")
    await shelf.tags.rename(tag.id, "Blue van", "bert@10.0.0.7")
    await shelf.tags.rename(tag.id, "Blue van", "bert@10.0.0.7")  # no change, no event
    when = "2026-09-21 14:13:20 UTC"
    assert await shelf.told("tag_renamed") == [
        f"bert@10.0.0.7 renamed the tag “Van” of D3 at {when} to “Blue van”."
    ]


async def test_deleting_tells_who_and_what_once_for_each_channel(shelf: Shelf) -> None:
    many = [await shelf.tags.add(1, NOW + n, f"tag {n}", "") for n in range(15)]
    other = await shelf.tags.add(2, NOW, "Gate", "")
    assert await shelf.tags.delete([tag.id for tag in [*many, other]], "anna@10.0.0.7") == 16
    assert await shelf.tags.delete([other.id], "anna@10.0.0.7") == 0
    texts = await shelf.told("tags_deleted")
    assert len(texts) == 2
    assert any("D2: “Gate” (2026-09-21 14:13:20 UTC)." in text for text in texts)
    assert any("anna@10.0.0.7 deleted tags of D1" in t and "3 more" in t for t in texts)


async def test_a_tag_without_footage_is_shown_as_such_and_removed_after_a_day(
    shelf: Shelf,
) -> None:
    gone = await shelf.tags.add(1, NOW, "gone", "")
    kept = await shelf.tags.add(1, NOW, "kept", "")
    assert await shelf.tags.footage([gone.id], [kept.id]) == []
    assert await shelf.tags.gone_since([gone.id, kept.id]) == {gone.id: NOW}
    shelf.now += KEPT_MS - 1
    assert await shelf.tags.footage([gone.id], []) == []
    assert await shelf.tags.gone_since([gone.id]) == {gone.id: NOW}
    shelf.now += 1
    assert await shelf.tags.footage([gone.id], []) == [gone.id]
    assert await shelf.names() == ["kept"]
    assert len(await shelf.told("tags_removed")) == 1
    assert await shelf.tags.footage([gone.id], []) == []


async def test_footage_that_is_back_ends_the_day(shelf: Shelf) -> None:
    tag = await shelf.tags.add(1, NOW, "a", "")
    await shelf.tags.footage([tag.id], [])
    await shelf.tags.footage([], [tag.id])
    assert await shelf.tags.gone_since([tag.id]) == {}
    shelf.now += 2 * KEPT_MS
    assert await shelf.tags.footage([tag.id], []) == []
    assert await shelf.names() == ["a"]


async def test_a_clock_set_back_removes_nothing_early(shelf: Shelf) -> None:
    tag = await shelf.tags.add(1, NOW, "a", "")
    await shelf.tags.footage([tag.id], [])
    shelf.now -= 10 * KEPT_MS
    assert await shelf.tags.footage([tag.id], []) == []


async def test_a_removed_tag_comes_back_with_a_disk_that_has_it(shelf: Shelf) -> None:
    tag = await shelf.tags.add(1, NOW, "a", "")
    await shelf.tags.footage([tag.id], [])
    shelf.now += KEPT_MS
    assert await shelf.tags.footage([tag.id], []) == [tag.id]
    assert await shelf.tags.merge([tag]) == 1
    assert await shelf.names() == ["a"]
    assert await shelf.tags.gone_since([tag.id]) == {}


async def test_whoever_reads_changes_misses_none_after_a_removal(shelf: Shelf) -> None:
    """The last serial belonged to the tag that was removed; it is not given once more."""
    first = await shelf.tags.add(1, NOW, "first", "")
    seen = (await shelf.tags.changes(0, (1, 8), 10)).serial
    await shelf.tags.footage([first.id], [])
    shelf.now += KEPT_MS
    await shelf.tags.footage([first.id], [])
    await shelf.tags.add(1, NOW, "second", "")
    later = await shelf.tags.changes(seen, (1, 8), 10)
    assert [tag.name for tag in later.tags] == ["second"]


async def test_channels_are_told_when_a_mark_changes_and_only_then(shelf: Shelf) -> None:
    tag = await shelf.tags.add(4, NOW, "a", "")
    told: list[set[int]] = []
    shelf.tags.listen(lambda _serial, channels: told.append(set(channels)))
    await shelf.tags.footage([tag.id], [])
    await shelf.tags.footage([tag.id], [])
    await shelf.tags.footage([], ["0" * 32])
    assert told == [{4}]


def test_a_table_of_before_gets_its_columns() -> None:
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript(tags_table.TABLES)
    db.execute("INSERT INTO tags_store (id) VALUES ('x')")
    for _ in range(2):
        tags_table.prepare(db)
    tags_table.put(db, [Tag.new(1, NOW, "a", "", NOW)])
    assert tags_table.count(db, deleted=False) == 1

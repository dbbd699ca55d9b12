"""Tags are kept, found by channel, time and name, merged with copies, and bounded."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from appliance.events import tags_table
from appliance.events.book import EventBook
from appliance.events.tags import Tag, TagError, clean_name
from appliance.events.tags_book import TagBook
from appliance.events.tags_query import TagFilter

NOW = 1_790_000_000_000
Open = Callable[[], Awaitable[TagBook]]


@pytest.fixture
async def open_book(tmp_path: Path) -> AsyncIterator[Open]:
    """Open the book of one box, again and again."""
    books: list[EventBook] = []

    async def opened() -> TagBook:
        for book in books:
            await book.close()
        books.clear()
        events = EventBook(tmp_path / "events" / "events.db")
        await events.start()
        books.append(events)
        return TagBook(events, clock_ms=lambda: NOW)

    yield opened
    for book in books:
        await book.close()


async def names(book: TagBook, **query: object) -> list[str]:
    tags, _next = await book.query(TagFilter.parse(query))
    return [tag.name for tag in tags]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  Van at the gate ", "Van at the gate"),
        ("Cafe\u0301", "Café"),
        ("门口的货车", "门口的货车"),
        ("نص‌عربي", "نص‌عربي"),
        ("👨‍👩‍👧", "👨‍👩‍👧"),
        ("\U0001faf8\U0001fae8\U0001fadf", "\U0001faf8\U0001fae8\U0001fadf"),
        ("x" * 64, "x" * 64),
        ("é" * 64, "é" * 64),
        ("e\u0301" * 64, "é" * 64),
    ],
)
def test_a_name_of_any_language_is_kept_composed(given: str, kept: str) -> None:
    assert clean_name(given) == kept


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "at least a character"),
        ("   ", "at least a character"),
        ("\u200b\u200d\u202e", "at least a character"),
        ("x" * 65, "65 characters; 64 are allowed"),
        ("a\nb", "cannot be shown"),
        ("a\x00b", "cannot be shown"),
        ("a\ud800", "cannot be shown"),
        ("a\u2028b", "cannot be shown"),
        (7, "needs a name"),
    ],
)
def test_a_name_that_cannot_be_is_refused_in_words(name: object, words: str) -> None:
    with pytest.raises(TagError, match=words) as caught:
        clean_name(name)
    assert (caught.value.code, caught.value.field) == ("tags.bad_name", "name")


async def test_a_tag_is_there_after_a_restart(open_book: Open) -> None:
    book = await open_book()
    tag = await book.add(3, NOW - 5_000, "Van", "anna")
    book = await open_book()
    assert await book.get([tag.id]) == [tag]


async def test_tags_are_found_by_channel_time_and_name(open_book: Open) -> None:
    """D1-PB-34, D1-PB-36."""
    book = await open_book()
    for channel, ago, name in ((1, 30, "Weiße Tür"), (2, 20, "TÜR offen"), (1, 10, "Van 50%")):
        await book.add(channel, NOW - ago * 1000, name, "anna")
    assert await names(book) == ["Van 50%", "TÜR offen", "Weiße Tür"]
    assert await names(book, channels=[1]) == ["Van 50%", "Weiße Tür"]
    assert await names(book, channels=[]) == []
    assert await names(book, name="tür") == ["TÜR offen", "Weiße Tür"]
    assert await names(book, name="WEISSE") == ["Weiße Tür"]
    assert await names(book, name="50%") == ["Van 50%"]
    assert await names(book, name="_") == []
    assert await names(book, start=NOW - 20_000, end=NOW - 10_000) == ["TÜR offen"]


async def test_pages_tell_every_tag_once_also_those_of_one_instant(open_book: Open) -> None:
    book = await open_book()
    for n in range(7):
        await book.add(1, NOW - 1000 * (n // 3), f"{n}", "")
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        tags, after = await book.query(TagFilter.parse({"limit": 2, "after": after}))
        seen += [tag.name for tag in tags]
    assert sorted(seen) == [f"{n}" for n in range(7)]


@pytest.mark.parametrize(
    "query",
    [
        {"channels": "1"}, {"channels": [0]}, {"start": "x"}, {"name": 7}, {"name": "x" * 65},
        {"after": "x"}, {"after": "1:zz"}, {"limit": 0}, {"limit": 501}, {"limit": True}, {"a": 1},
    ],
)  # fmt: skip
def test_a_filter_that_makes_no_sense_is_named(query: dict[str, object]) -> None:
    with pytest.raises(TagError) as caught:
        TagFilter.parse(query)
    assert caught.value.field == next(iter(query))


async def test_an_instant_to_come_is_refused(open_book: Open) -> None:
    book = await open_book()
    await book.add(1, NOW + 4_000, "clocks differ a little", "")
    with pytest.raises(TagError, match="still to come"):
        await book.add(1, NOW + 60_000, "later", "")


async def test_a_tag_is_renamed_and_deleted_and_gone_once(open_book: Open) -> None:
    book = await open_book()
    tag = await book.add(1, NOW, "Van", "anna")
    renamed = await book.rename(tag.id, "Blue van")
    assert (renamed.name, renamed.at_ms, renamed.author) == ("Blue van", NOW, "anna")
    assert await names(book, name="blue") == ["Blue van"]
    assert await book.delete([tag.id, tag.id, "0" * 32]) == 1
    assert await book.delete([tag.id]) == 0
    assert await names(book) == []
    with pytest.raises(TagError, match="deleted"):
        await book.rename(tag.id, "again")


async def test_changes_are_told_with_the_channels_they_concern(open_book: Open) -> None:
    book = await open_book()
    told: list[set[int]] = []
    book.listen(lambda _serial, channels: told.append(set(channels)))
    first = await book.add(1, NOW, "a", "")
    second = await book.add(2, NOW, "b", "")
    await book.rename(second.id, "c")
    await book.delete([first.id, second.id])
    await book.delete([first.id])
    assert told == [{1}, {2}, {2}, {1, 2}]


async def test_whoever_keeps_copies_learns_of_each_change_and_no_other(open_book: Open) -> None:
    book = await open_book()
    first = await book.add(1, NOW, "a", "")
    await book.add(9, NOW, "of another recorder", "")
    found = await book.changes(0, (1, 8), 100)
    assert found.tags == [first]
    await book.delete([first.id])
    later = await book.changes(found.serial, (1, 8), 100)
    assert [(tag.id, tag.deleted, tag.name) for tag in later.tags] == [(first.id, True, "")]
    assert (await book.changes(later.serial, (1, 8), 100)).tags == []
    for n in range(5):
        await book.add(1, NOW, f"{n}", "")
    page = await book.changes(later.serial, (1, 8), 2)
    assert page.more
    assert [tag.name for tag in page.tags] == ["0", "1"]
    assert [t.name for t in (await book.changes(page.serial, (1, 8), 9)).tags] == ["2", "3", "4"]


def test_of_two_copies_every_box_takes_the_same() -> None:
    tag = Tag.new(1, NOW, "a", "", NOW)
    copies = [tag, tag.renamed("b", NOW), tag.renamed("c", NOW), tag.tombstone(NOW)]
    copies += [copies[1].renamed("d", NOW - 10), copies[3]]
    rng = random.Random(1)
    outcomes = set()
    for _ in range(50):
        rng.shuffle(copies)
        kept = copies[0]
        for copy in copies[1:]:
            kept = copy if copy.newer_than(kept) else kept
        outcomes.add(kept.name)
    assert outcomes == {"d"}  # changed most often, whatever its clock said


async def test_a_copy_that_comes_back_does_not_bring_back_what_was_deleted(open_book: Open) -> None:
    book = await open_book()
    tag = await book.add(1, NOW, "Van", "")
    await book.delete([tag.id])
    assert await book.merge([tag]) == 0
    assert await names(book) == []


async def test_tags_of_another_box_are_taken_over_with_their_changes(open_book: Open) -> None:
    book = await open_book()
    theirs = Tag.new(2, NOW - 1000, "Theirs", "bert", NOW)
    assert await book.merge([theirs, theirs]) == 1
    assert await book.merge([theirs]) == 0
    assert await book.merge([theirs.renamed("Renamed there", NOW)]) == 1
    assert await names(book) == ["Renamed there"]
    moved = Tag(theirs.id, 7, 5, "Elsewhere", "", 9, NOW)
    await book.merge([moved])
    kept = (await book.get([theirs.id]))[0]
    assert (kept.name, kept.channel, kept.at_ms) == ("Elsewhere", 2, NOW - 1000)


async def test_a_full_book_says_so_and_still_takes_changes(
    open_book: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.events.tags_book.MAX_TAGS", 2)
    book = await open_book()
    tag = await book.add(1, NOW, "a", "")
    await book.add(1, NOW, "b", "")
    with pytest.raises(TagError, match="2 tags already"):
        await book.add(1, NOW, "c", "")
    assert await book.merge([Tag.new(1, NOW, "d", "", NOW), tag.renamed("e", NOW)]) == 1
    assert sorted(await names(book)) == ["b", "e"]


async def test_tombstones_are_bounded_the_first_go_first(
    open_book: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tags_table, "MAX_TOMBSTONES", 3)
    book = await open_book()
    tags = [await book.add(1, NOW, f"{n}", "") for n in range(5)]
    for tag in tags:
        await book.delete([tag.id])
    kept = (await book.changes(0, (1, 8), 100)).tags
    assert [tag.id for tag in kept] == [tag.id for tag in tags[2:]]


async def test_tags_are_saved_from_a_damaged_file(open_book: Open, tmp_path: Path) -> None:
    book = await open_book()
    tag = await book.add(1, NOW, "Van", "anna")
    before = await book.changes(0, (1, 8), 10)
    await open_book()  # closes it first
    path = tmp_path / "events" / "events.db"
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.commit()
    db.close()
    book = await open_book()
    assert await book.get([tag.id]) == [tag]
    assert (await book.changes(0, (1, 8), 10)).store != before.store  # copies are read again


async def test_a_file_made_before_there_were_tags_gets_their_table(
    open_book: Open, tmp_path: Path
) -> None:
    await open_book()
    db = sqlite3.connect(tmp_path / "events" / "events.db")
    db.executescript("DROP TABLE tags; DROP TABLE tags_store;")
    db.close()
    book = await open_book()
    await book.add(1, NOW, "Van", "")
    assert await names(book) == ["Van"]


async def test_without_a_file_it_is_said_that_nothing_is_stored(tmp_path: Path) -> None:
    (tmp_path / "events").write_text("in the way")
    events = EventBook(tmp_path / "events" / "events.db")
    await events.start()
    with pytest.raises(TagError, match="cannot be read or stored"):
        await TagBook(events).add(1, NOW, "Van", "")
    await events.close()


@pytest.mark.parametrize(
    "change",
    [
        {"id": "x"}, {"id": None}, {"channel": 0}, {"channel": True}, {"channel": 257},
        {"at": -1}, {"at": 1.5}, {"name": ""}, {"name": "a\nb"}, {"name": None}, {"author": 3},
        {"revision": 0}, {"revision": 1 << 40}, {"changed": "now"}, {"deleted": 1},
    ],
)  # fmt: skip
def test_a_copy_that_makes_no_sense_is_not_taken(change: dict[str, object]) -> None:
    whole = Tag.new(1, NOW, "a", "b", NOW).as_dict()
    assert Tag.from_dict(whole).as_dict() == whole
    with pytest.raises(ValueError, match=r"tag|name|character"):
        Tag.from_dict({**whole, **change})


async def test_many_at_once_are_all_stored(open_book: Open) -> None:
    book = await open_book()
    await asyncio.gather(*(book.add(1, NOW, f"{n}", "") for n in range(50)))
    assert len(await names(book)) == 50

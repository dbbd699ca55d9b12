"""The log: what people did is chained, what is taken out shows, clearing stays in it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from appliance.events.book import EventBook
from appliance.events.database import HEAD_NAME
from appliance.events.kinds import KINDS
from appliance.events.log_book import LogBook
from appliance.events.log_types import AUDITED, LOG_ONLY, TYPE_OF, Shelf, shelf_of
from appliance.events.query import EventFilter, EventQueryError

KEY = b"k" * 32


class Office:
    """A book of events that is opened again and again, and its file meddled with between."""

    def __init__(self, root: Path) -> None:
        self.path = root / "events.db"
        self.now = 1_700_000_000_000
        self.book: EventBook | None = None

    async def open(
        self, key: bytes = KEY, max_events: int = 100_000, *, expected: bool = False
    ) -> LogBook:
        self.book = EventBook(
            self.path,
            clock_ms=self.tick,
            max_events=max_events,
            chain_key=key,
            expected=expected,
        )
        await self.book.start()
        return LogBook(self.book)

    def tick(self) -> int:
        self.now += 1000
        return self.now

    async def close(self) -> None:
        if self.book is not None:
            await self.book.close()
            self.book = None

    def did(self, count: int = 5) -> None:
        """People sign in; between, the box does something by itself."""
        assert self.book is not None
        for number in range(count):
            self.book.raise_event("signed_in", details={"user": f"user-{number}"})
            self.book.raise_event("system_started", details={"version": "1"})

    async def meddle(self, *statements: str) -> LogBook:
        """Change the file behind the program's back."""
        await self.close()
        db = sqlite3.connect(self.path)
        with db:
            for statement in statements:
                db.execute(statement)
        db.close()
        return await self.open()


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    office = Office(tmp_path)
    yield office
    await office.close()


async def texts(log: LogBook, **params: Any) -> list[str]:
    entries, _next = await log.query(params)
    return [entry["text"] for entry in entries]


async def broken(log: LogBook) -> list[tuple[int, str]]:
    return [(place.seq, place.text) for place in (await log.check()).broken]


async def test_what_people_did_is_chained_and_survives_a_restart(office: Any) -> None:
    await office.open()
    office.did()
    await office.close()
    log = await office.open()
    verdict = await log.check()
    assert (verdict.entries, verdict.broken) == (5, ())
    entries, _next = await log.query({})
    assert len(entries) == 10
    assert {entry["type"] for entry in entries} == {"account", "system"}
    assert [entry["seq"] for entry in entries if entry["type"] == "account"] == [5, 4, 3, 2, 1]
    assert {entry["seq"] for entry in entries if entry["type"] == "system"} == {None}


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ('UPDATE events SET details = \'{"user":"eve"}\' WHERE id = 5', 3),
        ("UPDATE events SET start_ms = start_ms - 1 WHERE id = 5", 3),
        ("DELETE FROM events WHERE id = 5", 3),
        ("DELETE FROM audit_chain WHERE seq = 3", 4),
        ("UPDATE audit_chain SET shelf = 'views' WHERE seq = 3", 4),
        ("UPDATE audit_chain SET seq = 99 WHERE seq = 3", 99),
        ("DELETE FROM audit_chain WHERE seq = 5", 5),
        ("UPDATE audit_chain SET code = x'00' WHERE seq = 3", 3),
        ("UPDATE audit_anchor SET seq = 0, cleared_id = 99", 0),
    ],
)
async def test_whatever_is_altered_or_removed_shows(
    office: Any, statement: str, place: int
) -> None:
    await office.open()
    office.did()
    log = await office.meddle(statement)
    assert place in {seq for seq, _text in await broken(log)}


async def test_entry_taken_out_with_its_place_in_the_chain_shows(office: Any) -> None:
    await office.open()
    office.did()
    log = await office.meddle(
        "DELETE FROM events WHERE id = 5",
        "DELETE FROM audit_chain WHERE seq = 3",
        "UPDATE audit_chain SET seq = seq - 1, place = place - 1 WHERE seq > 3",
    )
    assert (3, "It was altered, or what stood before it.") in await broken(log)


async def test_entry_slipped_in_shows(office: Any) -> None:
    await office.open()
    office.did()
    log = await office.meddle(
        "INSERT INTO events VALUES (99, 'signed_in', '', NULL, 'x', 1, 1, 0, '{}')"
    )
    assert [text for _seq, text in await broken(log)] == ["Event 99 was put in from outside."]


async def test_entries_taken_off_the_end_show_by_the_note_beside(office: Any) -> None:
    await office.open()
    office.did()
    log = await office.meddle(
        "DELETE FROM events WHERE id >= 7", "DELETE FROM audit_chain WHERE seq >= 4"
    )
    assert await broken(log) == [(4, "2 entries are missing at the end.")]


async def test_file_that_was_removed_shows_until_the_log_is_cleared(office: Any) -> None:
    await office.open()
    office.did()
    await office.close()
    for path in office.path.parent.glob("events.db*"):
        path.unlink()
    log = await office.open()
    office.did(1)
    assert [seq for seq, _text in await broken(log)] == [5]
    await office.close()
    log = await office.open()
    assert [seq for seq, _text in await broken(log)] == [5]
    await log.clear("eve")
    assert await broken(log) == []


async def test_note_of_the_end_that_is_gone_or_forged_shows(office: Any) -> None:
    await office.open()
    office.did()
    await office.close()
    head = office.path.with_name(HEAD_NAME)
    head.write_text(head.read_text().replace('"seq": 5', '"seq": 4'))
    assert await broken(await office.open()) != []
    await office.close()
    head.unlink()
    assert await broken(await office.open()) != []


async def test_chain_of_another_box_is_not_ours(office: Any) -> None:
    await office.open()
    office.did()
    await office.close()
    assert len(await broken(await office.open(key=b"x" * 32))) >= 5


async def test_crash_between_entry_and_its_note_is_no_damage(office: Any) -> None:
    log = await office.open()
    office.did(3)
    await log.check()
    head = office.path.with_name(HEAD_NAME)
    before = head.read_bytes()
    office.did(1)
    await office.close()
    head.write_bytes(before)
    assert await broken(await office.open()) == []


async def test_clearing_empties_the_log_and_stays_in_it(office: Any) -> None:
    log = await office.open()
    office.did()
    assert await log.clear("eve@10.0.0.9") == 5
    entries, _next = await log.query({})
    assert [entry["kind"] for entry in entries] == ["log_cleared"]
    assert "eve@10.0.0.9 cleared the log: 5 entries" in entries[0]["text"]
    assert await broken(log) == []
    events, _after = await office.book.query(EventFilter.parse({}))
    assert {event.kind for event in events} == {"system_started"}
    office.did(1)
    assert len(await texts(log)) == 3
    assert await broken(log) == []


async def test_each_shelf_is_bounded_apart_and_leaves_a_whole_chain(
    office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounds = dict.fromkeys(Shelf, 20)
    monkeypatch.setattr("appliance.events.chain.MAX_ENTRIES", bounds)
    log = await office.open()
    kept = ("settings_changed", "account_changed", "exported", "tags_deleted", "log_exported")
    for kind in kept:
        office.book.raise_event(kind, details={"actor": "bob"})
    for _turn in range(6):
        office.did(5)
        for number in range(30):
            office.book.raise_event("footage_viewed", details={"user": str(number)})
            office.book.raise_event("login_locked", details={"address": f"10.0.0.{number}"})
        verdict = await log.check()
        assert verdict.broken == ()
    assert verdict.entries == 3 * 20 + len(kept)
    kinds = Counter(entry["kind"] for entry in (await log.query({"limit": 500}))[0])
    assert [kinds[kind] for kind in kept] == [1] * len(kept)
    assert (kinds["footage_viewed"], kinds["login_locked"], kinds["signed_in"]) == (20, 20, 20)
    await office.close()
    assert await broken(await office.open()) == []


def test_wrong_passwords_and_views_push_no_change_out() -> None:
    shelves = {kind: shelf_of(kind) for kind in AUDITED}
    for crowd in ("login_failed", "login_locked", "footage_viewed", "signed_in"):
        for kept in ("settings_changed", "account_changed", "exported", "footage_deleted"):
            assert shelves[crowd] is not shelves[kept]


async def test_log_that_is_gone_with_its_note_is_told_until_it_is_cleared(office: Any) -> None:
    await office.open()
    office.did()
    await office.close()
    for path in [*office.path.parent.glob("events.db*"), office.path.with_name(HEAD_NAME)]:
        path.unlink()
    log = await office.open(expected=True)
    assert await texts(log) == ["The log was gone when the recorder started, so it begins anew."]
    text = "The log was removed: nothing of before its first entry is proved."
    assert await broken(log) == [(0, text)]
    await office.close()
    log = await office.open(expected=True)
    assert len(await texts(log)) == 1
    assert await broken(log) == [(0, text)]
    await log.clear("eve")
    assert await broken(log) == []


async def test_first_log_of_a_box_is_not_said_to_be_missing(office: Any) -> None:
    log = await office.open()
    assert (await broken(log), await texts(log)) == ([], [])


async def test_many_other_events_push_no_entry_out(office: Any) -> None:
    log = await office.open(max_events=50)
    office.did(5)
    for _number in range(200):
        office.book.raise_event("clock_jump", details={"seconds": 1})
    assert (await log.check()).entries == 5
    assert len(await texts(log, types=["account"])) == 5


async def test_entries_are_found_by_type_time_and_words(office: Any) -> None:
    log = await office.open()
    office.did()
    office.book.raise_event("settings_changed", details={"fields": "Name: 100%_a", "actor": "bob"})
    assert len(await texts(log, types=["account"])) == 5
    assert len(await texts(log, types=["account", "config"])) == 6
    assert len(await texts(log, text="user-3")) == 1
    assert len(await texts(log, text="signed in user-3")) == 1
    assert len(await texts(log, text="100%_A bob")) == 1
    assert len(await texts(log, text="1000_a")) == 0
    first = (await log.query({}))[0][-1]["start"]
    assert len(await texts(log, end=first + 1)) == 1
    page, after = await log.query({"limit": 4})
    rest, end = await log.query({"limit": 100, "after": after})
    assert (len(page), len(rest), end) == (4, 7, None)


@pytest.mark.parametrize("params", [{"types": ["all"]}, {"types": "account"}, {"text": "x" * 101}])
async def test_wrong_filter_is_named(office: Any, params: Any) -> None:
    log = await office.open()
    with pytest.raises(EventQueryError) as caught:
        await log.query(params)
    assert caught.value.path == next(iter(params))


async def test_news_page_has_no_signing_in_unless_asked_by_name(office: Any) -> None:
    await office.open()
    office.did(2)
    events, _after = await office.book.query(EventFilter.parse({}))
    assert {event.kind for event in events} == {"system_started"}


async def test_events_of_before_the_chain_are_taken_in_once(office: Any) -> None:
    await office.open()
    office.did(2)
    log = await office.meddle("DROP TABLE audit_chain", "DROP TABLE audit_anchor")
    assert (await log.check()).entries == 2


def test_every_kind_of_people_has_no_end_so_that_it_never_changes() -> None:
    assert {kind for kind in AUDITED & KINDS.keys() if KINDS[kind].has_end} == set()
    assert TYPE_OF.keys() >= LOG_ONLY


async def test_entries_taken_off_the_end_show_whatever_is_logged_afterwards(office: Any) -> None:
    """Whoever looks at the log has signed in before: that entry must not hide what is missing."""
    await office.open()
    office.did()
    log = await office.meddle(
        "DELETE FROM events WHERE id >= 7", "DELETE FROM audit_chain WHERE seq >= 4"
    )
    office.did(2)
    assert await broken(log) == [(6, "2 entries before it are missing.")]
    await office.close()
    log = await office.open()
    assert await broken(log) == [(6, "2 entries before it are missing.")]
    assert await log.clear("eve") == 5
    assert await broken(log) == []


async def test_entries_taken_off_the_end_of_an_open_file_show(office: Any) -> None:
    log = await office.open()
    office.did()
    await log.check()
    with sqlite3.connect(office.path) as db:
        db.execute("DELETE FROM events WHERE id >= 7")
        db.execute("DELETE FROM audit_chain WHERE seq >= 4")
    db.close()
    office.path.with_name(HEAD_NAME).unlink()
    office.did(1)
    assert await broken(log) == [(6, "2 entries before it are missing.")]


async def test_end_that_is_gone_with_its_note_shows_until_the_log_is_cleared(office: Any) -> None:
    await office.open()
    office.did()
    await office.close()
    office.path.with_name(HEAD_NAME).unlink()
    log = await office.meddle(
        "DELETE FROM events WHERE id >= 7", "DELETE FROM audit_chain WHERE seq >= 4"
    )
    office.did(1)
    assert [seq for seq, _text in await broken(log)] == [3]
    await log.clear("eve")
    assert await broken(log) == []


async def test_readers_of_some_channels_read_of_these_and_of_the_box_itself(office: Any) -> None:
    log = await office.open()
    for channel in (1, 2, None):
        office.book.raise_event("footage_viewed", channel=channel, details={"user": f"v{channel}"})
        office.book.raise_event("port_unusable", channel=channel, key=f"{channel}")
    office.book.raise_event("settings_changed", details={"item": "2", "fields": "Name: Vault"})
    office.book.raise_event("system_started", details={"version": "1"})
    entries, _next = await log.query({"of": [1, 3]})
    assert sorted((e["kind"], e["channel"] or 0) for e in entries) == [
        ("footage_viewed", 1), ("port_unusable", 0), ("port_unusable", 1), ("system_started", 0),
    ]  # fmt: skip
    assert len((await log.query({"of": []}))[0]) == 2
    assert len((await log.query({}))[0]) == 8
    with pytest.raises(EventQueryError):
        await log.query({"of": "1"})

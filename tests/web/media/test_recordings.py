"""The list of recordings, and where a tag begins to play, from blocks on a volume."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.accounts.permission import GRANTABLE, User
from appliance.storage.model import RecordKind, StreamId, StreamName
from appliance.storage.reader import FootageReader
from appliance.storage.recordings import FileFilter, recordings
from appliance.web.media.service import MEDIA

NS = 1_000_000_000
MS = 1_000_000
START = 1_790_000_000 * NS
MAIN = StreamId(1, StreamName.MAIN)
SUB = StreamId(1, StreamName.SUB)
OTHER = StreamId(2, StreamName.MAIN)
EVERYTHING = {"start_ns": 0, "end_ns": (1 << 63) - 1}


def ms(seconds: float) -> int:
    return START // MS + round(seconds * 1000)


@pytest.fixture
async def admin(page_as: Any) -> Any:
    return page_as(User("admin", GRANTABLE))


async def files(admin: Any, query: str) -> list[dict[str, Any]]:
    status, answer = await admin.ask("GET", f"/api/v1/recordings?{query}")
    assert status == 200, answer
    return list(answer["recordings"])


async def test_files_are_listed_with_time_size_kinds_and_lock(shelf, gop, admin, app):
    """D1-PB-33."""
    cutter = shelf.store(gop, START, 4)
    shelf.store(gop, START + 4 * NS, 2, fragmenter=cutter, first=40, kinds=RecordKind.MOTION)
    (file,) = await files(admin, "channels=1")
    assert (file["channel"], file["stream"], file["volume"]) == (1, "main", "one")
    assert (file["from"], file["to"]) == (ms(0), ms(6))
    assert file["kinds"] == ["motion", "general"]
    assert file["size"] > 0
    assert (file["open"], file["locked"]) == (True, False)
    shelf.writer.lock([MAIN], START, START + NS)
    app[MEDIA].footage.outdated()
    assert await files(admin, "channels=1&locked=true") == [{**file, "locked": True}]


async def test_files_are_filtered_and_paged(shelf, gop, other_gop, admin):
    for number, stream in enumerate((MAIN, SUB, OTHER)):
        shelf.store(gop, START + number * 10 * NS, 5, stream=stream, run=number + 1)
    shelf.store(other_gop, START + 60 * NS, 5, run=9, kinds=RecordKind.ALARM)
    everything = await files(admin, "channels=1,2")
    assert [(f["channel"], f["stream"]) for f in everything] == [
        (1, "main"), (2, "main"), (1, "sub"), (1, "main"),
    ]  # fmt: skip
    assert await files(admin, "channels=2") == everything[1:2]
    assert await files(admin, "channels=1&stream=sub") == everything[2:3]
    assert await files(admin, f"channels=1,2&from={ms(12)}&to={ms(20)}") == everything[2:3]
    assert await files(admin, "channels=1,2&kinds=alarm,pos") == everything[:1]
    assert await files(admin, "channels=1,2&locked=true") == []
    assert await files(admin, "channels=7") == []
    seen: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        path = f"/api/v1/recordings?channels=1,2&limit=1&after={after}"
        _status, answer = await admin.ask("GET", path)
        seen += answer["recordings"]
        after = answer["next"]
    assert seen == everything


async def test_what_is_locked_in_the_list_is_the_file_and_no_neighbour(
    shelf, gop, other_gop, admin, app
):
    shelf.store(gop, START, 5)
    shelf.store(other_gop, START + 5 * NS, 5, run=2)
    later, earlier = await files(admin, "channels=1")
    changed = shelf.writer.lock([MAIN], earlier["from"] * MS + MS, earlier["to"] * MS - MS)
    assert changed.blocks == 1
    app[MEDIA].footage.outdated()
    assert [f["locked"] for f in await files(admin, "channels=1")] == [False, True]
    assert await files(admin, "channels=1&locked=true") == [{**earlier, "locked": True}]
    assert later["id"] != earlier["id"]


async def test_pages_over_closed_files_of_equal_times_lose_none(shelf, gop, other_gop, tmp_path):
    for number in range(1, 6):
        stream = StreamId(number, StreamName.MAIN)
        shelf.store(gop, START, 2, stream=stream)
        shelf.store(other_gop, START + 2 * NS, 2, stream=stream, run=2)
    shelf.writer.close()
    reader = FootageReader([shelf.path])
    try:
        wanted = FileFilter(tuple(range(1, 6)), tuple(StreamName), **EVERYTHING)
        whole, after = recordings(reader, wanted)
        assert (len(whole), after) == (10, None)
        for limit in (1, 3, 4):
            seen, place = [], None
            while True:
                page, place = recordings(
                    reader,
                    FileFilter(
                        wanted.channels, wanted.streams, **EVERYTHING, after=place, limit=limit
                    ),
                )
                seen += page
                if place is None:
                    break
            assert seen == whole
    finally:
        reader.close()


@pytest.mark.parametrize(
    ("at", "before", "begins", "recorded"),
    [
        (20, 5, 15, True),
        (20, 0, 20, True),
        (20, 60, 10, True),
        (12, 5, 10, True),
        (30, 5, 30, False),
        (5, 5, 5, False),
    ],
    ids=["seconds before", "at once", "where it begins", "begins later", "after it", "before it"],
)
async def test_a_tag_plays_from_seconds_before_or_where_the_recording_begins(
    shelf, gop, admin, supervisor, at, before, begins, recorded
):
    """D1-PB-35."""
    shelf.store(gop, START + 10 * NS, 5)
    shelf.store(gop, START + 15 * NS, 6, kinds=RecordKind.MOTION, first=60)
    tag = {"id": "a" * 32, "channel": 1, "at": ms(at), "name": "Van", "author": "", "changed": 1}
    supervisor.answer("tags.get", {"tags": [tag]})
    status, answer = await admin.ask("GET", f"/api/v1/tags/{'a' * 32}/play?before={before}")
    assert (status, answer) == (200, {"channel": 1, "at": ms(begins), "recorded": recorded})


async def test_a_break_ends_the_recording_a_tag_lies_in(shelf, gop, admin, supervisor):
    shelf.store(gop, START, 5)
    shelf.store(gop, START + 10 * NS, 5, run=2)
    tag = {"id": "a" * 32, "channel": 1, "at": ms(12), "name": "Van", "author": "", "changed": 1}
    supervisor.answer("tags.get", {"tags": [tag]})
    _status, answer = await admin.ask("GET", f"/api/v1/tags/{'a' * 32}/play?before=60")
    assert answer == {"channel": 1, "at": ms(10), "recorded": True}

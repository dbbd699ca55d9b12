"""Playback of a channel whose streams were not always recorded: the wanted one, else another."""

from __future__ import annotations

import io
from typing import Any

import av
import pytest

from appliance.storage.model import StreamId, StreamName
from appliance.web.media import play_clock, playback

NS = 1_000_000_000
START = 1_790_000_000 * NS
MS = 1_000_000
MAIN = StreamId(1, StreamName.MAIN)
SUB = StreamId(1, StreamName.SUB)
BROWSER = ["avc1.640028"]


def at(seconds: float) -> float:
    return START // MS + seconds * 1000


def store(shelf: Any, gop: Any, stream: StreamId, *stretches: tuple[float, float]) -> None:
    """Store stretches (from, to) in seconds, each a run that begins with a key frame."""
    for run, (start, end) in enumerate(stretches, 1):
        shelf.store(gop, START + round(start * NS), end - start, stream=stream, run=run)


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(play_clock, "AHEAD_S", 1000.0)


def course(client: Any, number: int) -> list[tuple[str, float, float]]:
    """Which stream was sent for what time (seconds), without what is decoded only."""
    stream, found = "", []
    for item in client.heard:
        if isinstance(item, dict):
            if item["op"] == "opened" and item["id"] == number:
                stream = item["stream"]
        elif (item.id, item.kind, item.audio) == (number, 2, False):
            start = (item.utc_us * 1000 - START) / NS
            end = start + item.duration_us / 1e6
            if found and found[-1][0] == stream:
                found[-1] = (stream, found[-1][1], end)
            else:
                found.append((stream, start, end))
    return found


def told(client: Any, number: int) -> list[tuple[float, float | None]]:
    """The gaps that were told, in seconds."""
    base = START // MS
    return [
        ((gap["from"] - base) / 1000, None if gap["to"] is None else (gap["to"] - base) / 1000)
        for gap in client.notices("gap", number)
    ]


def decoded(client: Any, number: int) -> list[tuple[int, int]]:
    """The width and number of frames that a decoder makes of what follows each head."""
    files: list[bytes] = []
    for item in client.heard:
        if not isinstance(item, dict) and item.id == number:
            files += [b""] if item.kind == 1 else []
            files[-1] += item.payload
    found = []
    for data in files:
        with av.open(io.BytesIO(data)) as movie:
            widths = [frame.width for frame in movie.decode(video=0)]
        found.append((widths[0], len(widths)))
    return found


@pytest.mark.parametrize(
    ("wanted", "kept", "broken"), [("auto", MAIN, SUB), ("sub", MAIN, SUB), ("main", SUB, MAIN)]
)
@pytest.mark.usefixtures("_at_once")
async def test_what_the_wanted_stream_lacks_is_played_from_the_other_one(
    shelf, gop, connect, wanted, kept, broken
):
    store(shelf, gop, kept, (0, 50))
    store(shelf, gop, broken, (0, 15), (30, 50))
    client = await connect()
    number = await client.open(stream=wanted, at=at(10))
    await client.notice("end", number)
    assert course(client, number) == [
        (broken.stream, 10, 15), (kept.stream, 14, 30), (broken.stream, 30, 50),
    ]  # fmt: skip
    assert told(client, number) == [(50, None)]


@pytest.mark.usefixtures("_at_once")
async def test_the_reason_is_told_while_another_stream_is_shown(shelf, gop, connect):
    store(shelf, gop, SUB, (0, 30))
    store(shelf, gop, MAIN, (0, 10), (20, 30))
    client = await connect()
    number = await client.open(stream="main", at=at(0))
    await client.notice("end", number)
    reasons = [notice.get("reason", "") for notice in client.notices("opened", number)]
    assert reasons == ["", "The main stream of D1 was not recorded then.", ""]


@pytest.mark.usefixtures("_at_once")
async def test_streams_whose_stretches_interleave_leave_gaps_where_both_have_one(
    shelf, gop, connect
):
    store(shelf, gop, MAIN, (0, 12), (24, 40), (60, 70))
    store(shelf, gop, SUB, (10, 20), (36, 50), (62, 80))
    client = await connect()
    number = await client.open(stream="main", at=at(0))
    await client.notice("end", number)
    assert course(client, number) == [
        ("main", 0, 12), ("sub", 12, 20), ("main", 24, 40), ("sub", 40, 50), ("main", 60, 70),
        ("sub", 70, 80),
    ]  # fmt: skip
    assert told(client, number) == [(20, 24), (50, 60), (80, None)]


@pytest.mark.usefixtures("_at_once")
async def test_a_seek_to_just_before_the_wanted_stream_begins_comes_back_to_it(shelf, gop, connect):
    store(shelf, gop, SUB, (18, 60))
    store(shelf, gop, MAIN, (0, 10), (20, 60))
    client = await connect()
    number = await client.open(stream="main", at=at(15))
    await client.notice("end", number)
    assert course(client, number) == [("sub", 18, 20), ("main", 20, 60)]
    assert told(client, number)[0] == (15, 18)


@pytest.mark.usefixtures("_at_once")
async def test_each_change_begins_with_a_key_frame_and_everything_decodes(
    shelf, gop, other_gop, connect
):
    store(shelf, gop, SUB, (0, 10), (20, 40))
    store(shelf, other_gop, MAIN, (0, 40))
    client = await connect()
    number = await client.open(stream="sub", at=at(0))
    await client.notice("end", number)
    changes = [
        item
        for item in client.heard
        if not isinstance(item, dict) and item.kind == 2 and item.discontinuity
    ]
    assert len(changes) == 3
    assert all(piece.key for piece in changes)
    assert decoded(client, number) == [(160, 100), (192, 100), (160, 200)]


@pytest.mark.usefixtures("_at_once")
async def test_a_stretch_of_a_moment_is_no_reason_to_change(shelf, gop, connect):
    store(shelf, gop, SUB, (0, 10), (15, 17), (30, 40))
    store(shelf, gop, MAIN, (0, 40))
    client = await connect()
    number = await client.open(stream="sub", at=at(0))
    await client.notice("end", number)
    assert course(client, number) == [("sub", 0, 10), ("main", 10, 30), ("sub", 30, 40)]


async def test_a_stream_that_is_recorded_no_more_gives_way_to_the_one_that_goes_on(
    shelf, gop, connect, monkeypatch
):
    monkeypatch.setattr(playback, "TAIL_S", 0.02)
    monkeypatch.setattr(playback, "EMPTY_S", 0.02)
    monkeypatch.setattr(play_clock, "AHEAD_S", 1000.0)
    store(shelf, gop, SUB, (0, 10))
    cutter = shelf.store(gop, START, 12, stream=MAIN)
    client = await connect()
    number = await client.open(stream="auto", at=at(0))
    await client.pieces(number, 10)
    await client.notice("end", number)
    assert course(client, number) == [("sub", 0, 10)]
    shelf.store(gop, START + 12 * NS, 8, stream=MAIN, first=120, fragmenter=cutter)
    await client.until(lambda: course(client, number) == [("sub", 0, 10), ("main", 10, 20)])


@pytest.mark.usefixtures("_at_once")
async def test_a_gap_of_the_sub_stream_is_filled_with_main_converted(shelf, gop, hevc_gop, connect):
    store(shelf, gop, SUB, (0, 6), (12, 20))
    store(shelf, hevc_gop, MAIN, (0, 20))
    client = await connect()
    number = await client.open(stream="auto", at=at(0), codecs=BROWSER)
    await client.notice("end", number)
    assert course(client, number) == [("sub", 0, 6), ("main", 6, 12), ("sub", 12, 20)]
    converted = [notice.get("converted") for notice in client.notices("opened", number)]
    assert converted == [None, "H.265", None]
    assert told(client, number) == [(20, None)]


@pytest.mark.usefixtures("_at_once")
async def test_a_short_gap_is_not_worth_a_conversion(shelf, gop, hevc_gop, connect):
    store(shelf, gop, SUB, (0, 6), (7, 12))
    store(shelf, hevc_gop, MAIN, (0, 12))
    client = await connect()
    number = await client.open(stream="auto", at=at(0), codecs=BROWSER)
    await client.notice("end", number)
    assert course(client, number) == [("sub", 0, 12)]
    assert told(client, number)[0] == (6, 7)


async def test_a_converter_in_use_is_told_and_the_sub_stream_shown_when_it_is_back(
    shelf, gop, hevc_gop, connect, app, monkeypatch
):
    from appliance.web.media.service import MEDIA

    monkeypatch.setattr(playback, "EMPTY_S", 0.05)
    monkeypatch.setattr(play_clock, "AHEAD_S", 1000.0)
    store(shelf, gop, SUB, (0, 2), (8, 20))
    store(shelf, hevc_gop, MAIN, (0, 20))
    place = app[MEDIA].converter.take(2)
    client = await connect()
    number = await client.open(stream="auto", at=at(0), codecs=BROWSER)
    assert (await client.notice("fault", number))["code"] == "converting_other"
    await client.send(op="position", id=number, at=at(8.5))
    await client.until(lambda: [p for p in client.media(number) if p.utc_ms >= at(12)])
    assert [stream for stream, _from, _to in course(client, number)] == ["sub"]
    assert len(client.notices("fault", number)) == 1
    place.close()


@pytest.mark.usefixtures("_at_once")
async def test_a_stream_that_turns_to_h265_gives_way_and_is_taken_again(
    shelf, gop, hevc_gop, connect
):
    shelf.store(gop, START, 6, stream=MAIN, run=1)
    shelf.store(hevc_gop, START + 6 * NS, 6, stream=MAIN, run=2)
    shelf.store(gop, START + 12 * NS, 8, stream=MAIN, run=3)
    store(shelf, gop, SUB, (0, 20))
    client = await connect()
    number = await client.open(stream="main", at=at(0), codecs=BROWSER)
    await client.notice("end", number)
    assert course(client, number) == [("main", 0, 6), ("sub", 6, 12), ("main", 12, 20)]
    assert "H.265" in client.notices("opened", number)[1]["reason"]


@pytest.mark.usefixtures("_at_once")
async def test_a_client_that_cannot_be_helped_is_told(shelf, hevc_gop, connect):
    store(shelf, hevc_gop, MAIN, (0, 4))
    client = await connect()
    number = await client.open(stream="main", at=at(0), codecs=["av01"])
    assert (await client.notice("fault", number))["code"] == "not_decodable"
    assert not client.media(number)

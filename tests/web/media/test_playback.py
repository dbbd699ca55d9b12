"""Playback over the media session, from blocks on a volume to the bytes a decoder gets."""

from __future__ import annotations

import asyncio
import io
import itertools
import time
from typing import Any

import av
import pytest

from appliance.accounts.permission import Permission, User
from appliance.storage.model import StreamId, StreamName
from appliance.web.audit import NOTES, flush
from appliance.web.context import CONTEXT
from appliance.web.media import play_clock, playback
from appliance.web.media.converter import Converter

NS = 1_000_000_000
START = 1_790_000_000 * NS
MS = 1_000_000
MAIN = StreamId(1, StreamName.MAIN)
SUB = StreamId(1, StreamName.SUB)


def brightness(data: bytes) -> list[int]:
    """The number of each frame within its GOP, told by its grey."""
    with av.open(io.BytesIO(data)) as movie:
        movie.streams.video[0].codec_context.thread_count = 1
        return [round((int(frame.to_ndarray()[0, 0]) - 16) / 8) for frame in movie.decode(video=0)]


def at(seconds: float) -> float:
    return START // MS + seconds * 1000


async def test_playing_starts_at_the_key_frame_before_the_instant(shelf, gop, connect):
    shelf.store(gop, START, 10)
    client = await connect()
    number = await client.open(stream="main", at=at(4.5))
    notice = await client.notice("opened", number)
    assert (notice["mode"], notice["codecs"]) == ("playback", gop.format.codec_string)
    pieces = await client.pieces(number, 3)
    assert pieces[0].utc_ms == at(4.0)
    assert pieces[0].key
    assert pieces[0].discontinuity
    assert not any(piece.discontinuity for piece in pieces[1:])
    assert [piece.utc_ms for piece in pieces[:3]] == [at(4), at(5), at(6)]
    assert brightness(client.file(number))[:20] == list(range(20))


async def test_a_key_frame_seconds_back_is_found_fragment_by_fragment(shelf, connect, gop):
    from dataclasses import replace

    long_gop = replace(gop, frames=[gop.frames[0], *[gop.frames[1]] * 99])
    shelf.store(long_gop, START, 25)
    client = await connect()
    number = await client.open(stream="main", at=at(18.7))
    pieces = await client.pieces(number, 10)
    assert pieces[0].utc_ms == at(10)
    assert pieces[0].key


async def test_a_camera_with_a_key_frame_every_few_minutes_can_be_played(shelf, connect, gop):
    from dataclasses import replace

    long_gop = replace(gop, frames=[gop.frames[0], *[gop.frames[1]] * 2499])
    shelf.store(long_gop, START - 300 * MS, 260, first=2497)
    client = await connect()
    number = await client.open(stream="main", at=at(240))
    pieces = await client.pieces(number, 241)
    assert pieces[0].utc_ms == at(0)
    assert pieces[0].key
    assert not any(piece.key for piece in pieces[1:])
    assert pieces[240].utc_ms == at(239.7)


async def test_without_its_key_frame_footage_is_played_from_the_next_one(shelf, connect, gop):
    from dataclasses import replace

    long_gop = replace(gop, frames=[gop.frames[0], *[gop.frames[1]] * 1999])
    cutter = shelf.store(long_gop, START - NS, 1, first=2000)
    shelf.store(long_gop, START + 10 * NS, 205, first=2010, fragmenter=cutter)
    client = await connect()
    number = await client.open(stream="main", at=at(12))
    gap = await client.notice("gap", number)
    assert (gap["from"], gap["to"]) == (at(12), at(209))
    await client.send(op="seek", id=number, at=gap["to"])
    (first, *_more) = await client.pieces(number, 2)
    assert first.key
    assert first.utc_ms == at(209)


async def test_key_frames_within_a_fragment_are_used(shelf, gop, connect):
    shelf.store(gop, START - 500 * MS, 10, first=15)
    client = await connect()
    number = await client.open(stream="main", at=at(2.2))
    (piece, *_more) = await client.pieces(number, 2)
    assert piece.utc_ms == at(2)
    assert piece.key


async def test_no_more_than_a_few_seconds_are_sent_ahead_and_the_position_moves_it(
    shelf, gop, connect
):
    shelf.store(gop, START, 40)
    client = await connect()
    number = await client.open(stream="main", at=at(10), paused=True)
    pieces = await client.pieces(number, 6)
    await client.send(op="ping", t=1)
    await client.notice("pong")
    assert len(client.media(number)) <= 7
    await client.send(op="position", id=number, at=at(15))
    pieces = await client.pieces(number, 11)
    assert pieces[10].utc_ms == at(20)
    assert len(client.media(number)) <= 12


async def test_pausing_stops_the_flow_and_playing_goes_on(shelf, gop, connect, monkeypatch):
    monkeypatch.setattr(play_clock, "AHEAD_S", 1.0)
    shelf.store(gop, START, 20)
    client = await connect()
    number = await client.open(stream="main", at=at(0))
    await client.pieces(number, 2)
    await client.send(op="pause", id=number)
    await client.send(op="ping", t=1)
    await client.notice("pong")
    before = len(client.media(number))
    await client.send(op="speed", id=number, speed=16)
    await client.send(op="ping", t=2)
    await client.notice("pong", count=2)
    assert len(client.media(number)) <= before + 17
    await client.send(op="play", id=number, speed=16)
    pieces = await client.pieces(number, 20)
    assert pieces[-1].utc_ms == at(19)


async def test_seeking_again_is_quick_and_drops_what_waits(shelf, gop, connect):
    shelf.store(gop, START, 60)
    client = await connect()
    number = await client.open(stream="main", at=at(0))
    await client.pieces(number, 5)
    for target in (50.5, 3.3, 40.1, 20.9):
        seen = len(client.heard)
        await client.send(op="seek", id=number, at=at(target))

        def arrived(seen: int = seen, target: float = target) -> Any:
            news = [item for item in client.heard[seen:] if not isinstance(item, dict)]
            wanted = at(int(target / 2) * 2)
            return [item for item in news if item.utc_ms == wanted and item.discontinuity]

        (first,) = await client.until(arrived)
        assert first.key
        after = client.heard[client.heard.index(first) + 1 :]
        assert all(item.utc_ms > first.utc_ms for item in after if not isinstance(item, dict))
    assert [round(n["at"]) for n in client.notices("sought", number)][1:] == [
        round(at(target)) for target in (50.5, 3.3, 40.1, 20.9)
    ]


async def test_scrubbing_shows_one_key_frame_for_each_place(shelf, gop, connect):
    """D1-PB-05."""
    shelf.store(gop, START, 30)
    client = await connect()
    number = await client.open(stream="main", at=at(0), paused=True)
    await client.pieces(number, 1)
    for count, target in enumerate((11.9, 25.0, 7.7), 2):
        await client.send(op="seek", id=number, at=at(target), mode="key")
        await client.notice("sought", number, count=count)
        await client.until(
            lambda target=target: client.media(number)[-1].utc_ms == at(target // 2 * 2)
        )
    await client.send(op="ping", t=1)
    await client.notice("pong")
    last = client.media(number)[-1]
    assert last.key
    assert last.duration_us == 100_000
    await client.send(op="seek", id=number, at=at(7.7))
    pieces = await client.until(
        lambda: [p for p in client.media(number) if p.utc_ms == at(7)] and client.media(number)
    )
    assert pieces[-1].utc_ms >= at(7)


async def test_gaps_are_announced_and_stepped_over(shelf, gop, connect, monkeypatch):
    monkeypatch.setattr(play_clock, "AHEAD_S", 1000.0)
    shelf.store(gop, START, 4)
    shelf.store(gop, START + 60 * NS, 4, run=2)
    client = await connect()
    number = await client.open(stream="main", at=at(1))
    pieces = await client.pieces(number, 8)
    (gap,) = client.notices("gap", number)[:1]
    assert (gap["from"], gap["to"]) == (at(4), at(60))
    assert [piece.utc_ms for piece in pieces if piece.discontinuity] == [at(0), at(60)]


async def test_an_instant_in_a_gap_plays_from_behind_it(shelf, gop, connect, monkeypatch):
    monkeypatch.setattr(play_clock, "AHEAD_S", 1000.0)
    shelf.store(gop, START, 4)
    shelf.store(gop, START + 60 * NS, 4, run=2)
    client = await connect()
    number = await client.open(stream="main", at=at(30))
    (piece, *_rest) = await client.pieces(number, 1)
    assert piece.utc_ms == at(60)
    assert client.notices("gap", number)[0] == {
        "op": "gap", "id": number, "from": at(30), "to": at(60),
    }  # fmt: skip


async def test_new_parameter_sets_bring_a_new_head(shelf, gop, other_gop, connect):
    shelf.store(gop, START, 4)
    shelf.store(other_gop, START + 4 * NS, 4, run=2)
    client = await connect()
    number = await client.open(stream="main", at=at(0))
    await client.pieces(number, 6)
    assert [(n["width"], n["height"]) for n in client.notices("opened", number)] == [
        (160, 96), (192, 112),
    ]  # fmt: skip
    assert len(client.media(number, kind=1)) == 2
    assert "gap" not in [n["op"] for n in client.heard if isinstance(n, dict)]


async def test_the_end_is_told_and_footage_that_grows_goes_on(shelf, gop, connect):
    cutter = shelf.store(gop, START, 4)
    client = await connect()
    number = await client.open(stream="main", at=at(2))
    await client.notice("end", number)
    assert client.notices("gap", number)[0] == {
        "op": "gap", "id": number, "from": at(4), "to": None,
    }  # fmt: skip
    shelf.store(gop, START + 4 * NS, 2, first=40, fragmenter=cutter)
    pieces = await client.pieces(number, 4)
    assert [piece.utc_ms for piece in pieces] == [at(2), at(3), at(4), at(5)]
    assert not any(piece.discontinuity for piece in pieces[1:])


async def test_a_time_without_any_footage_waits_for_some(shelf, gop, connect, monkeypatch):
    monkeypatch.setattr(playback, "EMPTY_S", 0.05)
    client = await connect()
    number = await client.open(stream="main", at=at(2))
    await client.notice("end", number)
    shelf.store(gop, START, 4)
    await client.pieces(number, 2)


async def test_having_caught_up_playback_turns_live_when_asked(shelf, recorder, gop, connect):
    recorder.add(MAIN)
    now = time.time_ns()
    recorder.publish(MAIN, *(gop.unit(n, run=7, utc_ns=now + n * NS // 10) for n in range(3)))
    shelf.store(gop, now - 4 * NS, 4)
    client = await connect()
    number = await client.open(stream="main", at=now // MS - 1500, then="live")
    await client.until(lambda: [n for n in client.notices("opened", number) if n["mode"] == "live"])
    recorder.publish(MAIN, gop.unit(3, run=7, utc_ns=now + 3 * NS // 10))
    await client.until(lambda: client.media(number)[-1].utc_us == (now + 3 * NS // 10) // 1000)


async def test_live_and_back_in_one_opened_stream(shelf, recorder, gop, connect):
    recorder.add(MAIN)
    now = time.time_ns()
    recorder.publish(MAIN, *(gop.unit(n, run=7, utc_ns=now + n) for n in range(3)))
    shelf.store(gop, START, 10)
    client = await connect()
    number = await client.open(stream="main")
    await client.pieces(number, 1)
    await client.send(op="seek", id=number, at=at(4))
    await client.until(lambda: client.media(number)[-1].utc_ms >= at(4) < at(60))
    await client.until(lambda: [m for m in client.media(number) if m.utc_ms == at(5)])
    await client.send(op="live", id=number)
    await client.until(lambda: client.media(number)[-1].utc_us == now // 1000)
    assert [n["mode"] for n in client.notices("opened", number)] == ["live", "playback", "live"]


async def test_sub_is_played_where_main_was_not_recorded(shelf, gop, connect):
    shelf.store(gop, START, 4, stream=SUB)
    client = await connect()
    number = await client.open(stream="main", at=at(1))
    notice = await client.notice("opened", number)
    assert notice["stream"] == "sub"
    assert "main" in notice["reason"]
    await client.pieces(number, 2)


async def test_h265_footage_gives_way_to_sub(shelf, gop, hevc_gop, connect):
    shelf.store(hevc_gop, START, 4)
    shelf.store(gop, START, 4, stream=SUB)
    client = await connect()
    number = await client.open(stream="main", at=at(1), codecs=["avc1"])
    notice = await client.notice("opened", number)
    assert notice["stream"] == "sub"
    assert "H.265" in notice["reason"]
    other = await client.open(stream="main", at=at(1), codecs=["hvc1"])
    assert (await client.notice("opened", other))["codecs"].startswith("hvc1.")


async def test_footage_without_sound_asked_for_is_picture_alone(shelf, gop, connect):
    shelf.store(gop, START, 4, sound=True)
    client = await connect()
    number = await client.open(stream="main", at=at(0))
    await client.pieces(number, 4)
    assert not client.media(number, audio=True)
    with av.open(io.BytesIO(client.file(number))) as movie:
        assert [stream.type for stream in movie.streams] == ["video"]


async def test_stored_sound_is_coded_as_aac_for_who_listens(shelf, gop, connect):
    shelf.store(gop, START, 6, sound=True)
    client = await connect()
    number = await client.open(stream="main", at=at(2), audio=True)
    pieces = await client.pieces(number, 4, audio=True)
    assert client.notices("audio", number)[0]["codecs"] == "mp4a.40.2"
    assert abs(pieces[0].utc_ms - at(2)) < 150
    for before, after in itertools.pairwise(pieces):
        assert abs(after.utc_us - before.utc_us - before.duration_us) < 1000
    with av.open(io.BytesIO(client.file(number, audio=True))) as movie:
        assert sum(frame.samples for frame in movie.decode(audio=0)) > 3.5 * 48_000


async def test_bare_access_units_from_the_disk(shelf, gop, connect):
    shelf.store(gop, START, 4)
    client = await connect()
    number = await client.open(stream="main", at=at(0), form="au")
    pieces = await client.pieces(number, 40, kind=3)
    assert [piece.payload for piece in pieces[:40]] == gop.frames * 2
    assert [piece.utc_ms for piece in pieces[:3]] == [at(0), at(0.1), at(0.2)]


async def test_a_right_to_see_live_is_no_right_to_play_back(shelf, gop, connect):
    shelf.store(gop, START, 4)
    client = await connect(User("guard", frozenset({Permission.LIVE})))
    number = await client.open(stream="main", at=at(0))
    assert (await client.notice("fault", number))["code"] == "not_allowed"
    allowed = await connect(User("clerk", frozenset({Permission.PLAYBACK}), frozenset({1})))
    number = await allowed.open(stream="main", at=at(0))
    await allowed.pieces(number, 1)
    await allowed.send(op="live", id=number)
    assert (await allowed.notice("fault", number))["code"] == "not_allowed"


async def test_without_a_volume_the_fault_says_so(recorder, connect, supervisor):
    supervisor.answer("settings.get", lambda _params: {"values": {
        "volumes": [], "zone": "UTC", "items": [],
    }})  # fmt: skip
    client = await connect()
    number = await client.open(stream="main", at=at(0))
    assert (await client.notice("fault", number))["code"] == "no_volume"


async def test_a_volume_that_vanishes_ends_in_words_and_comes_back(shelf, gop, connect):
    shelf.store(gop, START, 10)
    client = await connect()
    number = await client.open(stream="main", at=at(0), paused=True)
    await client.pieces(number, 5)
    hidden = shelf.path.with_name("hidden")
    shelf.path.rename(hidden)
    other = await client.open(stream="main", at=at(0))
    await client.until(lambda: client.notices("fault", other) or client.notices("end", other))
    hidden.rename(shelf.path)
    await client.send(op="seek", id=number, at=at(2))
    await client.until(lambda: [m for m in client.media(number) if m.discontinuity][1:])


async def test_a_player_that_stops_reading_stops_the_reading_of_the_disk(
    shelf, gop, connect, monkeypatch
):
    from appliance.web.media.footage import Footage
    from appliance.web.media.outbox import STEADY_BYTES, Lane
    from appliance.web.media.playback import Player
    from appliance.web.media.requests import Open

    monkeypatch.setattr(play_clock, "AHEAD_S", 1e6)
    big = type(gop)(gop.format, [frame + bytes(60_000) for frame in gop.frames])
    for run in range(5):
        shelf.store(big, START + run * 6 * NS, 6, run=run)
    footage = Footage(recorders=_NoRecorders(shelf), volumes=[shelf.path])
    lane = Lane(1, asyncio.Event())
    request = Open(op="open", id=1, channel=1, stream="main", at=at(0))
    player = Player(request, lane, footage, Converter(), lambda _at_ms: None)
    player.seek(at(0))
    task = asyncio.create_task(player.run())
    async with asyncio.timeout(10):
        while lane.bytes < STEADY_BYTES:
            await asyncio.sleep(0.01)
    reads = []
    monkeypatch.setattr(footage, "call", lambda *_args: reads.append(1))
    await asyncio.sleep(0.2)
    assert not reads
    assert lane.bytes < STEADY_BYTES + 700_000
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await footage.close()


class _NoRecorders:
    def __init__(self, shelf: Any) -> None:
        self._shelf = shelf

    async def open_blocks(self) -> list[Any]:
        return list(self._shelf.writer.open_blocks())


@pytest.mark.parametrize("speed", [0, 0.06, -17, 17, 1e9])
async def test_speeds_that_are_not_offered_are_refused_in_words(shelf, gop, connect, speed):
    shelf.store(gop, START, 4)
    client = await connect()
    number = await client.open(stream="main", at=at(0))
    await client.send(op="speed", id=number, speed=speed)
    assert (await client.notice("fault", number))["code"] == "speed"


async def test_playback_that_runs_on_into_the_next_hour_is_noted(
    shelf, gop, connect, app, supervisor
):
    supervisor.answer("events.raise", {"id": 1, "new": True})
    hour_ns = 3600 * NS
    turn = START // hour_ns * hour_ns + hour_ns
    shelf.store(gop, turn - 4 * NS, 8)
    client = await connect()
    number = await client.open(stream="main", at=turn // MS - 4_000)
    await client.pieces(number, 8)
    notes = app[NOTES]
    (place,) = notes.gathering
    stretch = notes.gathering[place]
    assert (stretch.from_ms, stretch.to_ms) == (turn // MS, (turn + hour_ns) // MS)
    assert flush(notes, app[CONTEXT].bus, place)
    while notes.tasks:
        await asyncio.wait(notes.tasks)
    told = [params for method, params in supervisor.asked if method == "events.raise"]
    assert [event["kind"] for event in told].count("footage_viewed") == 2

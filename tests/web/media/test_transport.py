"""Playback backward and frame by frame over the media session (D1-PB-20, D1-PL-09)."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import av
import pytest

from appliance.storage.model import StreamId, StreamName
from appliance.web.media import play_clock

NS = 1_000_000_000
START = 1_790_000_000 * NS
MS = 1_000_000
MAIN = StreamId(1, StreamName.MAIN)
SUB = StreamId(1, StreamName.SUB)
KEY, BACKWARD, LAST = 1, 16, 32


def at(seconds: float) -> float:
    return START // MS + round(seconds * 1000)


def stretches(client: Any, number: int) -> list[dict[str, Any]]:
    """What was sent backward: {from, to (seconds), frames (their seconds), whole}."""
    found: list[dict[str, Any]] = []
    for item in client.heard:
        if isinstance(item, dict):
            if item["op"] == "stretch" and item["id"] == number:
                start, end = ((item[side] - START // MS) / 1000 for side in ("from", "to"))
                found.append({"from": start, "to": end, "frames": [], "whole": False, "data": b""})
        elif item.id == number and item.kind == 3 and found:
            assert item.flags & BACKWARD
            assert item.key == (not found[-1]["frames"]) or item.key
            found[-1]["frames"].append((item.utc_us * 1000 - START) / NS)
            found[-1]["whole"] = bool(item.flags & LAST)
    return found


def shown(client: Any, number: int) -> list[float]:
    """The frames in the order in which a client shows them, of the stretches that are whole."""
    return [
        frame
        for stretch in stretches(client, number)
        if stretch["whole"]
        for frame in sorted(stretch["frames"], reverse=True)
        if stretch["from"] <= frame < stretch["to"]
    ]


def tenths(start: float, stop: float) -> list[float]:
    """Frames from `start` down to `stop`, both included, as they are recorded at 10 fps."""
    return [number / 10 for number in range(round(start * 10), round(stop * 10) - 1, -1)]


async def test_backward_every_frame_is_shown_newest_first_down_to_the_beginning(
    shelf, gop, connect, monkeypatch
):
    monkeypatch.setattr(play_clock, "AHEAD_S", 1000.0)
    shelf.store(gop, START, 6)
    client = await connect()
    number = await client.open(stream="main", form="au", at=at(5.25), speed=-1)
    end = await client.notice("end", number)
    assert end["at"] == at(0)
    assert shown(client, number) == tenths(5.2, 0)
    assert not client.notices("gap", number)


async def test_each_stretch_begins_with_a_key_frame_and_is_bounded(
    shelf, gop, connect, monkeypatch
):
    monkeypatch.setattr(play_clock, "AHEAD_S", 1000.0)
    long_gop = replace(gop, frames=[gop.frames[0], *[gop.frames[1]] * 399])
    shelf.store(long_gop, START, 40)
    client = await connect()
    number = await client.open(stream="main", form="au", at=at(40), speed=-1)
    await client.notice("end", number)
    found = stretches(client, number)
    assert shown(client, number) == tenths(39.9, 0)
    assert all(stretch["frames"][0] == 0 for stretch in found)
    decoded = sum(len(stretch["frames"]) for stretch in found)
    assert decoded <= 5 * 400
    assert max(stretch["to"] - stretch["from"] for stretch in found) <= 10.001


async def test_faster_backward_a_stretch_is_longer_and_a_gop_is_sent_once(
    shelf, gop, connect, monkeypatch
):
    monkeypatch.setattr(play_clock, "AHEAD_S", 1000.0)
    shelf.store(gop, START, 10)  # GOPs of 2 s
    client = await connect()
    number = await client.open(stream="main", form="au", at=at(10), speed=-4)
    await client.notice("end", number)
    found = stretches(client, number)
    assert shown(client, number) == tenths(9.9, 0)
    assert len(found) == 5
    assert sum(len(stretch["frames"]) for stretch in found) == 100


async def test_backward_is_paced_and_paused_as_forward_is(shelf, gop, connect):
    shelf.store(gop, START, 40)
    client = await connect()
    number = await client.open(stream="main", form="au", at=at(30), speed=-1, paused=True)
    await client.until(lambda: shown(client, number)[-1:] == [25.0] or None)
    await client.send(op="ping", t=1)
    await client.notice("pong")
    assert min(shown(client, number)) >= 23.9
    await client.send(op="position", id=number, at=at(20))
    await client.until(lambda: min(shown(client, number)) <= 15.0)
    assert min(shown(client, number)) >= 13.9


async def test_fast_backward_shows_the_key_frame_of_each_gop(shelf, gop, connect, monkeypatch):
    monkeypatch.setattr(play_clock, "AHEAD_S", 1000.0)
    shelf.store(gop, START, 10)
    client = await connect()
    number = await client.open(stream="main", form="au", at=at(9.5), speed=-8)
    await client.notice("end", number)
    assert shown(client, number) == [8, 6, 4, 2, 0]
    assert all(stretch["whole"] for stretch in stretches(client, number))


async def test_a_client_says_whether_it_wants_key_frames_only(shelf, gop, connect, monkeypatch):
    monkeypatch.setattr(play_clock, "AHEAD_S", 1000.0)
    shelf.store(gop, START, 10)
    client = await connect()
    every = await client.open(stream="main", form="au", at=at(10), speed=-16, keys=False)
    await client.notice("end", every)
    assert shown(client, every) == tenths(9.9, 0)
    few = await client.open(stream="main", form="au", at=at(10), speed=-1, keys=True)
    await client.notice("end", few)
    assert shown(client, few) == [8, 6, 4, 2, 0]


async def test_turning_round_goes_on_from_where_the_client_is(shelf, gop, connect):
    shelf.store(gop, START, 30)
    client = await connect()
    number = await client.open(stream="main", form="au", at=at(10))
    await client.pieces(number, 10, kind=3)
    await client.send(op="pause", id=number)
    await client.send(op="position", id=number, at=at(12))
    await client.send(op="speed", id=number, speed=-2)
    await client.notice("sought", number, count=2)
    await client.until(lambda: shown(client, number)[:1] == [11.9] or None)
    await client.send(op="speed", id=number, speed=1)
    last = await client.notice("sought", number, count=3)
    assert last["at"] == at(12)


async def test_the_last_frame_covers_what_is_too_short_for_a_gap(shelf, gop, connect):
    shelf.store(gop, START, 4)
    client = await connect()
    number = await client.open(stream="main", form="au", at=at(4.4), speed=-1)
    assert (await client.notice("stretch", number))["to"] == at(4.4)
    await client.until(lambda: shown(client, number)[-1:] == [0.0] or None)
    assert shown(client, number) == tenths(3.9, 0)


async def test_gaps_and_other_streams_on_the_way_back(shelf, gop, connect, monkeypatch):
    monkeypatch.setattr(play_clock, "AHEAD_S", 1000.0)
    shelf.store(gop, START, 4, stream=MAIN)
    shelf.store(gop, START + 20 * NS, 4, stream=MAIN, run=2)
    shelf.store(gop, START + 10 * NS, 12, stream=SUB)
    client = await connect()
    number = await client.open(stream="main", form="au", at=at(30), speed=-1)
    await client.notice("end", number)
    assert shown(client, number) == [*tenths(23.9, 20), *tenths(19.9, 10), *tenths(3.9, 0)]
    gaps = [(gap["from"], gap["to"]) for gap in client.notices("gap", number)]
    assert gaps == [(at(24), at(30)), (at(4), at(10))]
    assert [n["stream"] for n in client.notices("opened", number)] == ["main", "sub", "main"]


async def test_what_has_to_be_converted_is_not_played_backward_and_that_is_told(
    shelf, hevc_gop, connect
):
    shelf.store(hevc_gop, START, 4)
    client = await connect()
    number = await client.open(stream="main", form="au", at=at(3), speed=-1, codecs=["avc1.640028"])
    assert (await client.notice("fault", number))["code"] == "forward_only"


async def test_backward_in_fragments_decodes_too(shelf, gop, connect):
    shelf.store(gop, START, 6)
    client = await connect()
    number = await client.open(stream="main", at=at(4), speed=-1)
    await client.pieces(number, 3)
    assert client.notices("stretch", number)[0]["to"] == at(4)
    with av.open(io.BytesIO(client.file(number))) as movie:
        assert sum(1 for _frame in movie.decode(video=0)) >= 20


@pytest.mark.parametrize("form", ["au", "fmp4"])
async def test_frame_by_frame_both_ways_over_gop_and_gap(shelf, gop, connect, form):
    shelf.store(gop, START, 4)
    shelf.store(gop, START + 10 * NS, 4, run=2)
    client = await connect()
    number = await client.open(stream="main", form=form, at=at(3.7), paused=True)
    await client.notice("sought", number)
    place = at(3.7)
    course = [(1, 3.8), (1, 3.9), (1, 10.0), (1, 10.1), (-1, 10.0), (-1, 3.9), (-1, 3.8)]
    for count, (by, expected) in enumerate(course, 2):
        await client.send(op="step", id=number, at=place, by=by)
        sought = await client.notice("sought", number, count=count)
        place = sought["at"]
        assert place == at(expected)
        await client.until(lambda count=count: len(client.notices("stretch", number)) == count - 1)
        await client.until(
            lambda: [m for m in client.media(number, 3 if form == "au" else 2) if m.flags & LAST]
        )
        stretch = client.notices("stretch", number)[-1]
        assert stretch["from"] == place


async def test_a_step_ends_at_the_frame_it_shows(shelf, gop, connect):
    shelf.store(gop, START, 4)
    client = await connect()
    number = await client.open(stream="main", form="au", at=at(3.5), paused=True)
    await client.notice("sought", number)
    await client.send(op="step", id=number, at=at(3.5), by=-1)
    await client.until(lambda: [m for m in client.media(number, 3) if m.flags & LAST])
    (found,) = stretches(client, number)
    assert found["frames"] == tenths(3.4, 2)[::-1]


async def test_a_step_from_live_and_playing_on_from_there(shelf, recorder, gop, connect):
    recorder.add(MAIN)
    shelf.store(gop, START, 8)
    client = await connect()
    number = await client.open(stream="main", form="au")
    await client.send(op="step", id=number, at=at(3.5), by=1)
    assert (await client.notice("sought", number))["at"] == at(3.6)
    await client.send(op="play", id=number, speed=1)
    assert (await client.notice("sought", number, count=2))["at"] == at(3.6)
    await client.until(lambda: client.media(number, 3)[-1].utc_ms >= at(7.9))


async def test_before_the_first_frame_a_step_tells_the_end(shelf, gop, connect):
    shelf.store(gop, START, 4)
    client = await connect()
    number = await client.open(stream="main", at=at(0), paused=True)
    await client.notice("sought", number)
    await client.send(op="step", id=number, at=at(0), by=-1)
    assert (await client.notice("end", number))["at"] == at(0)


@pytest.mark.parametrize("by", [0, 2, -5])
async def test_a_step_is_one_frame(shelf, gop, connect, by):
    shelf.store(gop, START, 4)
    client = await connect()
    number = await client.open(stream="main", at=at(0))
    await client.send(op="step", id=number, at=at(1), by=by)
    assert (await client.notice("fault", number))["code"] == "bad_request"

"""Live over the media session, from the recorder's socket to the bytes a decoder gets."""

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

MAIN = StreamId(1, StreamName.MAIN)
SUB = StreamId(1, StreamName.SUB)


def decoded(data: bytes) -> list[Any]:
    with av.open(io.BytesIO(data)) as movie:
        movie.streams.video[0].codec_context.thread_count = 1
        return [frame.to_ndarray() for frame in movie.decode(video=0)]


def units(gop: Any, start: int, stop: int, *, run: int = 1, **changes: Any) -> list[Any]:
    now = time.time_ns()
    return [
        gop.unit(number, run=run, utc_ns=now + number * 100_000_000, **changes)
        for number in range(start, stop)
    ]


async def test_the_current_gop_comes_at_once_and_then_frame_by_frame(recorder, gop, connect):
    recorder.add(MAIN)
    recorder.publish(MAIN, *units(gop, 0, 8))
    client = await connect()
    number = await client.open(stream="main")
    notice = await client.notice("opened", number)
    assert notice["codecs"] == gop.format.codec_string
    assert (notice["width"], notice["height"]) == (160, 96)
    assert (notice["mode"], notice["stream"]) == ("live", "main")
    (joined,) = await client.pieces(number, 1)
    assert joined.key
    assert joined.discontinuity
    assert joined.duration_us == 800_000
    recorder.publish(MAIN, *units(gop, 8, 12))
    pieces = await client.pieces(number, 5)
    assert [piece.key for piece in pieces[1:]] == [False] * 4
    assert [piece.duration_us for piece in pieces[1:]] == [100_000] * 4
    frames = decoded(client.file(number))
    assert len(frames) == 12
    assert abs(int(frames[11][0, 0]) - (16 + 8 * 11)) <= 2


async def test_age_counts_from_reception_by_the_box(recorder, gop, connect):
    recorder.add(MAIN)
    received = time.monotonic_ns() - 2_000_000_000
    recorder.publish(MAIN, *units(gop, 0, 1, mono_ns=received))
    client = await connect()
    number = await client.open(stream="main")
    (piece,) = await client.pieces(number, 1)
    assert 2_000_000 <= piece.age_us < 4_000_000
    recorder.publish(MAIN, *units(gop, 1, 2))
    assert (await client.pieces(number, 2))[1].age_us < 500_000


async def test_all_viewers_share_one_subscription(recorder, gop, connect):
    recorder.add(MAIN)
    recorder.publish(MAIN, *units(gop, 0, 2))
    clients = [await connect() for _viewer in range(3)]
    numbers = [await client.open(stream="main") for client in clients for _twice in range(2)]
    for client, number in zip([c for c in clients for _twice in range(2)], numbers, strict=True):
        await client.pieces(number, 1)
    assert recorder.hubs[MAIN].consumers == 1


async def test_new_parameter_sets_bring_a_new_head(recorder, gop, other_gop, connect):
    recorder.add(MAIN)
    recorder.publish(MAIN, *units(gop, 0, 3))
    client = await connect()
    number = await client.open(stream="main")
    await client.pieces(number, 1)
    recorder.publish(MAIN, *units(other_gop, 20, 22))
    notice = await client.notice("opened", number, count=2)
    assert (notice["width"], notice["height"]) == (192, 112)
    pieces = await client.pieces(number, 3)
    assert len(client.media(number, kind=1)) == 2
    assert pieces[1].discontinuity
    assert pieces[1].key
    assert not pieces[2].discontinuity


async def test_a_new_run_starts_at_its_key_frame(recorder, gop, connect):
    recorder.add(MAIN)
    recorder.publish(MAIN, *units(gop, 0, 3))
    client = await connect()
    number = await client.open(stream="main")
    await client.pieces(number, 1)
    recorder.publish(MAIN, *units(gop, 3, 5, run=2), *units(gop, 20, 21, run=2))
    pieces = await client.pieces(number, 2)
    assert pieces[1].key
    assert pieces[1].discontinuity
    assert len(client.notices("opened", number)) == 2


@pytest.mark.parametrize("wanted", ["main", "auto"])
async def test_h265_gives_way_to_the_sub_stream_with_the_reason(
    recorder, gop, hevc_gop, connect, wanted
):
    recorder.add(MAIN, SUB)
    recorder.publish(MAIN, *units(hevc_gop, 0, 2))
    recorder.publish(SUB, *units(gop, 0, 2))
    client = await connect()
    number = await client.open(stream=wanted, codecs=["avc1", "mp4a"])
    notice = await client.notice("opened", number)
    assert notice["stream"] == "sub"
    assert ("H.265" in notice.get("reason", "")) is (wanted == "main")


async def test_h265_is_sent_to_who_can_decode_it(recorder, hevc_gop, connect):
    recorder.add(MAIN)
    recorder.publish(MAIN, *units(hevc_gop, 0, 5))
    client = await connect()
    number = await client.open(stream="main", codecs=["hvc1.1.6.L93.B0"])
    assert (await client.notice("opened", number))["codecs"].startswith("hvc1")
    await client.pieces(number, 1)
    assert len(decoded(client.file(number))) == 5


async def test_without_any_decodable_stream_the_fault_says_so(recorder, hevc_gop, connect):
    recorder.add(MAIN)
    recorder.publish(MAIN, *units(hevc_gop, 0, 2))
    client = await connect()
    number = await client.open(stream="main", codecs=["vp09.00.40.08"])
    notice = await client.notice("fault", number)
    assert notice["code"] == "not_decodable"
    assert not client.media(number)


async def test_a_camera_that_turns_to_h265_sends_the_viewer_to_sub(
    recorder, gop, hevc_gop, connect
):
    recorder.add(MAIN, SUB)
    recorder.publish(MAIN, *units(gop, 0, 2))
    recorder.publish(SUB, *units(gop, 0, 2))
    client = await connect()
    number = await client.open(stream="main", codecs=["avc1"])
    await client.pieces(number, 1)
    recorder.publish(MAIN, *units(hevc_gop, 20, 22))
    assert (await client.notice("opened", number, count=2))["stream"] == "sub"


async def test_a_stream_that_is_not_there_gives_way(recorder, gop, connect):
    recorder.add(MAIN)
    recorder.publish(MAIN, *units(gop, 0, 2))
    client = await connect()
    number = await client.open(stream="sub")
    notice = await client.notice("opened", number)
    assert notice["stream"] == "main"
    assert "sub" in notice["reason"]


async def test_bare_access_units_for_who_decodes_himself(recorder, gop, connect):
    recorder.add(MAIN)
    recorder.publish(MAIN, *units(gop, 0, 4))
    client = await connect()
    number = await client.open(stream="main", form="au")
    pieces = await client.pieces(number, 4, kind=3)
    (head,) = client.media(number, kind=1)
    assert head.payload[0] == 1
    assert [piece.payload for piece in pieces] == gop.frames[:4]
    assert [round((b.utc_us - a.utc_us) / 1000) for a, b in itertools.pairwise(pieces)]


async def test_sound_is_coded_as_aac_only_for_who_listens(recorder, gop, connect, publish_sound):
    recorder.add(MAIN)
    recorder.publish(MAIN, *units(gop, 0, 2))
    deaf, listener = await connect(), await connect()
    silent = await deaf.open(stream="main")
    number = await listener.open(stream="main", audio=True)
    await deaf.pieces(silent, 1)
    await listener.pieces(number, 1)
    publish_sound(recorder, MAIN)
    await listener.pieces(number, 4, audio=True)
    assert listener.notices("audio", number)[0]["codecs"] == "mp4a.40.2"
    with av.open(io.BytesIO(listener.file(number, audio=True))) as movie:
        assert movie.streams.audio[0].codec_context.name == "aac"
        assert sum(frame.samples for frame in movie.decode(audio=0)) >= 4 * 1024
    await listener.send(op="audio", id=number, on=False)
    await listener.send(op="ping", t=1)
    await listener.notice("pong")
    recorder.publish(MAIN, *units(gop, 2, 3))
    await listener.pieces(number, 2)
    heard = len(listener.media(number, audio=True))
    publish_sound(recorder, MAIN, start=20)
    recorder.publish(MAIN, *units(gop, 3, 4))
    await deaf.pieces(silent, 3)
    await listener.pieces(number, 3)
    assert len(listener.media(number, audio=True)) == heard
    assert not deaf.media(silent, audio=True)


async def test_without_a_recorder_the_fault_says_so_and_the_picture_comes_later(
    paths, recorder, gop, connect
):
    recorder.add(MAIN)
    await recorder.server.stop()
    client = await connect()
    number = await client.open(stream="main")
    notice = await client.notice("fault", number)
    assert notice["code"] == "recorder_away"
    assert "recorder" in notice["text"].lower()
    await recorder.server.start()
    recorder.publish(MAIN, *units(gop, 0, 2))
    await client.notice("opened", number)
    await client.pieces(number, 1)


async def test_a_recorder_that_restarts_is_joined_again(recorder, gop, connect):
    recorder.add(MAIN)
    recorder.publish(MAIN, *units(gop, 0, 2))
    client = await connect()
    number = await client.open(stream="main")
    await client.pieces(number, 1)
    await recorder.server.stop()
    await client.notice("fault", number)
    await recorder.server.start()
    recorder.publish(MAIN, *units(gop, 20, 22, run=9))
    await client.notice("opened", number, count=2)
    pieces = await client.pieces(number, 2)
    assert pieces[1].discontinuity


async def test_rights_are_asked_for_each_stream(recorder, gop, connect):
    two = StreamId(2, StreamName.MAIN)
    recorder.add(MAIN, two)
    recorder.publish(MAIN, *units(gop, 0, 2))
    recorder.publish(two, *units(gop, 0, 2))
    guard = User("guard", frozenset({Permission.LIVE}), frozenset({2}))
    client = await connect(guard)
    refused = await client.open(channel=1, stream="main")
    assert (await client.notice("fault", refused))["code"] == "not_allowed"
    granted = await client.open(channel=2, stream="main")
    await client.pieces(granted, 1)
    past = await client.open(channel=2, stream="main", at=1_700_000_000_000)
    assert (await client.notice("fault", past))["code"] == "not_allowed"
    await client.send(op="seek", id=granted, at=1_700_000_000_000)
    assert (await client.notice("fault", granted))["code"] == "not_allowed"
    assert not client.media(refused)


async def test_closing_a_stream_ends_its_pieces(recorder, gop, connect):
    recorder.add(MAIN)
    recorder.publish(MAIN, *units(gop, 0, 2))
    client = await connect()
    first, second = await client.open(stream="main"), await client.open(stream="main")
    await client.pieces(first, 1)
    await client.pieces(second, 1)
    await client.send(op="close", id=first)
    await client.send(op="ping", t=7)
    assert (await client.notice("pong"))["t"] == 7
    recorder.publish(MAIN, *units(gop, 2, 4))
    await client.pieces(second, 3)
    assert len(client.media(first)) == 1


@pytest.mark.parametrize(
    "message",
    [
        "{",
        "[]",
        "5",
        '{"op":"open"}',
        '{"op":"open","id":1,"channel":0}',
        '{"op":"open","id":-1,"channel":1}',
        '{"op":"fly","id":1}',
        '{"op":"play","id":1,"speed":-3}',
        '{"op":"open","id":1,"channel":1,"at":"yesterday"}',
        '{"op":"open","id":1,"channel":1,"at":NaN}',
        '{"op":"seek","id":99,"at":5}',
        "[" * 5000,
    ],
    ids=range(12),
)
async def test_nonsense_is_answered_with_a_fault_and_the_session_goes_on(
    recorder, connect, message
):
    client = await connect()
    await client.socket.send_str(message)
    assert (await client.notice("fault"))["text"]
    await client.send(op="ping", t=1)
    await client.notice("pong")


async def test_too_many_streams_are_refused_in_words(recorder, gop, connect):
    recorder.add(MAIN)
    client = await connect()
    for _stream in range(65):
        last = await client.open(stream="main")
    assert (await client.notice("fault", last))["code"] == "too_many"


async def test_a_socket_without_the_subprotocol_is_refused(page_as, app):
    from appliance.accounts.permission import GRANTABLE

    page = page_as(User("admin", GRANTABLE))
    status, answer = await page.ask("GET", "/api/v1/media")
    assert (status, answer["code"]) == (400, "subprotocol")


async def test_leaving_ends_the_subscription_after_a_moment(recorder, gop, connect, monkeypatch):
    from appliance.web.media import live_hub

    monkeypatch.setattr(live_hub, "LINGER_S", 0.01)
    recorder.add(MAIN)
    recorder.publish(MAIN, *units(gop, 0, 2))
    client = await connect()
    number = await client.open(stream="main")
    await client.pieces(number, 1)
    await client.close()
    async with asyncio.timeout(5):
        while recorder.hubs[MAIN].consumers:
            await asyncio.sleep(0.01)


async def test_a_silent_main_stream_gives_way_to_sub(recorder, gop, connect, monkeypatch):
    from appliance.web.media import watch

    monkeypatch.setattr(watch, "FORMAT_WAIT_S", 0.1)
    recorder.add(MAIN, SUB)
    recorder.publish(SUB, *units(gop, 0, 2))
    client = await connect()
    number = await client.open(stream="main")
    notice = await client.notice("opened", number)
    assert notice["stream"] == "sub"
    assert "main" in notice["reason"]


async def test_a_silent_camera_is_told_and_shown_when_it_comes(recorder, gop, connect, monkeypatch):
    from appliance.web.media import watch

    monkeypatch.setattr(watch, "FORMAT_WAIT_S", 0.05)
    monkeypatch.setattr(watch, "TRY_AGAIN_S", 0.05)
    recorder.add(MAIN, SUB)
    client = await connect()
    number = await client.open(stream="main")
    assert (await client.notice("fault", number))["code"] == "no_picture"
    recorder.publish(MAIN, *units(gop, 0, 2))
    recorder.publish(SUB, *units(gop, 0, 2))
    await client.notice("opened", number)
    await client.pieces(number, 1)
    assert len(client.notices("fault", number)) == 1


async def test_a_camera_that_falls_silent_is_told_once_and_goes_on(
    recorder, gop, connect, monkeypatch
):
    from appliance.web.media import live

    monkeypatch.setattr(live, "SILENCE_S", 0.1)
    monkeypatch.setattr(live, "WATCH_S", 0.05)
    recorder.add(MAIN)
    recorder.publish(MAIN, *units(gop, 0, 2))
    client = await connect()
    number = await client.open(stream="main")
    await client.pieces(number, 1)
    assert (await client.notice("fault", number))["code"] == "no_picture"
    recorder.publish(MAIN, *units(gop, 2, 3))
    pieces = await client.pieces(number, 2)
    assert not pieces[1].discontinuity


async def test_paused_live_sends_nothing_and_goes_on_with_the_current_gop(recorder, gop, connect):
    recorder.add(MAIN)
    recorder.publish(MAIN, *units(gop, 0, 2))
    client = await connect()
    number = await client.open(stream="main")
    await client.pieces(number, 1)
    await client.send(op="pause", id=number)
    await client.send(op="ping", t=1)
    await client.notice("pong")
    recorder.publish(MAIN, *units(gop, 2, 25))
    await client.send(op="play", id=number)
    pieces = await client.pieces(number, 2)
    assert pieces[1].key
    assert pieces[1].discontinuity
    assert pieces[1].duration_us == 500_000

"""Pictures a browser cannot decode, converted by the one child of the box: live and stored."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import time
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest

from appliance.media.types import Codec, VideoFormat
from appliance.recording.mediasock.client import LiveUnit
from appliance.storage.model import StreamId, StreamName
from appliance.web.media import converted_live, converter, session, transcoder
from appliance.web.media.converted_parts import ConvertedParts
from appliance.web.media.converter import ConversionError, Converter
from appliance.web.media.pacing import FIRST_TRY_S, Pace, Pacing
from appliance.web.media.service import MEDIA
from appliance.web.media.transcoder import Kind, fitting
from appliance.web.routing import Access

NS = 1_000_000_000
START = 1_790_000_000 * NS
MAIN = StreamId(1, StreamName.MAIN)
SUB = StreamId(1, StreamName.SUB)
OTHER = StreamId(2, StreamName.MAIN)
BROWSER = ["avc1.640028"]


def numbers(data: bytes) -> list[int]:
    """The number of each frame within its GOP, told by its grey."""
    with av.open(io.BytesIO(data)) as movie:
        movie.streams.video[0].codec_context.thread_count = 1
        return [round((int(frame.to_ndarray()[0, 0]) - 16) / 8) for frame in movie.decode(video=0)]


def units(gop: Any, start: int, stop: int, *, run: int = 1, **changes: Any) -> list[Any]:
    now = time.time_ns()
    return [
        gop.unit(number, run=run, utc_ns=now + number * NS // 10, **changes)
        for number in range(start, stop)
    ]


def at(seconds: float) -> float:
    return START / 1_000_000 + seconds * 1000


@pytest.fixture(scope="module")
def jpegs(gop: Any) -> Any:
    """The pictures of `gop` as MJPEG."""
    coder: Any = av.CodecContext.create("mjpeg", "w")
    coder.width, coder.height, coder.pix_fmt = 160, 96, "yuvj420p"
    coder.time_base = Fraction(1, 10)
    frames = []
    for number in range(20):
        luma = np.full((144, 160), 128, np.uint8)
        # Full range here, so that it is `16 + 8 * number` in the video range of H.264.
        luma[:96] = round(8 * number * 255 / 219)
        picture = av.VideoFrame.from_ndarray(luma, format="yuvj420p")
        picture.pts = number
        frames += [bytes(packet) for packet in coder.encode(picture)]
    return type(gop)(VideoFormat(Codec.MJPEG, 160, 96, "mp4v.6C"), frames)


async def test_h265_without_a_sub_stream_is_converted_and_the_viewer_is_told(
    recorder, hevc_gop, connect
):
    recorder.add(MAIN)
    recorder.publish(MAIN, *units(hevc_gop, 0, 3))
    client = await connect()
    number = await client.open(stream="main", codecs=BROWSER)
    notice = await client.notice("opened", number)
    assert notice["codecs"].startswith("avc1.4d")
    assert (notice["width"], notice["height"]) == (160, 96)
    assert notice["converted"] == "H.265"
    assert "H.265" in notice["reason"]
    await client.pieces(number, 1)
    last = units(hevc_gop, 3, 25)
    recorder.publish(MAIN, *last)
    await client.until(lambda: client.media(number)[-1].utc_us == last[-1].utc_ns // 1000)
    shown = numbers(client.file(number))
    assert shown[0] == 0
    assert shown[-22:] == [*range(3, 20), *range(5)]


async def test_motion_jpeg_is_converted(recorder, jpegs, connect):
    recorder.add(MAIN)
    recorder.publish(MAIN, *units(jpegs, 0, 1))
    client = await connect()
    number = await client.open(stream="main", codecs=BROWSER)
    assert (await client.notice("opened", number))["converted"] == "MJPEG"
    await client.pieces(number, 1)
    recorder.publish(MAIN, *(unit for n in range(1, 8) for unit in units(jpegs, n, n + 1)))
    await client.pieces(number, 8)
    assert numbers(client.file(number)) == list(range(8))


async def test_a_stream_that_can_be_decoded_is_never_converted(
    recorder, gop, hevc_gop, connect, app
):
    recorder.add(MAIN, SUB)
    recorder.publish(MAIN, *units(hevc_gop, 0, 2))
    recorder.publish(SUB, *units(gop, 0, 2))
    client = await connect()
    number = await client.open(stream="main", codecs=BROWSER)
    notice = await client.notice("opened", number)
    assert notice["stream"] == "sub"
    assert "converted" not in notice
    assert app[MEDIA].converter.child is None


async def test_the_smaller_one_of_two_h265_streams_is_converted(recorder, hevc_gop, connect):
    recorder.add(MAIN, SUB)
    recorder.publish(MAIN, *units(hevc_gop, 0, 2))
    recorder.publish(SUB, *units(hevc_gop, 0, 2))
    client = await connect()
    number = await client.open(stream="main", codecs=BROWSER)
    notice = await client.notice("opened", number)
    assert (notice["stream"], notice["converted"]) == ("sub", "H.265")


async def test_two_viewers_share_one_conversion(recorder, hevc_gop, connect, app):
    recorder.add(MAIN)
    recorder.publish(MAIN, *units(hevc_gop, 0, 2))
    clients = [await connect(), await connect()]
    opened = []
    for client in clients:
        number = await client.open(stream="main", codecs=BROWSER)
        await client.pieces(number, 1)
        opened.append(number)
    asked = 0
    ask = app[MEDIA].converter.ask

    async def counted(*args: Any) -> Any:
        nonlocal asked
        asked += 1
        return await ask(*args)

    app[MEDIA].converter.ask = counted
    recorder.publish(MAIN, *units(hevc_gop, 2, 6))
    for client, number in zip(clients, opened, strict=True):
        await client.until(lambda client=client, number=number: len(client.media(number)) >= 5)
    assert asked == 4


async def test_a_second_channel_is_told_and_takes_over_when_the_first_is_left(
    recorder, hevc_gop, connect
):
    recorder.add(MAIN, OTHER)
    for stream in (MAIN, OTHER):
        recorder.publish(stream, *units(hevc_gop, 0, 2))
    client = await connect()
    first = await client.open(stream="main", codecs=BROWSER)
    await client.notice("opened", first)
    second = await client.open(2, stream="main", codecs=BROWSER)
    fault = await client.notice("fault", second)
    assert fault["code"] == "converting_other"
    assert "D2" in fault["text"]
    assert "D1" not in fault["text"]  # not everybody may know of it
    await client.send(op="close", id=first)
    assert (await client.notice("opened", second))["channel"] == 2
    assert len(client.notices("fault", second)) == 1


async def test_a_child_that_dies_is_told_replaced_and_the_picture_goes_on(
    recorder, hevc_gop, connect, app
):
    recorder.add(MAIN)
    recorder.publish(MAIN, *units(hevc_gop, 0, 2))
    client = await connect()
    number = await client.open(stream="main", codecs=BROWSER)
    await client.pieces(number, 1)
    child = app[MEDIA].converter.child
    os.kill(child.pid, signal.SIGSEGV)
    await child.wait()
    recorder.publish(MAIN, *units(hevc_gop, 2, 3))
    assert (await client.notice("fault", number))["code"] == "conversion_failed"
    await client.notice("opened", number, count=2)
    assert app[MEDIA].converter.child.pid != child.pid


async def test_after_many_crashes_a_rest_is_taken(hevc_gop):
    box = Converter()
    job = box.take(1)
    key = units(hevc_gop, 0, 1)[0]
    for _crash in range(converter.MAX_CRASHES):
        await job.convert(Kind.KEY, key)
        box.child.kill()
        await box.child.wait()
        with pytest.raises(ConversionError):
            await job.convert(Kind.KEY, key)
    with pytest.raises(ConversionError, match="minute"):
        await job.convert(Kind.KEY, key)
    await box.close()


async def test_rubbish_is_passed_over_and_the_next_key_frame_is_shown(hevc_gop):
    box = Converter()
    job = box.take(1)
    (key, *_rest) = units(hevc_gop, 0, 2)
    rubbish = hevc_gop.unit(1, run=1, utc_ns=0, data=b"\0\0\0\5\x26\1abc")
    assert await job.convert(Kind.KEY, key)
    assert await job.convert(Kind.UNIT, rubbish) == []
    (after,) = await job.convert(Kind.KEY, units(hevc_gop, 20, 21)[0])
    assert after.key
    await box.close()


async def test_a_stopped_child_is_given_up(hevc_gop, monkeypatch):
    monkeypatch.setattr(converter, "PATIENCE_S", 0.2)
    box = Converter()
    job = box.take(1)
    child = await box.running()
    os.kill(child.pid, signal.SIGSTOP)
    with pytest.raises(ConversionError) as caught:
        await job.convert(Kind.KEY, units(hevc_gop, 0, 1)[0])
    assert caught.value.code == "conversion_failed"
    assert child.returncode is not None
    await box.close()


async def test_who_leaves_in_the_middle_does_not_disturb_the_others(hevc_gop):
    box = Converter()
    leaver, stayer = box.take(1), box.take(1)
    key = units(hevc_gop, 0, 1)[0]
    await stayer.convert(Kind.KEY, key)
    child = box.child
    leaving = asyncio.create_task(leaver.convert(Kind.KEY, key))
    await asyncio.sleep(0)
    leaving.cancel()
    leaver.close()
    (unit,) = await stayer.convert(Kind.UNIT, units(hevc_gop, 1, 2)[0])
    assert unit.pts == 9000
    assert box.child is child
    await box.close()


async def test_an_installation_without_the_encoder_says_so(recorder, hevc_gop, connect, app):
    async def no_encoder(kind: Kind, *_args: Any) -> Any:
        if kind is Kind.OPEN:
            return []
        raise converter._trouble(b"no_encoder")

    app[MEDIA].converter.ask = no_encoder
    recorder.add(MAIN)
    recorder.publish(MAIN, *units(hevc_gop, 0, 2))
    client = await connect()
    number = await client.open(stream="main", codecs=BROWSER)
    fault = await client.notice("fault", number)
    assert fault["code"] == "no_encoder"
    assert "libx264" in fault["text"]


def test_a_missing_encoder_is_recognised(hevc_gop, monkeypatch):
    monkeypatch.setattr(transcoder, "_ENCODER", "no_such_encoder")
    form = hevc_gop.format
    jobs: dict[int, Any] = {}
    opening = converter._description(form)
    assert len(list(transcoder.serve(jobs, Kind.OPEN, 1, 0, opening))) == 1
    answers = list(transcoder.serve(jobs, Kind.KEY, 1, 0, hevc_gop.frames[0]))
    assert answers[0].endswith(b"no_encoder")


async def test_access_withdrawn_ends_the_conversion(
    recorder, hevc_gop, connect, app, supervisor, monkeypatch
):
    monkeypatch.setattr(session, "RECHECK_S", 0.05)
    recorder.add(MAIN)
    recorder.publish(MAIN, *units(hevc_gop, 0, 2))
    client = await connect()
    number = await client.open(stream="main", codecs=BROWSER)
    await client.pieces(number, 1)
    box = app[MEDIA].converter
    assert box.channel == 1
    monkeypatch.setattr(Access, "may", lambda *_args: False)
    assert (await client.notice("fault", number))["code"] == "not_allowed"
    async with asyncio.timeout(5):
        while box.channel is not None:
            await asyncio.sleep(0.01)


async def test_what_is_too_slow_is_thinned_and_told(recorder, hevc_gop, connect):
    recorder.add(MAIN)
    recorder.publish(MAIN, *units(hevc_gop, 0, 1))
    client = await connect()
    number = await client.open(stream="main", codecs=BROWSER)
    await client.pieces(number, 1)
    fresh = time.monotonic_ns() + 60 * NS  # however busy the machine is
    old = time.monotonic_ns() - int(2 * converted_live.LATE_S * NS)
    recorder.publish(MAIN, *units(hevc_gop, 1, 2, mono_ns=fresh))
    await client.pieces(number, 2)
    recorder.publish(MAIN, *units(hevc_gop, 2, 3, mono_ns=old))
    assert (await client.notice("state", number))["pace"] == "half"
    recorder.publish(MAIN, *units(hevc_gop, 20, 22, mono_ns=fresh))
    recorder.publish(MAIN, *units(hevc_gop, 22, 23, mono_ns=old))
    notice = await client.notice("state", number, count=2)
    assert notice["pace"] == "keys"
    assert "key frames" in notice["text"]
    before = len(client.media(number))
    recorder.publish(MAIN, *units(hevc_gop, 23, 41, mono_ns=fresh))
    pieces = await client.pieces(number, before + 1)
    assert pieces[-1].key
    assert pieces[-1].duration_us >= 1_000_000
    late = await client.open(stream="main", codecs=BROWSER)
    assert (await client.notice("state", late))["pace"] == "keys"


def test_a_child_that_starts_slowly_does_not_count_as_too_slow(hevc_gop):
    pacing = Pacing()
    turn, waiting = converted_live._Turn(pacing), converted_live._Waiting()
    old = time.monotonic_ns() - int(2 * converted_live.LATE_S * NS)
    kinds = [
        turn.kind(LiveUnit(unit, 0, 0, False), waiting)
        for unit in (
            *units(hevc_gop, 0, 1),
            *units(hevc_gop, 1, 3, mono_ns=old),
            *units(hevc_gop, 3, 5),
        )
    ]
    assert kinds == [Kind.KEY, Kind.QUIET, Kind.QUIET, Kind.UNIT, Kind.UNIT]
    assert pacing.pace is Pace.ALL


def test_more_is_tried_again_less_and_less_often():
    now = 0.0
    pacing = Pacing(lambda: now)
    assert pacing.late()
    assert pacing.late()
    assert not pacing.late()
    assert pacing.pace is Pace.KEYS
    tried = []
    last = 0.0
    for second in range(1, 1200):
        now = float(second)
        if pacing.on_time():
            tried.append(now - last)
            last = now
            pacing.late()
    assert tried[:4] == [FIRST_TRY_S, 2 * FIRST_TRY_S, 4 * FIRST_TRY_S, 8 * FIRST_TRY_S]
    assert max(tried) <= 300


@pytest.mark.parametrize(
    ("size", "smaller"),
    [
        ((3840, 2160), (1280, 720)),
        ((2592, 1944), (960, 720)),
        ((640, 360), (640, 360)),
        ((1080, 1920), (404, 720)),
        ((5120, 720), (1280, 180)),
    ],
)
def test_pictures_are_made_to_fit_and_keep_their_shape(size, smaller):
    assert fitting(*size) == smaller


async def test_stored_h265_is_converted_while_it_plays(shelf, hevc_gop, connect):
    shelf.store(hevc_gop, START, 4)
    client = await connect()
    number = await client.open(stream="main", at=at(0), codecs=BROWSER)
    notice = await client.notice("opened", number)
    assert (notice["mode"], notice["converted"]) == ("playback", "H.265")
    pieces = await client.pieces(number, 4)
    assert [piece.duration_us for piece in pieces[:4]] == [1_000_000] * 4
    assert [piece.utc_ms for piece in pieces[:4]] == [at(n) for n in range(4)]
    assert numbers(client.file(number)) == [*range(20), *range(20)]
    assert len(client.notices("opened", number)) == 1


async def test_dragging_over_stored_h265_shows_key_frames(shelf, hevc_gop, connect):
    shelf.store(hevc_gop, START, 6)
    client = await connect()
    number = await client.open(stream="main", at=at(1), codecs=BROWSER, paused=True)
    await client.pieces(number, 1)
    for place in (4.5, 2.5, 0.5):
        before = len(client.media(number))
        await client.send(op="seek", id=number, at=at(place), mode="key")
        await client.until(
            lambda place=place, before=before: [
                piece
                for piece in client.media(number)[before:]
                if piece.key and piece.utc_ms == at(place // 2 * 2)
            ]
        )


async def test_playback_of_a_second_channel_is_told_and_tried_again(
    shelf, recorder, hevc_gop, connect, monkeypatch
):
    from appliance.web.media import playback

    monkeypatch.setattr(playback, "EMPTY_S", 0.05)
    shelf.store(hevc_gop, START, 4)
    recorder.add(OTHER)
    recorder.publish(OTHER, *units(hevc_gop, 0, 2))
    client = await connect()
    first = await client.open(2, stream="main", codecs=BROWSER)
    await client.notice("opened", first)
    second = await client.open(stream="main", at=at(0), codecs=BROWSER)
    fault = await client.notice("fault", second)
    assert fault["code"] == "converting_other"
    await client.send(op="close", id=first)
    await client.notice("opened", second)
    await client.pieces(second, 1)
    assert len(client.notices("fault", second)) == 1


async def test_footage_that_takes_too_long_is_played_as_key_frames_without_holes(
    shelf, hevc_gop, monkeypatch
):
    from appliance.storage.reader import FootageReader
    from appliance.web.media.reel import Reel

    shelf.store(hevc_gop, START, 6)
    reel = Reel(FootageReader([shelf.path], shelf.writer.open_blocks), MAIN)
    box = Converter()
    parts = ConvertedParts(box, 1)
    step, paces, lasts = reel.seek(START), [], []
    while step is not None:
        units = await parts.units(
            step.part, fresh=not step.continues, speed=1e9, unwanted=lambda: False
        )
        lasts.append(sum(unit.duration for unit in units[-1:]) + units[-1].dts - units[0].dts)
        paces.append(parts.pace)
        step = reel.next()
    assert paces == [Pace.ALL, Pace.ALL, Pace.HALF, Pace.HALF, Pace.KEYS, Pace.KEYS]
    assert lasts == [90_000] * 6
    parts.close()
    await box.close()


async def test_the_child_gives_back_its_place_and_ends_when_idle(hevc_gop, monkeypatch):
    monkeypatch.setattr(converter, "IDLE_S", 0.01)
    box = Converter()
    job = box.take(1)
    await job.convert(Kind.KEY, units(hevc_gop, 0, 1)[0])
    child = box.child
    job.close()
    assert box.channel is None
    async with asyncio.timeout(5):
        await child.wait()
    await box.close()


async def test_jobs_are_bounded():
    box = Converter()
    for _viewer in range(converter.MAX_JOBS):
        box.take(1)
    with pytest.raises(ConversionError) as caught:
        box.take(1)
    assert caught.value.code == "too_many"
    await box.close()

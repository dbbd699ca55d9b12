"""Snapshots, downloads, timeline and calendar, from blocks on a volume."""

from __future__ import annotations

import asyncio
import io
import re
import time
from datetime import UTC, datetime
from typing import Any

import av
import pytest

from appliance.accounts.permission import GRANTABLE, Permission, User
from appliance.storage.model import RecordKind, StreamId, StreamName
from appliance.web.audit import NOTES

NS = 1_000_000_000
MS = 1_000_000
START = 1_790_000_000 * NS
MAIN = StreamId(1, StreamName.MAIN)
SUB = StreamId(1, StreamName.SUB)
ADMIN = User("admin", GRANTABLE)


def ms(seconds: float) -> int:
    return START // MS + round(seconds * 1000)


@pytest.fixture
def ask(page_as: Any) -> Any:
    """Return (status, headers, body) of a GET."""

    async def asked(path: str, user: User = ADMIN) -> tuple[int, Any, bytes]:
        page = page_as(user)
        async with page.client.get(f"/api/v1/{path}") as answer:
            return answer.status, answer.headers, await answer.read()

    return asked


def grey_of(jpeg: bytes) -> tuple[int, tuple[int, int]]:
    with av.open(io.BytesIO(jpeg), format="mjpeg") as movie:
        frame = next(movie.decode(video=0))
        return int(frame.reformat(format="gray").to_ndarray()[4, 4]), (frame.width, frame.height)


def number_of(jpeg: bytes) -> int:
    """The number of the frame in its GOP (JPEG has full range)."""
    return round((grey_of(jpeg)[0] * 219 / 255) / 8)


async def test_a_snapshot_shows_the_frame_of_its_instant(shelf, gop, ask):
    shelf.store(gop, START, 6)
    for seconds, frame in ((2.0, 0), (2.35, 3), (3.99, 19), (5.0, 10)):
        status, headers, body = await ask(f"snapshot?channel=1&at={ms(seconds)}&stream=main")
        assert status == 200, body
        assert headers["Content-Type"] == "image/jpeg"
        assert number_of(body) == frame
        assert int(headers["X-NVR-Time"]) == ms(int(seconds * 10) / 10)


async def test_a_snapshot_minutes_behind_its_key_frame_is_decoded_as_it_is_read(
    shelf, ask, monkeypatch
):
    from appliance.media.types import Codec
    from appliance.web.media.pictures import Pictures
    from tests.web.media.conftest import code_gop

    largest = 0
    send = Pictures._send

    async def sent(self: Any, child: Any, data: bytes) -> None:
        nonlocal largest
        largest = max(largest, len(data))
        await send(self, child, data)

    monkeypatch.setattr(Pictures, "_send", sent)
    long_gop = code_gop(Codec.H264, 2000, 64, 48)
    shelf.store(long_gop, START, 199)
    for seconds in (198.4, 60.0, 150.7):
        status, headers, body = await ask(f"snapshot?channel=1&at={ms(seconds)}&stream=main")
        assert status == 200, body
        assert int(headers["X-NVR-Time"]) == ms(seconds)
        assert number_of(body) == round(seconds * 10) % 25
    assert largest < sum(map(len, long_gop.frames)) / 20


async def test_a_snapshot_of_now_comes_from_the_current_gop(recorder, gop, ask):
    recorder.add(MAIN)
    now = time.time_ns()
    recorder.publish(MAIN, *(gop.unit(n, run=1, utc_ns=now + n) for n in range(8)))
    status, headers, body = await ask("snapshot?channel=1&at=now")
    assert status == 200, body
    assert number_of(body) == 7
    assert headers["Cache-Control"] == "no-store"


async def test_a_snapshot_is_a_bitmap_where_that_is_asked_for(shelf, gop, ask):
    """N8.10: JPEG or BMP, of the same instant."""
    shelf.store(gop, START, 6)
    path = f"snapshot?channel=1&at={ms(2.35)}&width=80"
    _status, _headers, jpeg = await ask(path)
    status, headers, body = await ask(f"{path}&format=bmp")
    assert (status, headers["Content-Type"]) == (200, "image/bmp")
    assert body[:2] == b"BM"
    assert int(headers["X-NVR-Time"]) == ms(2.3)
    with av.open(io.BytesIO(body), format="bmp_pipe") as movie:
        frame = next(movie.decode(video=0))
    assert (frame.width, frame.height) == grey_of(jpeg)[1]
    level = int(frame.to_ndarray(format="rgb24")[4, 4, 0])
    assert abs(level - 3 * 8 * 255 / 219) < 6
    assert (await ask(path))[1]["Content-Type"] == "image/jpeg"
    assert (await ask(f"{path}&format=tiff"))[0] == 422


async def test_a_snapshot_can_be_asked_for_smaller(shelf, gop, ask):
    shelf.store(gop, START, 2)
    status, _headers, body = await ask(f"snapshot?channel=1&at={ms(1)}&width=80")
    assert status == 200
    assert grey_of(body)[1] == (80, 48)


async def test_h265_gives_snapshots_too_and_a_missing_stream_gives_way(shelf, hevc_gop, ask):
    shelf.store(hevc_gop, START, 2)
    status, _headers, body = await ask(f"snapshot?channel=1&at={ms(1)}&stream=sub")
    assert status == 200
    assert number_of(body) == 10


async def test_nothing_recorded_is_told_in_words(shelf, gop, ask):
    shelf.store(gop, START, 2)
    for seconds in (-60, 60):
        status, _headers, body = await ask(f"snapshot?channel=1&at={ms(seconds)}")
        assert status == 404
        assert b"no_footage" in body
    status, _headers, body = await ask("snapshot?channel=7&at=now")
    assert status == 404


async def test_a_preview_of_nothing_is_no_error(shelf, gop, ask):
    """A camera was just added, or what it sent is not stored yet: a browser notes no error."""
    shelf.store(gop, START, 2)
    for path in (f"channel=1&at={ms(60)}", f"channel=9&at={ms(1)}", "channel=9&at=now"):
        status, headers, body = await ask(f"snapshot?{path}&preview=true")
        assert (status, body) == (204, b"")
        assert headers["Cache-Control"] == "no-store"
    status, _headers, body = await ask(f"snapshot?channel=1&at={ms(1)}&stream=sub&preview=true")
    assert status == 200
    assert number_of(body) == 10


async def test_the_last_picture_before_an_instant_is_had_within_its_bound(shelf, gop, ask):
    shelf.store(gop, START, 4)
    shelf.store(gop, START + 40 * NS, 2, run=2)
    status, headers, body = await ask(f"snapshot?channel=1&at={ms(30)}&stream=sub&back_s=60")
    assert status == 200
    assert number_of(body) == 19
    assert int(headers["X-NVR-Time"]) == ms(3.9)
    assert (await ask(f"snapshot?channel=1&at={ms(30)}&back_s=20"))[0] == 404
    status, headers, _body = await ask(f"snapshot?channel=1&at={ms(2.35)}&back_s=60")
    assert int(headers["X-NVR-Time"]) == ms(2.3)
    assert (await ask(f"snapshot?channel=1&at={ms(30)}&back_s=86401"))[0] == 422


async def test_a_sub_stream_that_cannot_be_decoded_gives_way_to_the_main_stream(shelf, gop, ask):
    from dataclasses import replace

    noise = replace(gop, frames=[b"\0\0\0\x08\x65" + bytes(range(7))] * 20)
    shelf.store(noise, START, 2, stream=SUB)
    shelf.store(gop, START, 2)
    status, _headers, body = await ask(f"snapshot?channel=1&at={ms(1)}&stream=sub")
    assert status == 200, body
    assert number_of(body) == 10


async def test_footage_that_cannot_be_decoded_is_told_and_the_next_picture_works(shelf, gop, ask):
    from dataclasses import replace

    noise = replace(gop, frames=[b"\0\0\0\x08\x65" + bytes(range(7))] * 20)
    shelf.store(noise, START, 2)
    shelf.store(gop, START + 100 * NS, 2, run=2)
    status, _headers, body = await ask(f"snapshot?channel=1&at={ms(1)}")
    assert (status, b"not_decodable" in body) == (404, True)
    assert (await ask(f"snapshot?channel=1&at={ms(101)}"))[0] == 200


async def test_a_decoder_that_dies_is_replaced(shelf, gop, ask, app):
    from appliance.web.media.service import MEDIA

    shelf.store(gop, START, 4)
    assert (await ask(f"snapshot?channel=1&at={ms(1)}"))[0] == 200
    child = app[MEDIA].pictures._child
    child.kill()
    await child.wait()
    assert (await ask(f"snapshot?channel=1&at={ms(2)}"))[0] == 200


async def test_who_looks_at_a_time_bar_finds_the_decoder_awake(shelf, gop, ask, app):
    """A picture under the pointer must not wait for a process to start."""
    from appliance.web.media.service import MEDIA

    shelf.store(gop, START, 4)
    pictures = app[MEDIA].pictures
    await ask(f"timeline?channels=1&from={ms(0)}&to={ms(4)}")
    assert not pictures.awake
    await ask(f"timeline?channels=1&from={ms(0)}&to={ms(4)}&resolution=10")
    async with asyncio.timeout(10):
        while not pictures.awake:
            await asyncio.sleep(0.01)
    child = pictures._child
    assert (await ask(f"snapshot?channel=1&at={ms(1)}"))[0] == 200
    assert pictures._child is child


async def test_rights_for_pictures(shelf, gop, ask):
    shelf.store(gop, START, 2)
    guard = User("guard", frozenset({Permission.LIVE}), frozenset({1}))
    assert (await ask(f"snapshot?channel=1&at={ms(1)}", guard))[0] == 403
    clerk = User("clerk", frozenset({Permission.LIVE, Permission.PLAYBACK}), frozenset({1}))
    assert (await ask(f"snapshot?channel=1&at={ms(1)}", clerk))[0] == 200
    assert (await ask(f"download?channel=1&from={ms(0)}&to={ms(1)}", clerk))[0] == 403


async def test_a_download_is_one_movie_from_the_key_frame_on(shelf, gop, ask):
    shelf.store(gop, START, 10, sound=True)
    status, headers, body = await ask(f"download?channel=1&from={ms(3.2)}&to={ms(7.5)}")
    assert status == 200
    assert headers["Content-Type"] == "video/mp4"
    assert int(headers["X-NVR-Start"]) == ms(3.2)
    assert int(headers["Content-Length"]) == len(body)
    assert "X-NVR-Next" not in headers
    with av.open(io.BytesIO(body)) as movie:
        stamps = [frame.pts for frame in movie.decode(video=0)]
        assert movie.streams.audio[0].codec_context.name == "pcm_mulaw"
    assert stamps == [9000 * number for number in range(-12, 48)]
    with av.open(io.BytesIO(body)) as movie:
        sound = [(packet.pts, packet.duration) for packet in movie.demux(audio=0) if packet.size]
    assert sound[0][0] == -1.2 * 8000
    assert sum(duration for _pts, duration in sound) == 6 * 8000


async def test_the_file_is_named_after_channel_and_local_time(shelf, gop, ask):
    shelf.store(gop, START, 4)
    _status, headers, _body = await ask(f"download?channel=1&from={ms(0)}&to={ms(1)}")
    local = datetime.fromtimestamp(START / NS, UTC)
    name = re.search(r"filename=\"([^\"]+)\"", headers["Content-Disposition"])[1]
    assert name == f"D1 Front _ door {local:%Y-%m-%d} {local.hour + 2:02}.{local:%M.%S} +0200.mp4"


async def test_a_gap_lasts_as_long_in_the_file(shelf, gop, ask):
    shelf.store(gop, START, 4)
    shelf.store(gop, START + 10 * NS, 4, run=2)
    status, _headers, body = await ask(f"download?channel=1&from={ms(0)}&to={ms(60)}")
    assert status == 200
    with av.open(io.BytesIO(body)) as movie:
        stamps = [frame.pts / 90_000 for frame in movie.decode(video=0)]
    assert len(stamps) == 80
    assert stamps[39] == pytest.approx(3.9)
    assert stamps[40] == pytest.approx(10.0)
    assert stamps[79] == pytest.approx(13.9)


async def test_where_the_coding_changes_the_file_ends_and_says_where_to_go_on(
    shelf, gop, other_gop, ask
):
    shelf.store(gop, START, 4)
    shelf.store(other_gop, START + 4 * NS, 4, run=2)
    _status, headers, body = await ask(f"download?channel=1&from={ms(0)}&to={ms(60)}")
    assert int(headers["X-NVR-Next"]) == ms(4)
    with av.open(io.BytesIO(body)) as movie:
        assert len(list(movie.decode(video=0))) == 40
    following = headers["X-NVR-Next"]
    _status, headers, body = await ask(f"download?channel=1&from={following}&to={ms(60)}")
    with av.open(io.BytesIO(body)) as movie:
        assert movie.streams.video[0].codec_context.width == 192
        assert len(list(movie.decode(video=0))) == 40


async def test_a_download_knows_its_length_and_its_key_frames(shelf, gop, ask):
    shelf.store(gop, START, 10)
    _status, _headers, body = await ask(f"download?channel=1&from={ms(0)}&to={ms(60)}")
    at = body.index(b"mehd")
    assert int.from_bytes(body[at + 8 : at + 16], "big") == 10_000
    size = int.from_bytes(body[-4:], "big")
    assert body[-size + 4 : -size + 8] == b"mfra"
    offset = int.from_bytes(body[-size + 8 + 24 + 8 : -size + 8 + 24 + 16], "big")
    assert body[offset + 4 : offset + 8] == b"moof"


async def test_an_empty_or_absurd_range_is_refused(shelf, gop, ask):
    shelf.store(gop, START, 4)
    status, _headers, body = await ask(f"download?channel=1&from={ms(60)}&to={ms(90)}")
    assert (status, b"no_footage" in body) == (404, True)
    assert (await ask(f"download?channel=1&from={ms(4)}&to={ms(4)}"))[0] == 422
    assert (await ask(f"download?channel=1&from={ms(0)}&to={ms(90_000)}"))[0] == 422


async def test_the_timeline_tells_spans_with_their_kinds(shelf, gop, page_as):
    shelf.store(gop, START, 4)
    shelf.store(gop, START + 4 * NS, 2, run=1, first=40, kinds=RecordKind.MOTION)
    shelf.store(gop, START + 60 * NS, 4, run=2)
    shelf.store(gop, START, 4, stream=SUB)
    page = page_as(ADMIN)
    path = f"/api/v1/timeline?channels=1,2&from={ms(-10)}&to={ms(100)}"
    status, answer = await page.ask("GET", path + "&stream=main")
    assert status == 200, answer
    assert answer["spans"] == [
        {"channel": 1, "stream": "main", "from": ms(0), "to": ms(4), "kind": "general",
         "locked": False},
        {"channel": 1, "stream": "main", "from": ms(4), "to": ms(6), "kind": "motion",
         "locked": False},
        {"channel": 1, "stream": "main", "from": ms(60), "to": ms(64), "kind": "general",
         "locked": False},
    ]  # fmt: skip
    _status, answer = await page.ask("GET", path)
    assert {span["stream"] for span in answer["spans"]} == {"main", "sub"}
    assert (await page.ask("GET", "/api/v1/timeline?channels=1&from=5&to=5"))[0] == 422
    assert (await page.ask("GET", "/api/v1/timeline?channels=x&from=5&to=6"))[0] == 422


async def test_a_pixel_of_the_timeline_shows_the_first_kind_of_what_is_in_it(shelf, gop, page_as):
    begin = START // (900 * NS) * 900
    shelf.store(gop, begin * NS, 4)
    shelf.store(gop, (begin + 40) * NS, 2, run=1, first=40, kinds=RecordKind.MOTION)
    shelf.store(gop, (begin + 7 * 900 + 1) * NS, 4, run=2)
    page = page_as(ADMIN)
    month = f"/api/v1/timeline?channels=1&stream=main&from={(begin - 86_400) * 1000}"
    month += f"&to={(begin + 30 * 86_400) * 1000}"

    async def drawn(more: str) -> list[tuple[int, int, str]]:
        status, answer = await page.ask("GET", month + more)
        assert status == 200, answer
        return [
            (one["from"] // 1000 - begin, one["to"] // 1000 - begin, one["kind"])
            for one in answer["spans"]
        ]

    exact = [(0, 4, "general"), (40, 42, "motion"), (6301, 6305, "general")]
    assert await drawn("&resolution=1000") == exact
    assert await drawn("&resolution=30000") == [
        (0, 30, "general"), (30, 60, "motion"), (6300, 6330, "general")
    ]  # fmt: skip
    assert await drawn("&resolution=900000") == [(0, 900, "motion"), (6300, 7200, "general")]
    assert len(await drawn("")) == 2
    assert await drawn("&locked=true") == []
    assert (await page.ask("GET", month + "&resolution=-1"))[0] == 422


@pytest.mark.parametrize(
    ("utc", "day"),
    [
        ("2026-03-28T22:59:59", "2026-03-28"),
        ("2026-03-28T23:00:00", "2026-03-29"),
        ("2026-03-29T21:59:57", "2026-03-29"),
        ("2026-03-29T22:00:00", "2026-03-30"),
        ("2026-10-24T22:00:00", "2026-10-25"),
        ("2026-10-25T22:59:57", "2026-10-25"),
        ("2026-10-25T23:00:00", "2026-10-26"),
    ],
)
async def test_days_of_23_and_25_hours_are_marked_in_the_zone_of_the_box(
    shelf, gop, page_as, utc, day
):
    start = int(datetime.fromisoformat(utc + "+00:00").timestamp()) * NS
    shelf.store(gop, start, 1)
    status, answer = await page_as(ADMIN).ask("GET", f"/api/v1/calendar?channels=1&month={day[:7]}")
    assert status == 200, answer
    assert (answer["zone"], answer["days"]) == ("Europe/Berlin", [day])


async def test_a_month_ends_where_the_next_begins(shelf, gop, page_as):
    shelf.store(gop, int(datetime(2026, 12, 31, 22, 59, 58, tzinfo=UTC).timestamp()) * NS, 4)
    page = page_as(ADMIN)
    for month, days in (("2026-12", ["2026-12-31"]), ("2027-01", ["2027-01-01"])):
        _status, answer = await page.ask("GET", f"/api/v1/calendar?channels=1,2&month={month}")
        assert answer["days"] == days
    for wrong in ("2026-13", "2026-1", "may", "20261-1"):
        assert (await page.ask("GET", f"/api/v1/calendar?channels=1&month={wrong}"))[0] == 422


async def test_a_picture_of_the_past_is_noted_and_one_of_now_is_not(
    shelf, gop, page_as, recorder, app, supervisor
):
    supervisor.answer("events.raise", {"id": 1, "new": True})
    shelf.store(gop, START, 6)
    client, path = page_as(ADMIN).client, "/api/v1/snapshot?channel=1&stream=main&at="
    statuses = []
    for at in (ms(2), ms(3), ms(4), ms(900_000), "now"):
        async with client.get(f"{path}{at}") as answer:
            statuses.append(answer.status)
    assert statuses[:4] == [200, 200, 200, 404]
    notes = app[NOTES]
    while notes.tasks:
        await asyncio.wait(notes.tasks)
    told = [params for method, params in supervisor.asked if method == "events.raise"]
    seen = [event for event in told if event["kind"] == "footage_viewed"]
    assert len(seen) == 1
    assert (seen[0]["channel"], seen[0]["details"]["user"]) == (1, "admin")

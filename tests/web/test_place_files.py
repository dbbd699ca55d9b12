"""Files of a stick in the API: who may, byte ranges, what is in a film, what becomes of others."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from appliance.accounts.permission import Permission, User
from appliance.bus.client import BusClient
from appliance.bus.errors import BusError

VIEWER = User("viewer", frozenset({Permission.PLAYBACK}))


def make_film(path: Path, *, codec: str = "libx264", sound: str = "", form: str = "") -> Path:
    """Two seconds of 64 x 48 at 10 fps without reordering, key frames each second."""
    with av.open(str(path), "w", format=form or None) as film:
        video: Any = film.add_stream(codec, rate=10)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        if codec == "libx264":
            video.options = {"bf": "0", "g": "10"}
        audio: Any = film.add_stream(sound, rate=8000, layout="mono") if sound else None
        for number in range(20):
            picture = np.full((48, 64, 3), number * 12, np.uint8)
            film.mux(video.encode(av.VideoFrame.from_ndarray(picture)))
        film.mux(video.encode(None))
        if audio is not None:
            for number in range(20):
                heard = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
                heard.sample_rate, heard.pts, heard.time_base = (
                    8000,
                    number * 800,
                    Fraction(1, 8000),
                )
                film.mux(audio.encode(heard))
            film.mux(audio.encode(None))
    return path


@pytest.fixture
async def stick(box: Any, paths: Any, tmp_path: Path) -> AsyncIterator[Path]:
    """A stick at place p1, as the process of the jobs tells of it."""
    folder = tmp_path / "STICK"
    folder.mkdir()
    fsid = os.statvfs(folder).f_fsid

    async def where(params: dict[str, Any]) -> Any:
        if params["place"] != "p1":
            raise BusError("jobs.no_place", "The stick or folder is not there any more.")
        return {"path": str(folder), "fsid": fsid, "name": "STICK"}

    client = BusClient(paths.bus_socket, "jobs", "t")
    client.handle("places.where", where, roles={"web"})
    task = asyncio.create_task(client.run())
    async with asyncio.timeout(5):
        await client.connected.wait()
    yield folder
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_whoever_may_play_back_every_channel_sees_what_can_be_played(
    page_as: Any, stick: Path
) -> None:
    (stick / "a.mp4").write_bytes(b"x" * 7)
    status, answer = await page_as(VIEWER).ask("GET", "/api/v1/places/p1/files")
    assert status == 200, answer
    assert [(e["name"], e["kind"], e["size"]) for e in answer["entries"]] == [("a.mp4", "film", 7)]
    some = page_as(User("some", frozenset({Permission.PLAYBACK}), frozenset({1, 2})))
    for kind in ("files", "film", "facts", "play"):
        status, answer = await some.ask("GET", f"/api/v1/places/p1/{kind}?path=a.mp4")
        assert (status, answer["code"]) == (403, "not_allowed")


async def test_a_film_is_sent_in_ranges(page_as: Any, stick: Path) -> None:
    (stick / "a.mp4").write_bytes(bytes(range(200)))
    client = page_as(VIEWER).client
    path = "/api/v1/places/p1/film?path=a.mp4"
    async with client.get(path) as answer:
        assert (answer.status, answer.content_type) == (200, "video/mp4")
        assert await answer.read() == bytes(range(200))
        etag = answer.headers["ETag"]
    async with client.get(path, headers={"Range": "bytes=100-"}) as answer:
        assert answer.headers["Content-Range"] == "bytes 100-199/200"
        assert (answer.status, await answer.read()) == (206, bytes(range(100, 200)))
    async with client.get(path, headers={"Range": "bytes=500-"}) as answer:
        assert answer.status == 416
    async with client.get(path, headers={"If-None-Match": etag}) as answer:
        assert answer.status == 304


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("../secret.mp4", 422, "shelf.bad_path"),
        ("away.mp4", 404, "shelf.no_file"),
        ("notes.txt", 422, "shelf.not_playable"),
    ],
)
async def test_what_cannot_be_had_is_said_in_words(
    page_as: Any, stick: Path, path: str, status: int, code: str
) -> None:
    (stick / "notes.txt").write_text("x")
    (stick.parent / "secret.mp4").write_bytes(b"secret")
    for kind in ("film", "facts", "play"):
        got, answer = await page_as(VIEWER).ask("GET", f"/api/v1/places/p1/{kind}?path={path}")
        assert (got, answer["code"]) == (status, code)
        assert answer["text"].endswith(".")


async def test_a_stick_that_was_pulled_is_told_so(page_as: Any, stick: Path) -> None:
    stick.rename(stick.with_name("away"))
    status, answer = await page_as(VIEWER).ask("GET", "/api/v1/places/p1/files")
    assert (status, answer["code"]) == (404, "shelf.pulled")
    status, answer = await page_as(VIEWER).ask("GET", "/api/v1/places/p2/files")
    assert (status, answer["code"]) == (404, "jobs.no_place")


async def test_what_a_film_holds_is_told_before_it_is_played(page_as: Any, stick: Path) -> None:
    make_film(stick / "plain.mp4")
    make_film(stick / "sound.mkv", sound="pcm_s16le")
    make_film(stick / "old.avi", codec="mpeg4")
    (stick / "no.mp4").write_bytes(b"\0" * 5000)
    viewer = page_as(VIEWER)

    async def facts(name: str) -> Any:
        return (await viewer.ask("GET", f"/api/v1/places/p1/facts?path={name}"))[1]

    plain = await facts("plain.mp4")
    assert (plain["native"], plain["obstacle"], plain["seconds"]) == (True, "", 2.0)
    assert plain["video"]["codec_string"].startswith("avc1.")
    assert (plain["video"]["width"], plain["audio"]) == (64, None)
    sound = await facts("sound.mkv")
    assert (sound["native"], sound["obstacle"], sound["audio"]) == (False, "", "pcm_s16le")
    assert (await facts("old.avi"))["obstacle"] == "coding"
    assert (await facts("no.mp4"))["code"] == "shelf.not_a_film"


@pytest.mark.parametrize(
    ("name", "form", "sound"),
    [("a.mkv", "", "pcm_s16le"), ("a.ts", "", "aac"), ("a.h264", "h264", ""), ("a.avi", "", "")],
)
async def test_a_film_in_another_container_is_turned_into_mp4_while_it_plays(
    page_as: Any, stick: Path, name: str, form: str, sound: str
) -> None:
    make_film(stick / name, form=form, sound=sound)
    client = page_as(VIEWER).client
    async with client.get(f"/api/v1/places/p1/play?path={name}") as answer:
        assert (answer.status, answer.content_type) == (200, "video/mp4")
        data = await answer.read()
    with av.open(io.BytesIO(data)) as film:
        assert [s.codec_context.name for s in film.streams.audio] == (["aac"] if sound else [])
        shown = [frame.to_ndarray(format="gray")[0, 0] for frame in film.decode(video=0)]
    assert len(shown) == 20
    assert shown == sorted(shown)


async def test_a_film_is_turned_from_the_second_asked_for(page_as: Any, stick: Path) -> None:
    make_film(stick / "a.mkv")
    client = page_as(VIEWER).client
    async with client.get("/api/v1/places/p1/play?path=a.mkv&from=1.2") as answer:
        data = await answer.read()
    with av.open(io.BytesIO(data)) as film:
        assert len(list(film.decode(video=0))) == 10  # from the key frame before on


async def test_what_cannot_be_turned_is_an_error_not_an_empty_film(
    page_as: Any, stick: Path
) -> None:
    make_film(stick / "old.avi", codec="mpeg4")
    status, answer = await page_as(VIEWER).ask("GET", "/api/v1/places/p1/play?path=old.avi")
    assert (status, answer["code"]) == (503, "shelf.unreadable")


async def test_a_film_that_breaks_off_breaks_the_connection(page_as: Any, stick: Path) -> None:
    path = stick / "a.mp4"
    path.write_bytes(b"x" * (64 << 20))
    client = page_as(VIEWER).client
    async with client.get("/api/v1/places/p1/film?path=a.mp4") as answer:
        assert await answer.content.readexactly(1000)
        os.truncate(path, 2000)
        with pytest.raises(Exception, match=r"payload|reset|disconnect"):
            await answer.read()

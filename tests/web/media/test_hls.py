"""HLS: a token for one person, channel and time; a playlist that other people's players play."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
from dataclasses import replace
from typing import Any

import pytest

from appliance.accounts.permission import GRANTABLE, Permission, User
from appliance.web import transfer
from appliance.web.api import hls
from appliance.web.export_files import EXPORTS
from appliance.web.session_keeper import SESSIONS

NS = 1_000_000_000
START = 1_790_000_000 * NS
ADMIN = User("admin", GRANTABLE)


def ms(seconds: float) -> int:
    return START // 1_000_000 + round(seconds * 1000)


@pytest.fixture(autouse=True)
def events(supervisor: Any) -> list[dict[str, Any]]:
    """The supervisor keeps events; returns them."""
    kept: list[dict[str, Any]] = []

    def note(params: dict[str, Any]) -> Any:
        kept.append(params)
        return {"id": len(kept), "new": True}

    supervisor.answer("events.raise", note)
    return kept


async def address(page: Any, start: float, end: float, channel: int = 1) -> str:
    body = {"channel": channel, "from": ms(start), "to": ms(end)}
    status, answer = await page.ask("POST", "/api/v1/hls", body)
    assert status == 201, answer
    return str(answer["url"])


async def fetch(page: Any, url: str, **headers: str) -> tuple[int, bytes]:
    """GET without cookies, as a player does."""
    page.client.session.cookie_jar.clear()
    async with page.client.get(url, headers=headers) as answer:
        return answer.status, await answer.read()


async def test_a_playlist_covers_the_range_by_byte_ranges(shelf, gop, page_as):
    shelf.store(gop, START, 20)
    page = page_as(ADMIN)
    url = await address(page, 2, 18)
    base = url.rpartition("/")[0]
    status, text = await fetch(page, url)
    assert status == 200
    lines = text.decode().splitlines()
    assert lines[0] == "#EXTM3U"
    assert lines[-1] == "#EXT-X-ENDLIST"
    assert "#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:22.000+00:00" in lines
    durations = [float(found) for found in re.findall(r"#EXTINF:([\d.]+)", text.decode())]
    assert sum(durations) == pytest.approx(16)
    target = int(re.search(r"TARGETDURATION:(\d+)", text.decode())[1])
    assert max(durations) <= target
    ranges = re.findall(r"#EXT-X-BYTERANGE:(\d+)@(\d+)\n(\S+)", text.decode())
    for size, start, name in ranges:
        end = int(start) + int(size) - 1
        status, part = await fetch(page, f"{base}/{name}", Range=f"bytes={start}-{end}")
        assert (status, len(part), part[4:8]) == (206, int(size), b"uuid")
    status, head = await fetch(page, f"{base}/head-0.mp4")
    assert (status, head[4:8]) == (200, b"ftyp")


async def test_jumps_are_told_to_players(shelf, gop, other_gop, page_as):
    shelf.store(gop, START, 4)
    shelf.store(gop, START + 10 * NS, 4, run=2)
    shelf.store(other_gop, START + 14 * NS, 4, run=3)
    page = page_as(ADMIN)
    _status, text = await fetch(page, await address(page, 0, 60))
    told = text.decode()
    assert told.count("#EXT-X-DISCONTINUITY") == 2
    assert re.findall(r'MAP:URI="([^"]+)"', told) == ["head-0.mp4", "head-1.mp4"]
    assert "14:13:30.000+00:00" in told


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")
async def test_ffmpeg_plays_it(shelf, gop, page_as):
    shelf.store(gop, START, 20, sound=True)
    page = page_as(ADMIN)
    url = str(page.client.make_url(await address(page, 2, 18)))
    process = await asyncio.create_subprocess_exec(
        "ffmpeg", "-v", "error", "-i", url, "-map", "0:v", "-c", "copy", "-f", "framecrc", "-",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    rows = [line for line in out.decode().splitlines() if line[:1].isdigit()]
    assert (process.returncode, err.decode()) == (0, "")
    assert len(rows) == 160


async def test_a_token_ends_with_the_session_and_stands_for_nothing_else(app, shelf, gop, page_as):
    shelf.store(gop, START, 10)
    page = page_as(ADMIN)
    url = await address(page, 0, 10)
    assert (await fetch(page, url))[0] == 200
    base = url.rpartition("/")[0]
    for wrong in (f"{base}/manifest.json", f"{base}/all.zip", f"{base}/media-1.mp4",
                  "/api/v1/hls/guessed/index.m3u8"):  # fmt: skip
        assert (await fetch(page, wrong))[0] == 404
    for session in app[SESSIONS].all():
        app[SESSIONS].end(session)
    assert (await fetch(page, url))[0] == 404


@pytest.mark.parametrize(
    ("rights", "channels"),
    [
        ({Permission.PLAYBACK}, {1}),
        ({Permission.DOWNLOAD}, {1}),
        ({Permission.PLAYBACK, Permission.DOWNLOAD}, {2}),
    ],
)
async def test_the_rights_to_play_and_to_export_are_needed(shelf, gop, page_as, rights, channels):
    shelf.store(gop, START, 10)
    guard = page_as(User("guard", frozenset(rights), frozenset(channels)))
    body = {"channel": 1, "from": ms(0), "to": ms(5)}
    assert (await guard.ask("POST", "/api/v1/hls", body))[0] == 403


async def test_an_address_ends_when_a_right_is_taken_away(app, shelf, gop, page_as):
    shelf.store(gop, START, 10)
    both = frozenset({Permission.PLAYBACK, Permission.DOWNLOAD})
    page = page_as(User("guard", both, frozenset({1})))
    url = await address(page, 0, 10)
    assert (await fetch(page, url))[0] == 200
    app[SESSIONS].follow({"guard": User("guard", both - {Permission.DOWNLOAD}, None, 1)})
    assert (await fetch(page, url))[0] == 404


async def test_what_cannot_be_played_is_told(shelf, gop, page_as):
    shelf.store(gop, START, 10)
    page = page_as(ADMIN)
    body = {"channel": 1, "from": ms(60), "to": ms(90)}
    status, answer = await page.ask("POST", "/api/v1/hls", body)
    assert (status, answer["code"]) == (404, "no_footage")
    day = {"channel": 1, "from": ms(0), "to": ms(86_400)}
    assert (await page.ask("POST", "/api/v1/hls", day))[0] == 201
    status, answer = await page.ask("POST", "/api/v1/hls", {**day, "to": ms(86_401)})
    assert (status, answer["code"]) == (422, "invalid")
    assert "24 hours" in answer["fields"][0]["text"]


async def test_an_address_that_is_given_is_recorded_as_an_export(shelf, gop, page_as, events):
    shelf.store(gop, START, 10)
    await address(page_as(ADMIN), 2, 8)
    [event] = events
    assert (event["kind"], event["channel"]) == ("exported", 1)
    details = event["details"]
    assert details["by"].startswith("admin@")
    assert details["from"].startswith("2026-09-21T16:13:22")
    assert details["to"].startswith("2026-09-21T16:13:28")
    assert "HLS" in details["reason"]
    await address(page_as(ADMIN), 2, 8)
    assert events[0]["key"] != events[1]["key"]


async def test_playing_does_not_keep_the_session_alive(app, shelf, gop, page_as):
    shelf.store(gop, START, 10)
    page = page_as(ADMIN)
    url = await address(page, 0, 10)
    [session] = app[SESSIONS].all()
    session.used -= 1000
    before = session.used
    async with page.client.get(url) as answer:  # with the cookie, as a browser would
        assert answer.status == 200
    assert session.used == before
    await page.ask("GET", "/api/v1/session")
    assert session.used > before


async def test_the_ninth_address_of_a_person_ends_their_first(shelf, gop, page_as):
    shelf.store(gop, START, 10)
    page, other = page_as(ADMIN), page_as(User("berta", GRANTABLE))
    hers = await address(other, 0, 10)
    given = [await address(page, 0, 10) for _n in range(9)]
    assert [(await fetch(page, url))[0] for url in (*given[:2], given[-1], hers)] == [
        404, 200, 200, 200,
    ]  # fmt: skip


async def test_addresses_are_bounded_by_their_memory(shelf, gop, page_as, monkeypatch):
    shelf.store(gop, START, 10)
    page = page_as(ADMIN)
    first = await address(page, 0, 10)
    monkeypatch.setattr(hls, "MOST_BYTES", 1)
    second = await address(page, 0, 10)
    assert [(await fetch(page, url))[0] for url in (first, second)] == [404, 200]


async def test_a_player_that_stops_reading_is_let_go_and_others_play_on(
    app, shelf, gop, page_as, monkeypatch
):
    monkeypatch.setattr(transfer, "STALLED_S", 0.5)
    large = replace(gop, frames=[b"\0\x01\x86\xa0\x65" + bytes(99_999)] * 20)
    shelf.store(large, START, 40)
    page = page_as(ADMIN)
    media = (await address(page, 0, 40)).replace("index.m3u8", "media-0.mp4")
    url = page.client.make_url(media)
    send, let_go = app[EXPORTS].transfers.send, asyncio.Event()

    async def watched(*args: Any) -> None:
        try:
            await send(*args)
        except TimeoutError:
            let_go.set()
            raise

    monkeypatch.setattr(app[EXPORTS].transfers, "send", watched)
    with socket.create_connection((url.host, url.port)) as lazy:
        lazy.sendall(f"GET {url.raw_path} HTTP/1.1\r\nHost: {url.host}:{url.port}\r\n\r\n".encode())
        assert (await fetch(page, media, Range="bytes=0-99"))[0] == 206
        async with asyncio.timeout(30):
            await let_go.wait()
        assert 0 < await asyncio.to_thread(rest_of, lazy) < 40_000_000
    assert len((await fetch(page, media))[1]) > 40_000_000


def rest_of(lazy: socket.socket) -> int:
    """Return how many bytes still come until the connection ends."""
    lazy.settimeout(30)
    got = 0
    try:
        while part := lazy.recv(1 << 20):
            got += len(part)
    except ConnectionResetError:
        pass
    return got

"""HLS: a token for one person, channel and time; a playlist that other people's players play."""

from __future__ import annotations

import asyncio
import re
import shutil
from typing import Any

import pytest

from appliance.accounts.permission import GRANTABLE, Permission, User
from appliance.web.session_keeper import SESSIONS

NS = 1_000_000_000
START = 1_790_000_000 * NS
ADMIN = User("admin", GRANTABLE)


def ms(seconds: float) -> int:
    return START // 1_000_000 + round(seconds * 1000)


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


async def test_the_right_to_play_is_needed(shelf, gop, page_as):
    shelf.store(gop, START, 10)
    guard = page_as(User("guard", frozenset({Permission.PLAYBACK}), frozenset({2})))
    body = {"channel": 1, "from": ms(0), "to": ms(5)}
    assert (await guard.ask("POST", "/api/v1/hls", body))[0] == 403
    status, answer = await page_as(ADMIN).ask(
        "POST", "/api/v1/hls", {**body, "from": ms(60), "to": ms(90)}
    )
    assert (status, answer["code"]) == (404, "no_footage")

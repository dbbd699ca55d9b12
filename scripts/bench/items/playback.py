"""The past in headless Chromium: sixteen pictures in step, seeks, thumbnails.

The volume holds a month of sixteen sub streams; around the places that are looked at lie real
pictures (704 x 576, 15 fps, a key frame every 2 s).  Nothing is recorded meanwhile.  Browser and
box share one machine, and the browser has neither a graphics card nor a decoder of one.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import statistics
import tempfile
import time
from bisect import bisect_right
from collections import defaultdict
from pathlib import Path

from appliance.storage.model import StreamId, StreamName
from appliance.storage.signing import DeviceKey
from scripts.bench.at_page import TILES, p95, remember, remember_wall, sign_in
from scripts.bench.box import Box, running_box
from scripts.bench.chromium import FOUND, Page, chromium
from scripts.bench.figure import ROOT, Figure
from scripts.bench.film import Film
from scripts.bench.footage import month_of_footage

SHARE = max(0.2, min(1.0, float(os.environ.get("NVR_BENCH_SHARE", "1"))))
WATCH_S = 20.0 * SHARE
SEEKS = round(40 * SHARE)
THUMBNAILS = round(60 * SHARE)
FILM = {"width": 704, "height": 576, "fps": 15, "gop": 30, "bits_per_s": 512_000}
FRAME_MS = 1000 / 15
SAMPLE_MS = 50.0
TOGETHER_S = 300
"""How long all channels can be played side by side."""

MS = 1_000_000
NS = 1_000_000_000
PROBE = """
window.benchFrames = [];
window.nvrProbe = (f) => window.benchFrames.push([performance.now(), f.channel, f.utcMs]);
"""
Frames = list[tuple[float, int, float]]
"""When shown (ms of the page's clock), channel, capture time (ms UTC)."""


def judge(frames: Frames, seconds: float, speed: float = 1.0) -> tuple[float, float, float]:
    """Return the share of frames that the worst tile showed, the drift, and the spread (p95).

    Drift (ms): what the clocks of two tiles are apart at most; that of a tile is the median of
    capture time less time of showing.  Spread (frames): 20 times a second, the difference between
    what the tiles furthest on and furthest behind show.
    """
    by_channel: dict[int, Frames] = defaultdict(list)
    for frame in frames:
        by_channel[frame[1]].append(frame)
    if len(by_channel) < TILES:
        return 0.0, float("inf"), float("inf")
    fps = FILM["fps"]
    shares = [len({f[2] for f in shown}) / (fps * seconds * abs(speed))
              for shown in by_channel.values()]  # fmt: skip
    clocks = [statistics.median(utc - speed * now for now, _channel, utc in shown)
              for shown in by_channel.values()]  # fmt: skip
    begins = max(shown[0][0] for shown in by_channel.values())
    ends = min(shown[-1][0] for shown in by_channel.values())
    apart = []
    for step in range(int((ends - begins) / SAMPLE_MS)):
        now = begins + step * SAMPLE_MS
        seen = [shown[bisect_right(shown, now, key=_shown_at) - 1][2]
                for shown in by_channel.values()]  # fmt: skip
        apart.append((max(seen) - min(seen)) / FRAME_MS)
    spread = round(p95(apart), 2) if apart else float("inf")
    return min(shares), max(clocks) - min(clocks), spread


def _shown_at(frame: tuple[float, int, float]) -> float:
    return frame[0]


async def watch(page: Page, seconds: float) -> Frames:
    """Return the frames shown in a while."""
    await page.evaluate("window.benchFrames = []")
    await asyncio.sleep(seconds)
    return [tuple(frame) for frame in await page.evaluate("window.benchFrames")]


async def play_at(page: Page, box: Box, at_ns: int, *, channel: int | None = None) -> None:
    """Open the wall (or one channel) at an instant and wait until it plays."""
    more = f"&channel={channel}" if channel else ""
    await page.go(f"{box.http}/live?at={at_ns // MS}{more}")
    tiles = 1 if channel else TILES
    await page.until(
        f"new Set((window.benchFrames ?? []).filter((f) => Math.abs(f[2] - {at_ns // MS}) < 20000)"
        f".map((f) => f[1])).size >= {tiles}"
    )


async def seeks(page: Page, channels: int) -> list[float]:
    """Milliseconds from a key that moves a minute until the last tile shows the new place."""
    took = []
    for number in range(SEEKS):
        await watch(page, 0.6)
        key, sign = ("ArrowLeft", -1) if number % 2 == 0 else ("ArrowRight", 1)
        await page.until("window.benchFrames.length > 0")
        before = (await page.evaluate("window.benchFrames"))[-1][2]
        away = f"(f) => Math.abs(f[2] - {before} - {sign * 60_000}) < 10000"
        await page.evaluate(
            "window.benchFrames = []; window.addEventListener('keydown',"
            " () => { window.benchAsked = performance.now(); }, { once: true, capture: true })"
        )
        await page.press(key, modifiers=8)
        await page.until(
            f"new Set(window.benchFrames.filter({away}).map((f) => f[1])).size >= {channels}"
        )
        took.append(await page.evaluate(
            f"(() => {{ const first = new Map(); for (const f of window.benchFrames.filter({away}))"
            " if (!first.has(f[1])) first.set(f[1], f[0]);"
            " return Math.max(...first.values()) - window.benchAsked; })()"
        ))  # fmt: skip
    return took


async def thumbnails(page: Page, box: Box, instants: list[tuple[StreamId, int]]) -> list[float]:
    """Milliseconds from the pointer's rest on the bar until the picture there is drawn."""
    await remember(page, "bar.width", 16_000)
    rng = random.Random(1)
    took = []
    for stream, at in instants:
        await play_at(page, box, at, channel=stream.channel)
        await page.press("k")
        await asyncio.sleep(0.7)
        left, top, width = await page.evaluate(
            "(() => { const bar = document.querySelector('canvas[role=slider]');"
            " const b = bar.getBoundingClientRect(); return [b.left, b.bottom - 8, b.width]; })()"
        )
        await page.evaluate("""
            window.benchDrawn = new Promise((done) => {
              let began = 0;
              const canvas = document.querySelector('canvas[role=slider]');
              canvas.addEventListener('pointermove', () => { began = performance.now(); });
              const look = () => {
                const image = document.querySelector('figure[data-middle] img');
                if (began && image?.complete && image.naturalWidth) done(performance.now() - began);
                else if (began && performance.now() - began > 5000) done(5000);
                else requestAnimationFrame(look);
              };
              look();
            })
        """ + "; 0")  # fmt: skip
        await page._mouse("mouseMoved", left + width * rng.uniform(0.35, 0.65), top)
        took.append(await page.evaluate("window.benchDrawn"))
        await page._mouse("mouseMoved", 200, 200)
    return took


async def measure(folder: Path) -> list[Figure]:
    """Make the footage, run box and browser, look."""
    state = folder / "state"
    state.mkdir(parents=True)
    film = Film(**FILM)
    end_ns = (time.time_ns() // NS // 3600 - 1) * 3600 * NS
    together_ns = end_ns - 3 * 86_400 * NS
    rng = random.Random(2)
    streams = [StreamId(n + 1, StreamName.SUB) for n in range(TILES)]
    places = [(s, together_ns + shift * NS) for s in streams for shift in (0, TOGETHER_S // 2)]
    alone = [(rng.choice(streams), end_ns - rng.randrange(4, 29 * 24) * 3600 * NS)
             for _ in range(THUMBNAILS)]  # fmt: skip
    made = await asyncio.to_thread(
        month_of_footage, folder / "volumes" / "volume-1", DeviceKey.load(state / "device.key"),
        pictures=film, ahead_s=TOGETHER_S // 2, bits_per_s=1_000_000, stream=StreamName.SUB,
        instants=0, places=places + alone, end_ns=end_ns,
    )  # fmt: skip
    async with running_box(folder, web=True) as box, chromium() as browser:
        for number in range(TILES):
            entry = {"title": f"Camera {number + 1}", "main_url": "", "sub_url": "", "user": "",
                     "password": ""}  # fmt: skip
            await box.add(entry, enabled=False)
        async with browser.page(1280, 720) as page:
            await sign_in(page, box)
            await page.until(  # a box that has just started does not know its volumes yet
                "fetch('/api/v1/timeline?channels=1&from=0&to=1').then((answer) => answer.ok)"
            )
            await remember_wall(page)
            await page.call("Page.addScriptToEvaluateOnNewDocument", source=PROBE)
            small = await thumbnails(page, box, alone)
            await remember(page, "bar.width", 1_800_000)
            await play_at(page, box, together_ns + 100 * NS)
            await asyncio.sleep(3)
            shown, drift, spread = judge(await watch(page, WATCH_S), WATCH_S)
            all_seeks = await seeks(page, TILES)
            await page.press("r")
            await asyncio.sleep(2)
            back, _drift, _spread = judge(await watch(page, WATCH_S / 2), WATCH_S / 2, -1)
            await page.press("]")
            await page.press("]")
            await asyncio.sleep(2)
            fast = await watch(page, WATCH_S / 4)
            await play_at(page, box, together_ns + 100 * NS, channel=1)
            await asyncio.sleep(2)
            one_seek = await seeks(page, 1)
    how = f"{made.blocks} blocks of 30 days x {TILES} channels"
    return [
        Figure("16 sub streams played in step at 1x: frames shown, worst tile", shown, "of all",
               ">= 0.95", f"{WATCH_S:.0f} s"),
        Figure("16 sub streams played in step: drift between tiles", round(drift / FRAME_MS, 1),
               "frames", "<= 1", f"{drift:.0f} ms, a frame lasts {FRAME_MS:.1f} ms; first and last "
               f"of 16 tiles show pictures {spread:g} frames apart (p95 of 20 looks a second)"),
        Figure("seek to picture, p95", p95(one_seek), "ms", "<= 400",
               f"one channel, {len(one_seek)} seeks of a minute; median "
               f"{statistics.median(one_seek):.0f} ms"),
        Figure("seek to picture on all of 16 tiles, p95", p95(all_seeks), "ms", "",
               f"until the last tile shows it; median {statistics.median(all_seeks):.0f} ms"),
        Figure("16 sub streams backward at 1x: frames shown, worst tile", back, "of all"),
        *backward_figures(fast, WATCH_S / 4),
        Figure("thumbnail under the pointer, p95", p95(small), "ms", "<= 150",
               f"{how}; {len(small)} places; the page waits 60 ms for the pointer to rest; median "
               f"{statistics.median(small):.0f} ms"),
    ]  # fmt: skip


def backward_figures(frames: Frames, seconds: float) -> list[Figure]:
    """Say how smooth 16 tiles are backward at 4x."""
    by_channel: dict[int, list[float]] = defaultdict(list)
    for now, channel, _utc in frames:
        by_channel[channel].append(now)
    each = [len(shown) / seconds for shown in by_channel.values()]
    waits = [b - a for shown in by_channel.values() for a, b in itertools.pairwise(shown)]
    return [
        Figure("16 sub streams backward at 4x: pictures a second, worst tile",
               min(each) if len(each) == TILES else 0.0, "1/s", ">= 2",
               f"a GOP lasts 0.5 s at 4x; median of tiles {statistics.median(each):.1f}; "
               f"p95 between two pictures {p95(waits):.0f} ms" if each else "nothing shown"),
    ]  # fmt: skip


def run() -> list[Figure]:
    """Measure, where there is a browser."""
    if FOUND is None:
        return [Figure("playback in the browser", None, "", ">= 1", "Chromium is not installed")]
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "build", prefix="p") as temporary:
        return asyncio.run(measure(Path(temporary)))

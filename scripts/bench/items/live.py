"""The real page in headless Chromium: how soon a live picture is there, and how late it is.

Opening is a click on "Live" from another page of the same visit, long enough after the last look
that nothing is kept; it ends with the first composed frame that was captured no more than 1 s ago.
Latency counts from the box's reception of a frame (the age in the session's messages) to its
composition; beside it the time since capture by the camera's clock, which is this machine's.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

from scripts.bench.box import PASSWORD, Box, running_box, web_session
from scripts.bench.browser import Page, browser_page, installed
from scripts.bench.cameras import MAIN, Cameras, cameras
from scripts.bench.figure import ROOT, SHARE, Figure

OPENINGS = max(5, round(11 * min(1.0, SHARE)))
WATCH_S = max(10.0, 30.0 * min(1.0, SHARE))
FORGOTTEN_S = 7.5
"""The page keeps the pictures of a wall that was left for 6 s."""

FRESH_MS = 1000
SLOW = {**MAIN, "size": "1280x720", "fps": 15, "gop": 150, "bitrate": 2_000_000, "loop": 20}
_PROBE = """
window.benchFrames = [];
window.nvrProbe = (frame) => {
  const now = performance.timeOrigin + performance.now();
  window.benchFrames.push([now, frame.utcMs, frame.latencyMs]);
};
"""
_OPEN = """
new Promise((resolve) => {
  const link = [...document.querySelectorAll('a')].find((a) => a.getAttribute('href') === '/live');
  const began = performance.timeOrigin + performance.now();
  window.benchFrames = [];
  link.click();
  const look = () => {
    const fresh = window.benchFrames.find(([now, utc]) => now >= began && now - utc <= FRESH_MS);
    const now = performance.timeOrigin + performance.now();
    if (fresh) resolve(fresh[0] - began);
    else if (now - began > 20000) resolve(20000);
    else setTimeout(look, 20);
  };
  look();
})
"""


def _rank(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def _sign_in(page: Page, box: Box) -> None:
    async with web_session() as session:
        await box.sign_in(session, box.http)
    await page.command("Page.addScriptToEvaluateOnNewDocument", source=_PROBE)
    await page.go(box.http + "/")
    body = json.dumps(json.dumps({"user": "admin", "password": PASSWORD}))
    status = await page.run(
        "fetch('/api/v1/login', {method: 'POST', headers: {'Content-Type': 'application/json'},"
        f" body: {body}}}).then((answer) => answer.status)"
    )
    if status != 200:
        raise RuntimeError(f"cannot sign in: {status}")


async def _show(page: Page, box: Box, channel: int, others: list[int]) -> None:
    """Load the page with one camera alone on the wall."""
    wall = {"layout": 1, "places": [channel], "removed": others, "streams": {}}
    stored = json.dumps(json.dumps(wall))
    await page.run(f"localStorage.setItem('nvr.wall', {stored})")
    await page.go(box.http + "/live", "window.benchFrames && window.benchFrames.length > 0")


async def _openings(page: Page) -> list[float]:
    """Milliseconds from the click to a fresh frame, each time."""
    took = []
    for _number in range(OPENINGS):
        await page.run(
            "[...document.querySelectorAll('a')]"
            ".find((a) => a.getAttribute('href') === '/events').click()"
        )
        await asyncio.sleep(FORGOTTEN_S)
        took.append(await page.run(_OPEN.replace("FRESH_MS", str(FRESH_MS))))
    return took


async def _latency(page: Page) -> dict[str, Any]:
    """Watch for a while; return latencies and ages since capture in ms, and frames a second."""
    await asyncio.sleep(4)
    await page.run("window.benchFrames = []")
    await asyncio.sleep(WATCH_S)
    frames = await page.run("window.benchFrames")
    return {
        "latency": [latency for _now, _utc, latency in frames if latency is not None],
        "age": [now - utc for now, utc, _latency in frames],
        "fps": len(frames) / WATCH_S,
    }


def _figures(name: str, seen: dict[str, Any], bars: tuple[int, int]) -> list[Figure]:
    latency, age = seen["latency"], seen["age"]
    told = (
        f"{len(latency)} frames, {seen['fps']:.1f} a second; since capture"
        f" {_rank(age, 0.5):.0f} ms, p95 {_rank(age, 0.95):.0f} ms"
    )
    return [
        Figure(f"live, {name}: received to composed, p50", _rank(latency, 0.5), "ms",
               f"<= {bars[0]}", told),
        Figure(f"live, {name}: received to composed, p95", _rank(latency, 0.95), "ms",
               f"<= {bars[1]}"),
    ]  # fmt: skip


def _opening(name: str, took: list[float]) -> Figure:
    told = ", ".join(f"{ms:.0f}" for ms in sorted(took))
    return Figure(
        f"live, {name}: opened to a frame no older than 1 s, p50", statistics.median(took), "ms",
        "<= 700", told,
    )  # fmt: skip


async def _measure(folder: Path, sim: Cameras) -> list[Figure]:
    async with running_box(folder, web=True) as box, browser_page() as page:
        for entry in sim.entries:
            await box.add(entry)
        await box.recording(len(sim.entries))
        await _sign_in(page, box)
        await _show(page, box, 1, [2])
        fast = await _latency(page)
        opened = await _openings(page)
        await _show(page, box, 2, [1])
        slow = await _latency(page)
        opened_slow = await _openings(page)
    return [
        _opening("1080p25, GOP 2 s", opened),
        _opening("720p15, GOP 10 s", opened_slow),
        *_figures("1080p25", fast, (100, 160)),
        *_figures("720p at 15 fps", slow, (140, 200)),
    ]


def run() -> list[Figure]:
    """Measure in Chromium, if it is there and the page was built."""
    why = ""
    if installed() is None:
        why = "Chromium is not installed (apt-get install chromium)"
    elif not (ROOT / "appliance" / "web" / "static" / "index.html").exists():
        why = "the page is not built (make setup)"
    if why:
        return [Figure("live in Chromium", None, "ms", "", why)]
    sim = cameras({"fast": MAIN, "slow": SLOW})
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as temporary, sim as running:
        return asyncio.run(_measure(Path(temporary), running))

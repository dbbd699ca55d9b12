"""The page itself: how soon it paints and opens, how much it loads, forms, changes applied.

Browser and box share one machine, and the browser has no graphics card; the volume holds a month
of sixteen sub streams, and nothing is recorded meanwhile.  Over 10 Mbit/s: HTTPS, nothing kept
from before, and each answer comes a round trip later (the browser's own network emulation).
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path

from appliance.storage.model import StreamName
from appliance.storage.signing import DeviceKey
from appliance.web.app import STATIC_FOLDER
from scripts.bench.at_page import TILES, p95, remember, remember_wall, sign_in
from scripts.bench.box import Box, running_box
from scripts.bench.chromium import FOUND, Browser, Page, chromium
from scripts.bench.figure import ROOT, Figure
from scripts.bench.first_load import first_load_bytes
from scripts.bench.footage import month_of_footage

SHARE = max(0.2, min(1.0, float(os.environ.get("NVR_BENCH_SHARE", "1"))))
OPENINGS = max(5, round(25 * SHARE))
PAINTS = max(3, round(9 * SHARE))
FORMS = max(5, round(15 * SHARE))
CHANGES = max(10, round(40 * SHARE))
CHANNELS = 64
LINE = {"downloadThroughput": 10e6 / 8, "uploadThroughput": 10e6 / 8, "latency": 20}
NS = 1_000_000_000

OPENED = """
new Promise((done) => {
  const look = () => {
    const bar = document.querySelector('canvas[role=slider]');
    const rows = bar ? (bar.clientHeight - RULER - 6) / TILES : 0;
    const ratio = bar ? bar.width / bar.clientWidth : 1;
    const coloured = (y) => {
      const line = bar.getContext('2d').getImageData(0, y, bar.width, 1).data;
      let found = 0;
      for (let i = 0; i < line.length; i += 4) {
        const of = [line[i], line[i + 1], line[i + 2]];
        if (Math.max(...of) - Math.min(...of) > 60) found += 1;
      }
      return found > line.length / 8;
    };
    const all = rows > 2 && document.querySelectorAll('[data-channel]').length === TILES
      && [...Array(TILES).keys()]
        .every((n) => coloured(Math.round((RULER + (n + 0.5) * rows) * ratio)));
    if (all || performance.now() > 15000) done(performance.now());
    else requestAnimationFrame(look);
  };
  look();
})
""".replace("TILES", str(TILES)).replace("RULER", "24")

PAINTED = """
new Promise((done) => new PerformanceObserver((list) => {
  const first = list.getEntriesByName('first-contentful-paint')[0];
  if (first) done(first.startTime);
}).observe({ type: 'paint', buffered: true }))
"""

UNTIL = """
((begin, there) => new Promise((done, fail) => {
  const start = performance.now();
  begin();
  const look = () => {
    // Behind a task that follows the frame: then it has been drawn.
    if (there()) requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
    else if (performance.now() - start > 10000) fail(new Error('it does not come'));
    else setTimeout(look, 2);
  };
  look();
}))
"""
"""Milliseconds from `begin()` until what makes `there()` true has been drawn."""


async def openings(page: Page, box: Box) -> list[float]:
    """Milliseconds from going to the page until tiles and all rows of the month are drawn."""
    await remember_wall(page)
    await remember(page, "bar.width", 30 * 86_400_000)
    took = []
    for _number in range(OPENINGS):
        await page.go("about:blank")
        await page.go(box.http + "/live")
        took.append(await page.evaluate(OPENED))
    return took


async def paints(browser: Browser, box: Box, *, signed_in: bool) -> tuple[list[float], list[float]]:
    """Milliseconds to the first paint and to the form or tiles, each with nothing kept."""
    first, whole = [], []
    there = f"document.querySelectorAll('[data-channel]').length === {TILES}"
    if not signed_in:
        there = "document.querySelector('input[type=password]') !== null"
    for _number in range(PAINTS):
        async with browser.page(1280, 720) as page:
            if signed_in:
                await sign_in(page, box, box.https)
                await remember_wall(page)
                await page.go("about:blank")
                await page.call("Network.clearBrowserCache")
            await page.call("Network.emulateNetworkConditions", offline=False, **LINE)
            await page.go(f"{box.https}/live")
            first.append(await page.evaluate(PAINTED))
            whole.append(await page.evaluate(
                "new Promise((done) => { const look = () => "
                f"{there} ? done(performance.now()) : setTimeout(look, 5); look(); }})"
            ))  # fmt: skip
    return first, whole


async def forms(page: Page, box: Box) -> dict[str, list[float]]:
    """Milliseconds from the click on the menu until a page with all channels is drawn."""
    there = {
        "/cameras": f"document.querySelectorAll('tbody tr').length === {CHANNELS}",
        "/system/record": "document.querySelector('#field-week') !== null",
        "/system/ptz": "document.querySelector('#field-protocol') !== null",
    }
    click = "() => document.querySelector('a[href=\"%s\"]').click()"
    took: dict[str, list[float]] = {path: [] for path in there}
    await page.go(f"{box.http}/system/general")
    for _number in range(FORMS):
        for path, condition in there.items():
            await page.until(f"({click % '/system'})(); true")
            await page.until("document.querySelector('#field-name') !== null")
            begin = click % path
            await page.until(f"document.querySelector('a[href=\"{path}\"]') !== null")
            took[path].append(await page.evaluate(f"{UNTIL}({begin}, () => {condition})"))
    return took


async def changes(page: Page, box: Box) -> list[float]:
    """Milliseconds from the click on Apply until the form says it is applied."""
    took = []
    await page.go(f"{box.http}/system/general")
    field = "document.querySelector('#field-name input')"
    there = "() => !document.querySelector('[data-changed], button[data-loading]')"
    for number in range(CHANGES):
        await page.until(f"{field} && ({there})()")
        await page.evaluate(f"{field}.focus()")
        await page.type(f"Recorder {number} of {CHANGES}")
        await page.until("!document.querySelector('button[type=submit]').disabled")
        click = "() => document.querySelector('button[type=submit]').click()"
        took.append(await page.evaluate(f"{UNTIL}({click}, {there})"))
    return took


async def measure(folder: Path) -> list[Figure]:
    """Make the footage, run box and browser, look."""
    state = folder / "state"
    state.mkdir(parents=True)
    end_ns = (time.time_ns() // NS // 3600 - 1) * 3600 * NS
    made = await asyncio.to_thread(
        month_of_footage, folder / "volumes" / "volume-1", DeviceKey.load(state / "device.key"),
        bits_per_s=1_000_000, stream=StreamName.SUB, instants=0, end_ns=end_ns,
    )  # fmt: skip
    async with running_box(folder, web=True) as box, chromium() as browser:
        for number in range(TILES):
            await _add_channel(box, number)
        async with browser.page(1280, 720) as page:
            await sign_in(page, box)
            await page.until(  # a box that has just started does not know its volumes yet
                "fetch('/api/v1/timeline?channels=1&from=0&to=1').then((answer) => answer.ok)"
            )
            opened = await openings(page, box)
        login, login_whole = await paints(browser, box, signed_in=False)
        wall, wall_whole = await paints(browser, box, signed_in=True)
        for number in range(TILES, CHANNELS):
            await _add_channel(box, number)
        async with browser.page(1280, 720) as page:
            await sign_in(page, box)
            rendered = await forms(page, box)
            applied = await changes(page, box)
    load = first_load_bytes(STATIC_FOLDER)
    how = f"{made.blocks} blocks of 30 days x {TILES} channels"
    again = [one for each in rendered.values() for one in each[1:]]
    slowest = max((max(each[1:]), path) for path, each in rendered.items())
    return [
        Figure("page opens with 30 days x 16 channels on the time bar, p95", p95(opened), "ms",
               "<= 1000", f"{how}; {len(opened)} times; first time {opened[0]:.0f} ms, median "
               f"{statistics.median(opened):.0f} ms"),
        Figure("first load of the page, compressed by gzip", sum(load.values()) / 1000, "kB",
               "<= 400", f"{len(load)} files, all that the live wall needs"),
        Figure("first paint over 10 Mbit/s, nobody signed in, p95", p95(login), "ms", "<= 1500",
               f"{len(login)} times, 20 ms a round trip; log-in form after "
               f"{statistics.median(login_whole):.0f} ms (median)"),
        Figure("first paint over 10 Mbit/s, signed in, p95", p95(wall), "ms", "<= 1500",
               f"{len(wall)} times, 20 ms a round trip; {TILES} tiles after "
               f"{statistics.median(wall_whole):.0f} ms (median)"),
        Figure(f"page with {CHANNELS} channels, from click to drawn, p95", p95(again), "ms",
               "<= 200", "; ".join(f"{path} {statistics.median(each[1:]):.0f} ms (median), first "
                                   f"time {each[0]:.0f} ms" for path, each in rendered.items())
               + f"; slowest {slowest[0]:.0f} ms"),
        Figure("settings change, from click to applied, p95", p95(applied), "ms", "<= 300",
               f"{len(applied)} changes beside {CHANNELS} channels; median "
               f"{statistics.median(applied):.0f} ms, slowest {max(applied):.0f} ms"),
    ]  # fmt: skip


async def _add_channel(box: Box, number: int) -> None:
    entry = {"title": f"Camera {number + 1}", "main_url": "", "sub_url": "", "user": "",
             "password": ""}  # fmt: skip
    await box.add(entry, enabled=False)


def run() -> list[Figure]:
    """Measure, where there is a browser."""
    if FOUND is None:
        return [Figure("the page in the browser", None, "", ">= 1", "Chromium is not installed")]
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "build", prefix="p") as temporary:
        return asyncio.run(measure(Path(temporary)))

"""From an alarm contact to its relay while eight cameras are recorded and another input storms.

The supervisor runs the simulated board, so what the bench's chips cost is in its figures too.
Presses and storms go through the bench's control API, as those of `make run` do; edges and the
relay have the times that an oscilloscope at the terminals would show.  Debounced is the last edge
and the time of rest that is set.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from scripts.bench.box import Box, running_box
from scripts.bench.cameras import MAIN, SUB, Cameras, cameras
from scripts.bench.figure import ROOT, SHARE, Figure

BOARD = "simulated"
CHANNELS = 8
PRESSES = max(10, round(100 * min(1.0, SHARE)))
SETTLE_S = 10.0
STORM_S = 10.0
NOTICED_S = 5.0
"""A storm is over for an input after a second of calm; more than that is a missed state."""

IDLE_S = max(20.0, 60.0 * min(1.0, SHARE))
PRESSED, STORMING, RELAY = 1, 2, "relay-1"
MS = 1e6
MB = 1e6


async def _act(box: Box, action: str, **params: Any) -> None:
    order = {"part": "io", "action": action, "params": params}
    await box.bus.request("bench.act", order)


async def _bench(box: Box, kind: str, key: str, value: int | str) -> dict[str, Any]:
    """Return what an oscilloscope shows at an input or output."""
    state = (await box.bus.request("bench.get"))["io"][kind]
    found: dict[str, Any] = next(entry for entry in state if entry[key] == value)
    return found


async def _input(box: Box, number: int) -> dict[str, Any]:
    """Return what the box knows of an input."""
    found: dict[str, Any] = (await box.bus.request("io.get"))["inputs"][number - 1]
    return found


async def _became(box: Box, number: int, **wanted: Any) -> bool:
    """Wait until an input is known to be so; return whether it was in time."""
    end = time.monotonic() + NOTICED_S
    while time.monotonic() < end:
        known = await _input(box, number)
        if all(known[key] == value for key, value in wanted.items()):
            return True
        await asyncio.sleep(0.1)
    return False


async def _link(box: Box) -> float:
    """Have the input close the relay; return its debounce time in ns."""
    page = await box.bus.request(
        "settings.patch",
        {"page": "alarm_inputs", "item": PRESSED, "changes": {"output": RELAY}},
    )
    if not await _became(box, PRESSED, output=RELAY):
        raise TimeoutError("the input was not linked to the relay")
    items = page["values"]["items"]
    return next(item["debounce_ms"] for item in items if item["id"] == PRESSED) * MS


class Presses:
    """Times from contact to relay in ms, and states of contact or relay that were missed."""

    def __init__(self, debounce_ns: float) -> None:
        self.after_rest: list[float] = []
        self.after_first: list[float] = []
        self.missed = 0
        self._debounce_ns = debounce_ns

    async def run(self, box: Box, halfway: asyncio.Event) -> None:
        """Press, more than 2 s apart; `halfway` is set when half of it is done."""
        dice = random.Random(1)
        before = (await _input(box, PRESSED))["changes"]
        for number in range(PRESSES):
            if 2 * number >= PRESSES:
                halfway.set()
            await _act(box, "contact", number=PRESSED, on=True)
            await asyncio.sleep(dice.uniform(0.5, 1.0))
            await self._read(box)
            await _act(box, "contact", number=PRESSED, on=False)
            await asyncio.sleep(dice.uniform(1.5, 2.0))
        changes = (await _input(box, PRESSED))["changes"] - before
        self.missed += abs(2 * PRESSES - changes)

    async def _read(self, box: Box) -> None:
        contact = await _bench(box, "inputs", "number", PRESSED)
        relay = await _bench(box, "outputs", "id", RELAY)
        if not relay["on"] or relay["changed_ns"] < contact["first_edge_ns"]:
            self.missed += 1
            return
        closed, rest = relay["changed_ns"], contact["last_edge_ns"] + self._debounce_ns
        self.after_rest.append((closed - rest) / MS)
        self.after_first.append((closed - contact["first_edge_ns"]) / MS)


async def _storms(box: Box, over: asyncio.Event) -> tuple[int, int]:
    """Have an input storm again and again; return storms, and states it missed after them."""
    count = missed = 0
    closed = False
    while not over.is_set():
        await _act(box, "storm", number=STORMING, seconds=STORM_S)
        await asyncio.sleep(STORM_S)
        missed += not await _became(box, STORMING, closed=closed, storm=False)
        closed = not closed
        await _act(box, "contact", number=STORMING, on=closed)
        missed += not await _became(box, STORMING, closed=closed, storm=False)
        count += 1
    return count, missed


async def _loaded(folder: Path, sim: Cameras) -> list[Figure]:
    seen = folder / "callbacks.json"
    async with running_box(folder / "box", board=BOARD, seen=seen) as box:
        for entry in sim.entries:
            await box.add(entry)
        await box.recording(CHANNELS)
        presses = Presses(await _link(box))
        await asyncio.sleep(SETTLE_S)
        begin, halfway = time.monotonic_ns(), asyncio.Event()
        async with asyncio.TaskGroup() as group:
            storming = group.create_task(_storms(box, halfway))
            group.create_task(presses.run(box, halfway))
        end = time.monotonic_ns()
        storms, missed = storming.result()
        rss = psutil.Process((await box.processes())["supervisor"]).memory_info().rss
    return [
        *_delays(presses, storms),
        Figure("board: states missed beside storms of 1,000 edges a second",
               missed + presses.missed, "states", "<= 0",
               f"{storms} storms of {STORM_S:.0f} s, {PRESSES} presses of another input"),
        Figure("supervisor with the board: RSS", rss / MB, "MB", "<= 80",
               f"{CHANNELS} channels recorded, the bench's chips included"),
        *_callbacks(json.loads(seen.read_text()), begin, end),
    ]  # fmt: skip


def _delays(presses: Presses, storms: int) -> list[Figure]:
    names = ("board: debounced edge to relay, p99", "board: first edge to relay, longest")
    if len(presses.after_rest) < PRESSES // 2:
        how = f"{len(presses.after_rest)} of {PRESSES} presses closed the relay"
        bars = ("<= 20", "<= 200")
        return [Figure(name, None, "ms", bar, how) for name, bar in zip(names, bars, strict=True)]
    p99 = statistics.quantiles(presses.after_rest, n=100, method="inclusive")[98]
    how = (
        f"{len(presses.after_rest)} presses, {CHANNELS} channels recorded, {storms} storms;"
        f" median {statistics.median(presses.after_rest):.1f} ms"
    )
    return [
        Figure(names[0], p99, "ms", "<= 20", how),
        Figure(names[1], max(presses.after_first), "ms", "<= 200", "bounce and debouncing in it"),
    ]


def _callbacks(seen: dict[str, Any], begin: int, end: int) -> list[Figure]:
    slow = sorted((cpu, name) for at, cpu, name in seen["slow"] if begin <= at <= end)
    waiting = [f"{name}: {what}" for at, what, name in seen["waiting"] if begin <= at <= end]
    longest = slow[-1][0] if slow else 0
    above = sum(cpu > 5 * MS for cpu, _name in slow)
    whose = ", ".join(f"{name} {cpu / MS:.1f}" for cpu, name in slow[:-4:-1])
    return [
        Figure("supervisor with the board: longest callback, CPU", longest / MS, "ms", "<= 5",
               f"{above} of {seen['count']} above 5 ms; longest: {whose}"),
        Figure("supervisor with the board: calls in callbacks that can wait", len(waiting), "calls",
               "<= 0", ", ".join(sorted(set(waiting))[:3])),
    ]  # fmt: skip


async def _idle(folder: Path, board: str) -> float:
    """Return the share of a core that a supervisor without cameras takes, in percent."""
    async with running_box(folder, board=board) as box:
        await asyncio.sleep(SETTLE_S)
        process = psutil.Process((await box.processes())["supervisor"])
        before, start = process.cpu_times(), time.monotonic()
        await asyncio.sleep(IDLE_S)
        after, took = process.cpu_times(), time.monotonic() - start
        return 100 * (after.user + after.system - before.user - before.system) / took


def run() -> list[Figure]:
    """Press beside recording, then look at the supervisor without cameras."""
    sub = {k: v for k, v in SUB.items() if k not in ("loop", "auth")}
    specs = {f"cam{n}": {**MAIN, "sub": sub} for n in range(CHANNELS)}
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as temporary:
        folder = Path(temporary)
        with cameras(specs) as sim:
            figures = asyncio.run(_loaded(folder, sim))
        idle = asyncio.run(_idle(folder / "idle", BOARD))
        bare = asyncio.run(_idle(folder / "bare", ""))
    how = f"{IDLE_S:.0f} s without cameras, the bench's chips included; without a board {bare:.1f}"
    return [*figures, Figure("supervisor with the board: CPU idle, of a core", idle, "%", "<= 2",
                             f"{how} %")]  # fmt: skip

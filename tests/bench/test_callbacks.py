"""What the bench sees of an event loop; the supervisor with a board never holds its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from appliance.bus.errors import BusError
from scripts.bench.box import running_box
from scripts.bench.callbacks import watched

MS = 1_000_000


def burn(ms: int) -> None:
    end = time.thread_time_ns() + ms * MS
    while time.thread_time_ns() < end:
        pass


def test_a_callback_is_known_by_its_own_cpu_time_and_not_by_that_of_others() -> None:
    async def busy() -> None:
        burn(20)
        await asyncio.to_thread(burn, 40)

    with watched() as seen:
        asyncio.run(busy())
    slow = [(cpu, name) for _at, cpu, name in seen.slow if cpu >= 19 * MS]
    assert [name.rpartition(".")[2] for _cpu, name in slow] == ["busy"]
    assert seen.count > 2


def test_calls_that_can_wait_are_told_where_a_callback_makes_them(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")

    async def careless() -> None:
        file.read_text()
        time.sleep(0)
        Path("/proc/self/stat").read_text()  # memory of the kernel
        await asyncio.to_thread(file.read_text)

    file.read_text()
    with watched() as seen:
        asyncio.run(careless())
        file.read_text()  # between callbacks
    told = [(what, name.rpartition(".")[2]) for _at, what, name in seen.waiting]
    assert ("time.sleep 0", "careless") in told
    assert told.count((f"open {file}", "careless")) == 1


def test_what_was_patched_is_as_before() -> None:
    before = asyncio.Handle._run  # type: ignore[attr-defined]
    with watched():
        assert asyncio.Handle._run is not before  # type: ignore[attr-defined]
    assert asyncio.Handle._run is before  # type: ignore[attr-defined]


async def test_supervisor_with_board(tmp_path: Path) -> None:
    """A sampled rule: the strict one, 5 ms for every callback, is a figure of the bench."""
    file = tmp_path / "seen.json"
    async with running_box(tmp_path / "b", board="simulated", seen=file) as box:

        async def act(part: str, action: str, **params: Any) -> None:
            order = {"part": part, "action": action, "params": params}
            await box.bus.request("bench.act", order)

        async def until(method: str, condition: Callable[[Any], bool]) -> None:
            async with asyncio.timeout(30):
                while True:
                    with contextlib.suppress(BusError):  # the board is not there from the start
                        if condition(await box.bus.request(method)):
                            return
                    await asyncio.sleep(0.02)

        await until("bench.get", lambda parts: {"poe", "io"} <= parts.keys())
        await act("poe", "plug", port=3, kind="camera")
        await until("poe.get", lambda poe: poe["ports"][2]["state"] == "on")
        begin = time.monotonic_ns()
        await act("poe", "plug", port=4, kind="dome")
        await act("io", "storm", number=2, seconds=2)
        for active in (True, False) * 4:
            await act("io", "contact", number=1, on=active)
            await until("io.get", lambda io, now=active: io["inputs"][0]["active"] is now)
        await until("poe.get", lambda poe: poe["ports"][3]["state"] == "on")
        end = time.monotonic_ns()
    seen = json.loads(file.read_text())
    assert [entry for entry in seen["waiting"] if begin <= entry[0] <= end] == []
    slow = [entry for entry in seen["slow"] if begin <= entry[0] <= end]
    above = [entry for entry in slow if entry[1] > 5 * MS]
    assert len(above) <= seen["count"] / 100, above
    assert all(entry[1] <= 100 * MS for entry in slow), above

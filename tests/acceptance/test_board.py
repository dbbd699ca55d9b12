"""The board in the whole product: real processes, simulated cameras, the bench's chips."""

import asyncio
import contextlib
import json
import os
import sys
import time
from pathlib import Path

import psutil
import pytest
from the_box import PATIENCE_S, ROOT, Box

SCRIPT = Path(__file__).parent / "quick_supervisor.py"
MS = 1e6
MANY_OBJECTS = 20_000
"""Made at the start and never looked at again by the garbage collector."""
RELAY_LINE = 16
MUCH_MS = 20
"""CPU of one callback; the promised 5 ms are measured by `make bench` on a quiet machine."""


class BoardBox(Box):
    """A box on the simulated board, whose supervisor's loop is watched."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.seen = folder / "seen.json"

    async def _spawn(self, level, log) -> None:
        self.supervisor = await asyncio.create_subprocess_exec(
            sys.executable,
            SCRIPT,
            self.seen,
            *("--development", "--no-web", "--board", "simulated"),
            cwd=ROOT,
            env={**os.environ, **self.paths.environment(), "NVR_LOG_LEVEL": level},
            stderr=log,
            start_new_session=True,
        )

    async def close(self) -> None:
        """Stop, and end what a killed supervisor left behind."""
        await super().close()
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.environ().get("NVR_RUN") == str(self.paths.run):
                    process.kill()

    async def act(self, part: str, action: str, **params) -> None:
        """Do something on the bench, as a person at the box would."""
        await self.bus.request("bench.act", {"part": part, "action": action, "params": params})

    def relay_closed(self) -> bool:
        """Whether relay 1 is closed on the bench's chip, whoever lives."""
        levels = self.paths.run / "bench" / "levels"
        return levels.read_bytes()[RELAY_LINE] == 1

    async def close_relay(self) -> None:
        """Close relay 1 as soon as the box has claimed its outputs."""
        async with asyncio.timeout(PATIENCE_S):
            while not (await self.bus.request("io.get"))["outputs"]:
                await asyncio.sleep(0.05)
        await self.bus.request("io.output", {"id": "relay-1", "on": True})
        assert self.relay_closed()

    async def poe(self, port: int, condition) -> dict:
        """Wait until a port is told to be so."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                status = await self.bus.request("poe.get")
                found = {**status["ports"][port - 1], "socket": status["sockets"][port - 1]}
                if condition(found):
                    return found
                await asyncio.sleep(0.1)

    async def on_bench(self, port: int, *, powered: bool) -> None:
        """Wait until what is plugged into a port has power, or none."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                state = (await self.bus.request("bench.get"))["poe"]["ports"]
                if state[port - 1]["powered"] is powered:
                    return
                await asyncio.sleep(0.05)


@pytest.fixture
async def box(tmp_path_factory):
    made = BoardBox(tmp_path_factory.mktemp("b"))
    await made.start()
    yield made
    await made.close()


async def test_a_camera_that_hangs_is_restarted_by_its_port_and_the_loop_never_waits(box, cameras):
    settled = time.monotonic_ns()
    await box.act("poe", "plug", port=1, kind="camera")
    gate = cameras.cameras["gate"]
    await box.add(gate)
    changes = {"dead_after_s": 60}
    await box.bus.request("settings.patch", {"page": "poe", "changes": changes})
    await box.recording(1)
    port = await box.poe(1, lambda port: port["state"] == "on" and port["socket"]["behind"])
    assert (port["channel"], port["camera"]) == (1, "")
    seen_ms = box.channel(1)["last_frame_utc"]
    await box.until(lambda: box.channel(1)["last_frame_utc"] > seen_ms + 4000)  # on this very port
    await gate.refuse()  # as a camera whose program hangs
    await box.poe(1, lambda port: port["camera"])
    await box.on_bench(1, powered=False)
    cycled = (await box.event("poe_cycled"))["event"]
    assert cycled["details"]["port"] == 1
    assert "D1 gate had power but did not answer" in cycled["details"]["reason"]
    await box.on_bench(1, powered=True)
    await gate.refuse(on=False)  # it has started anew
    port = await box.poe(1, lambda port: port["state"] == "on" and not port["camera"])
    assert port["recoveries_today"] == 1
    await box.recording(1)
    ended = time.monotonic_ns()
    await box.stop()
    seen = json.loads(box.seen.read_text())
    assert [what for at, *what in seen["waiting"] if settled < at < ended] == []
    assert seen["frozen"] > MANY_OBJECTS
    slow = [(name, cpu / MS) for at, cpu, name in seen["slow"] if settled < at < ended]
    assert [entry for entry in slow if entry[1] > MUCH_MS] == []


async def test_an_output_opens_when_the_supervisor_is_killed_and_is_obeyed_by_the_next(box):
    await box.close_relay()
    box.supervisor.kill()
    await box.supervisor.wait()
    async with asyncio.timeout(PATIENCE_S):
        while box.relay_closed():
            await asyncio.sleep(0.005)
    await box.start()
    assert not box.relay_closed()
    await box.close_relay()
    await box.stop()
    assert not box.relay_closed()

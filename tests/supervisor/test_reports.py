"""What recorders report is believed while it is fresh."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from appliance.bus.client import BusClient
from appliance.bus.server import BusServer
from appliance.supervisor.reports import FRESH_S, Reports


def channel(number: int, **changes: Any) -> Any:
    return {"id": number, "state": "playing", "recording": True, "streams": {}, **changes}


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_report_that_is_not_renewed_is_no_longer_believed(tmp_path: Path) -> None:
    clock = Clock()
    reports = Reports(BusServer(tmp_path / "s", instance="x"), clock)
    reports._take_channels({"channels": [channel(1)]}, "recorder@1")
    assert reports.channel(1) is not None
    clock.now += FRESH_S + 0.1
    assert reports.channel(1) is None


async def test_channel_of_a_recorder_that_has_gone_is_not_said_to_be_recorded(
    tmp_path: Path,
) -> None:
    server = BusServer(tmp_path / "s", instance="x")
    reports = Reports(server)
    left = asyncio.Event()
    server.on_leave(lambda _peer: left.set())
    await server.start()
    client = BusClient(tmp_path / "s", "recorder@2", "y")
    talk = asyncio.create_task(client.run())
    async with asyncio.timeout(10):
        await client.connected.wait()
        reports._take_channels({"channels": [channel(1)]}, "recorder@1")
        reports._take_channels({"channels": [channel(9)]}, "recorder@2")
        talk.cancel()
        await asyncio.gather(talk, return_exceptions=True)
        await left.wait()
    await server.close()
    assert reports.channel(1) is not None
    assert reports.channel(9) is None


def test_volume_of_two_recorders_is_shown_once_with_the_worst_of_both(tmp_path: Path) -> None:
    clock = Clock()
    reports = Reports(BusServer(tmp_path / "s", instance="x"), clock)
    good = {"path": "/a", "name": "A", "state": "ok", "write_ms": 900.0, "fault": None}
    bad = {"path": "/a", "name": "A", "state": "read_only", "write_ms": 5.0, "fault": {"code": "x"}}
    reports._take_volumes({"volumes": [good]}, "recorder@1")
    reports._take_volumes({"volumes": [bad]}, "recorder@2")
    [merged] = reports.volumes()
    assert (merged["state"], merged["write_ms"]) == ("read_only", 900.0)


def test_losses_count_over_the_last_minute_and_start_anew_with_the_recorder(
    tmp_path: Path,
) -> None:
    clock = Clock()
    reports = Reports(BusServer(tmp_path / "s", instance="x"), clock)

    def report(packets: int, lost: int, damaged: int) -> None:
        stream = {"packets": packets, "lost_packets": lost, "damaged_frames": damaged}
        reports._take_channels({"channels": [channel(1, streams={"main": stream})]}, "recorder@1")
        clock.now += 10.0

    for step in range(10):
        report(1_000 * step, 10 * step, step)
    share, damaged = reports.damage(1, "main")
    assert 0.009 < share < 0.011
    assert 4 <= damaged <= 7
    report(5, 0, 0)
    assert reports.damage(1, "main") == (0.0, 0)


def test_report_of_nonsense_is_passed_over(tmp_path: Path) -> None:
    reports = Reports(BusServer(tmp_path / "s", instance="x"))
    for payload in (None, [], {"channels": "all"}, {"channels": [None, {"id": "1"}, {"id": 1}]}):
        reports._take_channels(payload, "recorder@1")
        reports._take_volumes(payload, "recorder@1")
    assert reports.volumes() == []

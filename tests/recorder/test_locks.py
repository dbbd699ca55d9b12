"""Locking footage while one of the disks is away."""

import asyncio
from zoneinfo import ZoneInfo

import pytest
from made_units import START_UTC_NS, video

from appliance.recorder.operations import Operations
from appliance.recording.config import RecorderConfig, VolumeConfig
from appliance.recording.fragmenter import Fragmenter
from appliance.recording.mediasock.server import OperationRefused
from appliance.storage.model import RecordKind, StreamId, StreamName

NS = 1_000_000_000


def lock(group, start_s=0, end_s=2, locked=True):
    start, end = START_UTC_NS + start_s * NS, START_UTC_NS + end_s * NS
    request = {"channel": 1, "start_ns": start, "end_ns": end, "locked": locked}
    return Operations(group, None).table()["lock"](request)


async def record(group, tmp_path, *more):
    """Two seconds on the volume "here"; `more` volumes are in the settings too."""
    volumes = (VolumeConfig("here", "here", str(tmp_path / "here"), 64 << 20, True), *more)
    await group.apply(RecorderConfig(1, ZoneInfo("UTC"), (), volumes, "overwrite", 1 << 20, 10**9))
    maker = Fragmenter(StreamId(1, StreamName.MAIN))
    for n in range(20):
        maker.add(video(n), RecordKind.GENERAL)
    async with asyncio.timeout(20):
        while not group.volumes.ready:
            await asyncio.sleep(0.01)
        group.volumes.submit(maker.take())
        while group.units_stored == 0:
            await asyncio.sleep(0.01)


async def test_a_disk_that_is_away_holds_up_no_lock_on_another(group, tmp_path):
    away = VolumeConfig("away", "away", str(tmp_path / "away"), None, True)
    await record(group, tmp_path, away)
    assert await lock(group) == 1
    assert await lock(group, locked=False) == 1


async def test_where_nothing_could_be_locked_the_disk_that_is_away_is_named(group, tmp_path):
    away = VolumeConfig("away", "away", str(tmp_path / "away"), None, True)
    await record(group, tmp_path, away)
    with pytest.raises(OperationRefused, match="Volume away could not change the lock"):
        await lock(group, 100, 200)


async def test_where_there_is_no_footage_nothing_is_locked(group, tmp_path):
    await record(group, tmp_path)
    assert await lock(group, 100, 200) == 0

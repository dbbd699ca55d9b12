"""What a power cut would cost is watched, and told when it is more than promised."""

import asyncio
from zoneinfo import ZoneInfo

import pytest
from made_units import video

from appliance.recorder.reports import FaultClock
from appliance.recorder.volume_reports import VolumeReporter
from appliance.recording.config import RecorderConfig, VolumeConfig
from appliance.recording.exposure import Exposure
from appliance.recording.fragmenter import Fragmenter
from appliance.storage.model import RecordKind, StreamId, StreamName


def test_age_counts_from_the_tick_before_and_the_wait_in_the_socket():
    it = Exposure()
    for tick in (10.0, 11.0):
        it.tick(tick)
    it.stored(11.0, 11.05)
    assert it.last_s == pytest.approx(1.25)
    assert it.take_late() == 0


@pytest.mark.parametrize(
    ("ticks", "durable", "age"),
    [((10, 11.9), 12.0, 2.2), ((10, 11), 12.0, 2.2)],
    ids=["late tick", "late commit"],
)
def test_what_is_late_is_told_once_whatever_the_cause(ticks, durable, age):
    it = Exposure()
    for tick in ticks:
        it.tick(tick)
    it.stored(ticks[-1], durable)
    assert it.take_late() == pytest.approx(age)
    assert it.take_late() == 0


def test_a_commit_that_lasts_over_ticks_counts_from_its_own():
    it = Exposure()
    for tick in (10, 11, 12, 13):
        it.tick(tick)
    it.stored(11.001, 13.5)
    assert it.take_late() == pytest.approx(3.7)


def test_the_first_tick_tells_nothing():
    it = Exposure()
    it.tick(10)
    it.stored(10, 19)
    assert it.take_late() == 0


async def test_footage_that_is_stored_late_raises_an_event(group, talk, tmp_path):
    supervisor, desk = talk
    await supervisor.start()
    group.exposure = Exposure(promised_s=0.0)  # everything is late
    volume = VolumeConfig("one", "one", str(tmp_path / "one"), 64 << 20, True)
    config = RecorderConfig(1, ZoneInfo("UTC"), (), (volume,), "overwrite", 1 << 20, 10**9)
    await group.apply(config)
    reporter = VolumeReporter(group, desk, FaultClock())
    maker = Fragmenter(StreamId(1, StreamName.MAIN))
    async with asyncio.timeout(20):
        while not desk.is_open("recording_late", "recorder@1"):
            maker.add(video(0), RecordKind.GENERAL)
            group.tick()
            group.volumes.submit(maker.take())
            await asyncio.sleep(0.02)
            await reporter.refresh()
    told = await supervisor.heard(2)
    (event,) = [p for m, p in told if m == "events.raise"]
    assert event["kind"] == "recording_late"
    assert float(event["details"]["seconds"]) > 0

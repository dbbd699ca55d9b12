"""Deleting by age pauses when the clock jumps: an event, a word in the status, a person's yes."""

import asyncio
import time
from zoneinfo import ZoneInfo

import pytest

from appliance.events.kinds import KINDS
from appliance.recorder import volume_reports
from appliance.recorder.operations import Operations
from appliance.recorder.reports import FaultClock
from appliance.recorder.volume_reports import VolumeReporter
from appliance.recording.config import RecorderConfig, VolumeConfig
from appliance.storage.model import StreamId, StreamName
from appliance.storage.policy import VolumePolicy

YEAR_NS = 365 * 86_400 * 1_000_000_000
MAIN = StreamId(1, StreamName.MAIN)


@pytest.fixture
async def jumped(group, talk, tmp_path, monkeypatch):
    """A recorder that expires by days, whose clock is a year ahead of where it was."""
    monkeypatch.setattr(volume_reports, "EXPIRE_S", 0.0)
    monkeypatch.setattr(volume_reports, "REFRESH_S", 0.0)
    supervisor, desk = talk
    await supervisor.start()
    volume = VolumeConfig("one", "one", str(tmp_path / "one"), 64 << 20, True)
    config = RecorderConfig(1, ZoneInfo("UTC"), (), (volume,), "overwrite", 1 << 20, 10**9)
    await group.apply(config)
    (worker,) = group.volumes
    worker.set_policy(VolumePolicy(expiry_days={MAIN: 7.0}))
    async with asyncio.timeout(20):
        while not worker.ready:
            await asyncio.sleep(0.02)
    past_ns, mono_ns = time.time_ns() - YEAR_NS, time.monotonic_ns()
    await worker.call(lambda w: w.expire(time_trusted=True, now_ns=past_ns, mono_ns=mono_ns))
    return group, desk, supervisor, VolumeReporter(group, desk, FaultClock())


async def test_the_pause_is_an_event_that_lasts_and_stands_in_the_status(jumped):
    _group, desk, supervisor, reporter = jumped
    await reporter.refresh()
    assert desk.is_open("expiry_paused", "one")
    (status,) = reporter.statuses()
    assert status["expiry_paused"]["code"] == "time_jump"
    assert "365" in status["expiry_paused"]["text"]
    await supervisor.heard(2)
    (event,) = [p for m, p in supervisor.told if m == "events.raise"]
    assert event["kind"] in KINDS
    assert event["details"]["volume"] == "one"
    assert "365" in event["details"]["reason"]


async def test_a_persons_word_ends_it(jumped):
    group, desk, supervisor, reporter = jumped
    await reporter.refresh()
    await Operations(group, reporter).table()["accept_clock"]({})
    assert not desk.is_open("expiry_paused", "one")
    assert reporter.statuses()[0]["expiry_paused"] is None
    await reporter.refresh()
    assert not desk.is_open("expiry_paused", "one")
    await supervisor.heard(3)
    assert [m for m, _p in supervisor.told if m != "events.sync"] == ["events.raise", "events.end"]

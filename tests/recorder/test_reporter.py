"""What a group's recorder tells of its channels and volumes, and the events that follow."""

import asyncio
import shutil
from dataclasses import replace

import pytest
from made_config import channel, until
from made_units import video

from appliance.recorder.reporter import Reporter
from appliance.recording.config import VolumeConfig
from appliance.recording.fragmenter import Fragmenter
from appliance.recording.ingest.fault import password_refused
from appliance.recording.ingest.ingest import Ingest
from appliance.recording.ingest.state import IngestState, Phase
from appliance.storage.model import RecordKind, StreamId, StreamName

MAIN = StreamName.MAIN


class Told:
    """What the supervisor knows of the events of a recorder."""

    def __init__(self, supervisor):
        self._supervisor = supervisor

    def events(self):
        """All events told of, in order: each with how it began and how it ended, if so."""
        found = {}
        every = []
        for method, params in self._supervisor.told:
            key = (params.get("kind"), params.get("key"))
            if method == "events.raise" and key not in found:
                found[key] = [params, None]
                every.append(found[key])
            elif method == "events.end":
                found.pop(key)[1] = params
        return every

    def open(self):
        return {(began["kind"], began["key"]) for began, end in self.events() if end is None}

    async def until(self, condition):
        async with asyncio.timeout(10):
            while not condition():
                self._supervisor.news.clear()
                await self._supervisor.news.wait()


@pytest.fixture
async def talking(group, talk):
    supervisor, desk = talk
    await supervisor.start()
    return group, Reporter(group, desk._bus, desk), Told(supervisor)


async def test_events_of_a_removed_channel_end_with_it(talking, config):
    group, reporter, told = talking
    await group.apply(config)
    pipeline = group.pipeline(StreamId(1, MAIN))
    pipeline.on_state(IngestState(Phase.REFUSED, password_refused()))
    reporter.report()
    await told.until(lambda: ("password_refused", "D1") in told.open())
    await group.apply(replace(config, channels=(channel(2, MAIN),)))
    reporter.report()
    await told.until(lambda: ("password_refused", "D1") not in told.open())


async def test_events_of_a_removed_volume_end_with_it(talking, config, tmp_path):
    group, reporter, told = talking
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_text("x")
    photos = VolumeConfig("photos", "photos", str(tmp_path / "photos"), 64 << 20, True)
    await group.apply(replace(config, volumes=(*config.volumes, photos)))
    await until(lambda: not any(worker.opening for worker in group.volumes))
    await reporter._volumes.refresh()
    await told.until(lambda: told.open() == {("volume_refused", "photos")})
    await group.apply(config)
    await reporter._volumes.refresh()
    await told.until(lambda: told.open() == set())


async def test_the_event_of_two_volumes_with_one_identity_ends_when_the_copy_is_gone(
    talking,
    config,
    tmp_path,
):
    group, reporter, told = talking
    await group.apply(config)
    await until(lambda: group.volumes.ready)
    await group.apply(replace(config, volumes=()))
    shutil.copytree(tmp_path / "one", tmp_path / "copy")
    copy = VolumeConfig("copy", "copy", str(tmp_path / "copy"), 64 << 20, True)
    await group.apply(replace(config, volumes=(*config.volumes, copy)))
    await reporter._volumes.refresh()
    both = {("volume_refused", "one"), ("volume_refused", "copy")}
    await told.until(lambda: told.open() == both | {("no_volume", "volumes")})
    await group.apply(config)
    await until(lambda: group.volumes.ready)
    await reporter._volumes.refresh()
    await told.until(lambda: told.open() == set())


async def test_what_a_shed_stream_missed_is_counted_and_told_from_its_first_to_its_last_frame(
    talking,
    config,
    monkeypatch,
):
    """Pain 1: losses are counted."""
    group, reporter, told = talking
    await group.apply(config)
    sub = StreamId(1, StreamName.SUB)
    pipeline = group.pipeline(sub)
    await until(lambda: group.volumes.ready)
    monkeypatch.setattr(
        "appliance.recorder.group.Shedding.update",
        lambda shedding, waiting, mono_s: shedding.causes.update({sub: "one"}),
    )
    group.tick()
    for n in range(25):
        pipeline.on_access_unit(video(n))
        if n % 10 == 9:
            group.tick()
            reporter.report()
    group.tick()
    monkeypatch.setattr("appliance.recording.losses.JOIN_S", 0.0)
    reporter.report()
    await told.until(lambda: len(told.events()) == 1 and told.events()[0][1])
    ((start, end),) = told.events()
    assert (start["kind"], start["key"]) == ("overload", "D1 sub")
    assert start["start"] == video(0).utc_ns // 10**6
    assert end["end"] == video(25).utc_ns // 10**6
    assert end["details"]["seconds"] == "2"
    assert end["details"]["reason"] == "Volume one is too slow."
    assert group.losses.total_s[sub] == pytest.approx(2.5)


async def test_footage_that_no_volume_took_is_told_as_lost(talking, config, monkeypatch):
    group, reporter, told = talking
    await group.apply(replace(config, volumes=()))
    maker = Fragmenter(StreamId(1, MAIN))
    for n in range(20):
        maker.add(video(n), RecordKind.GENERAL)
    monkeypatch.setattr("appliance.recording.volume_set.HELD_BYTES", 10)
    group.volumes.submit(maker.take())
    reporter.report()
    await told.until(lambda: ("footage_lost", "D1 main") in told.open())
    (event,) = [began for began, _ in told.events() if began["kind"] == "footage_lost"]
    assert event["channel"] == 1
    assert "Add one on the Storage page" in event["details"]["reason"]


def figures_of(group, monkeypatch, **changes):
    """Have the main stream of channel 1 tell these figures."""
    figures = replace(group.channels[1].ingest(MAIN).statistics, **changes)
    monkeypatch.setattr(Ingest, "statistics", property(lambda ingest: figures))


@pytest.mark.parametrize("source", ["camera", "corrected", "arrival", "arrival_only"])
async def test_the_status_says_where_time_comes_from(talking, config, monkeypatch, source):
    group, reporter, _told = talking
    await group.apply(config)
    assert "clock" not in reporter.statuses()[0]["streams"]["main"]
    figures_of(group, monkeypatch, clock_source=source, clock_offset_ms=-1250.04)
    status = reporter.statuses()[0]["streams"]["main"]
    assert (status["clock"], status["clock_offset_ms"]) == (source, -1250.0)


async def test_frames_before_the_first_key_frame_are_not_told_as_lost(talking, config, monkeypatch):
    group, reporter, _told = talking
    await group.apply(config)
    figures_of(group, monkeypatch, early_units=90)
    status = reporter.statuses()[0]["streams"]["main"]
    assert (status["early_frames"], status["dropped_frames"]) == (90, 0)


async def test_a_long_gop_is_told_with_the_stream_and_lasts_since_it_began(talking, config):
    """Pain 11: smart codecs and long GOPs are detected, and the user told."""
    group, reporter, _told = talking
    await group.apply(config)
    for n in (0, 100, 200):
        group.pipeline(StreamId(1, MAIN)).on_access_unit(video(n, key=True))
    advice = reporter.statuses()[0]["streams"]["main"]["advice"]
    assert advice["code"] == "gop_long"
    assert reporter.statuses()[0]["streams"]["main"]["advice"] == advice
    assert reporter.statuses()[0]["streams"]["sub"]["advice"] is None

"""One stream between ingest, hub and fragmenter."""

import pytest
from made_units import video

from appliance.recording.hub import StreamHub
from appliance.recording.pipeline import StreamPipeline
from appliance.storage.model import RecordKind, StreamId, StreamName

K = RecordKind
STREAM = StreamId(1, StreamName.MAIN)


@pytest.fixture
def pipeline():
    return StreamPipeline(STREAM, StreamHub(STREAM), on_state=lambda state: None)


def frames(pipeline):
    """UTC of the fragments stored so far, with how long each is in frames of 100 ms."""
    return [(f.utc_ns, f.duration_ns // 100_000_000) for f in pipeline.take()]


def feed(pipeline, numbers):
    for n in numbers:
        pipeline.on_access_unit(video(n))


def test_recording_begins_with_the_current_gop_at_once(pipeline):
    feed(pipeline, range(17))
    pipeline.set_kinds(K.GENERAL)
    feed(pipeline, range(17, 20))
    assert frames(pipeline) == [(video(10).utc_ns, 10)]


def test_an_event_is_stored_with_the_seconds_before_it(pipeline):
    """D1-RC-02, N8.4, A9.9."""
    pipeline.hub.buffer.seconds = 2
    feed(pipeline, range(55))
    pipeline.set_kinds(K.MOTION)
    stored = frames(pipeline)
    assert stored[0][0] <= video(34).utc_ns
    assert sum(length for _, length in stored) >= 20


def test_after_a_short_pause_nothing_is_stored_twice(pipeline):
    pipeline.set_kinds(K.GENERAL)
    feed(pipeline, range(15))
    pipeline.set_kinds(K.NONE)
    feed(pipeline, range(15, 18))
    pipeline.set_kinds(K.GENERAL)
    feed(pipeline, range(18, 20))
    assert sum(length for _, length in frames(pipeline)) == 20


def test_after_a_long_pause_recording_begins_at_a_key_frame(pipeline):
    pipeline.set_kinds(K.GENERAL)
    feed(pipeline, range(5))
    pipeline.set_kinds(K.NONE)
    feed(pipeline, range(5, 34))
    pipeline.set_kinds(K.GENERAL)
    assert frames(pipeline) == [(video(0).utc_ns, 5), (video(30).utc_ns, 4)]


def test_a_stream_that_gives_way_counts_what_it_misses_and_comes_back_at_a_key_frame(pipeline):
    """Pain 1: losses are counted."""
    pipeline.set_kinds(K.GENERAL)
    feed(pipeline, range(5))
    pipeline.set_shed(True)
    feed(pipeline, range(5, 13))
    pipeline.set_shed(False)
    feed(pipeline, range(13, 17))
    start_ns, end_ns, lost_ns = pipeline.take_shed()
    assert (start_ns, end_ns, lost_ns) == (video(5).utc_ns, video(17).utc_ns, 1_200_000_000)
    feed(pipeline, range(17, 25))
    assert pipeline.take_shed() == (video(17).utc_ns, video(20).utc_ns, 300_000_000)
    assert pipeline.units_shed == 15
    assert frames(pipeline) == [(video(0).utc_ns, 5), (video(20).utc_ns, 5)]


def test_it_counts_as_recording_only_while_units_are_made_durable(pipeline, monkeypatch):
    """D1-LV-03, pain 4: not because nobody complained."""
    now = [100.0]
    monkeypatch.setattr("appliance.recording.pipeline.time.monotonic", lambda: now[0])
    pipeline.set_kinds(K.GENERAL)
    feed(pipeline, range(10))
    assert not pipeline.recording
    for fragment in pipeline.take():
        pipeline.stored(fragment)
    assert pipeline.recording
    now[0] += 6
    assert not pipeline.recording

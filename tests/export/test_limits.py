"""A plan is bounded in memory and work, whatever is asked for, and ends when nobody waits."""

from functools import partial

import pytest
from made_footage import MAIN, NS, SUB, T0, Camera

from appliance.export import plan as planning
from appliance.export.errors import ExportError
from appliance.export.gather import Footage
from appliance.export.limits import MOST_FRAGMENTS, Allowance
from appliance.export.request import LONGEST_NS, MOST_STREAMS, ExportRequest
from appliance.storage.model import RecordKind, StreamId, StreamName
from appliance.storage.reader import TimelineSpan

DAY_NS = 86_400 * NS


class AllOfIt:
    """A reader that has footage of every stream at any time."""

    def timeline(self, streams, start_ns, end_ns):
        return [TimelineSpan(stream, start_ns, end_ns, 1, False) for stream in streams]


def request(streams, days):
    wanted = tuple(StreamId(n + 1, StreamName.MAIN) for n in range(streams))
    return ExportRequest(wanted, T0, T0 + round(days * DAY_NS), "anna")


@pytest.fixture
def allow(monkeypatch):
    """Plan with so many fragments at most."""
    return lambda most: monkeypatch.setattr(planning, "Allowance", partial(Allowance, most=most))


def test_the_longest_range_of_all_streams_is_refused_with_figures_before_any_index_is_read():
    with pytest.raises(ExportError) as refused:
        Allowance(request(MOST_STREAMS, LONGEST_NS // DAY_NS)).look_ahead(AllOfIt())
    assert refused.value.code == "too_large"
    assert "47616 h of footage in 64 streams, at most 1388 h" in refused.value.text
    assert "Choose about 21 h of these channels" in refused.value.text


@pytest.mark.parametrize(("streams", "days"), [(1, 31), (16, 1), (32, 1), (64, 0.5)])
def test_what_people_export_is_not_too_much(streams, days):
    Allowance(request(streams, days)).look_ahead(AllOfIt())
    assert streams * days * 86_400 <= MOST_FRAGMENTS


def test_a_long_range_with_little_footage_in_it_is_exported(writer, plan, allow):
    allow(2_000)
    Camera(writer).record(T0, 20)
    [movie] = plan(0, 30 * 86_400, now_ns=T0 + 31 * DAY_NS).movies
    assert movie.end_ns == T0 + 20 * NS


def test_too_much_footage_is_refused_and_no_stream_is_gathered(writer, plan, allow, monkeypatch):
    allow(20)
    Camera(writer).record(T0, 60)
    monkeypatch.setattr(Footage, "stretch", None)
    with pytest.raises(ExportError) as refused:
        plan(0, 60)
    assert refused.value.code == "too_large"


def test_gathering_ends_where_more_is_found_than_its_time_told(writer, plan, allow):
    allow(1_000)
    camera = Camera(writer)
    for run in range(30):
        camera.again(run=run + 1)
        camera.record(T0 + run * 2 * NS, 2)
    with pytest.raises(ExportError) as refused:
        plan(0, 60)
    assert refused.value.code == "too_large"
    assert "D1" in refused.value.text
    assert "1000 parts" in refused.value.text


def test_footage_cut_by_kind_only_is_one_stretch(writer, plan, allow):
    allow(60 + 96 * 4)
    camera = Camera(writer)
    for turn in range(20):
        kinds = RecordKind.MOTION if turn % 2 else RecordKind.GENERAL
        camera.record(T0 + turn * 2 * NS, 2, kinds=kinds)
    [movie] = plan(0, 40).movies
    assert (movie.start_ns, movie.end_ns) == (T0, T0 + 40 * NS)


def test_a_plan_that_nobody_waits_for_ends_between_two_blocks(writer, plan):
    Camera(writer).record(T0, 10)
    asked = []

    def stop():
        asked.append(len(asked))
        return len(asked) > 2

    with pytest.raises(ExportError) as ended:
        plan(0, 10, streams=(MAIN, SUB), stop=stop)
    assert ended.value.code == "cancelled"
    assert len(asked) == 3


def test_a_plan_tells_what_it_keeps_in_memory(writer, plan):
    Camera(writer).record(T0, 120)
    short, long = plan(0, 10), plan(0, 120)
    assert 0 < short.kept_bytes < long.kept_bytes
    assert long.kept_bytes - short.kept_bytes > 100 * 20

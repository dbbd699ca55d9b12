"""A month of many cameras: every instant is found, the timeline is whole (the bench times it)."""

import itertools

import pytest
from simulated import DAY, S, simulate

from appliance.storage.reader import FootageReader


@pytest.fixture(scope="module")
def month(tmp_path_factory):
    path = tmp_path_factory.mktemp("month") / "volume"
    made = simulate(path, channels=4, days=30, instants=100)
    reader = FootageReader([made.path])
    yield made, reader
    reader.close()


def test_random_instants_of_a_month_are_found(month):
    made, reader = month
    for stream, utc_ns in made.instants:
        fragment = reader.seek(stream, utc_ns).next()
        body = fragment.read()
        assert fragment.utc_ns <= utc_ns < fragment.end_ns
        assert len(body) == fragment.size


def test_the_timeline_of_a_month_is_whole(month):
    made, reader = month
    spans = reader.timeline(made.streams, made.start_ns, made.end_ns)
    for stream in made.streams:
        mine = [s for s in spans if s.stream == stream]
        assert mine[0].start_ns == made.start_ns
        assert mine[-1].end_ns == made.end_ns
        assert all(a.end_ns == b.start_ns for a, b in itertools.pairwise(mine))
    assert made.end_ns - made.start_ns == 30 * DAY * S

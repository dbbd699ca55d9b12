"""The load of an interface: bytes per second, gaps as gaps."""

from __future__ import annotations

from appliance.network.load import LoadHistory


def test_counters_become_rates_and_minutes_their_means() -> None:
    load = LoadHistory()
    for second in range(121):
        load.add(float(second), second * 1000, second * 10)
    assert load.now() == (1000.0, 10.0)
    assert load.steps("minutes") == [(1000.0, 10.0)] * 120
    assert load.steps("day") == [(1000.0, 10.0)] * 2


def test_counters_that_went_back_and_pauses_are_gaps() -> None:
    load = LoadHistory()
    for at, received in ((0.0, 5000), (1.0, 6000), (2.0, 0), (3.0, 500), (60.0, 90_000)):
        load.add(at, received, 0)
    assert load.steps("minutes") == [(1000.0, 0.0), None, (500.0, 0.0), None]
    assert load.steps("day") == [(750.0, 0.0)]


def test_no_more_is_kept_than_ten_minutes_and_a_day() -> None:
    load = LoadHistory()
    for second in range(60 * 1450):
        load.add(float(second), second, second)
    assert (len(load.steps("minutes")), len(load.steps("day"))) == (600, 1441)

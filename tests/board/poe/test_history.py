"""A port's power over time: bounded, in steps, kept over a restart."""

from __future__ import annotations

import json

import pytest

from board.poe.history import MINUTES, SECONDS, TEN_MINUTES, PortHistory, Ring
from board.poe.keep import pack, unpack

DAY_S = 86_400
NOW = 1_800_000_000.0


def fed(seconds: int, watts: float = 5.0) -> PortHistory:
    history = PortHistory()
    for _ in range(seconds):
        history.add(50.0, watts / 50.0)
    return history


def test_a_ring_keeps_the_last_and_bounds_values() -> None:
    ring = Ring(3)
    for value in (1, 2, 3, 4, -5, 1 << 20):
        ring.add(value)
    assert ring.last() == [4, 0, 0xFFFF]


def test_spans_are_seconds_minutes_and_ten_minutes() -> None:
    history = fed(1200, 5.0)
    history.add(50.0, 0.4)
    step_s, mean_w, _most = history.series("minutes")
    assert (step_s, len(mean_w), mean_w[-1], mean_w[-2]) == (1.0, SECONDS, 20.0, 5.0)
    assert history.series("day")[0] == 60.0
    assert history.series("day")[1] == [5.0] * 20
    assert history.series("week") == (600.0, [5.0] * 2, [5.0] * 2)
    assert history.energy_mwh == pytest.approx(5.0 * 1200 / 3.6 + 20.0 / 3.6, rel=0.001)


def test_a_peak_of_one_second_is_seen_in_the_week() -> None:
    history = fed(300)
    history.add(50.0, 0.5)
    for _ in range(299):
        history.add(50.0, 0.1)
    assert history.series("week")[2] == [25.0]


def test_the_peak_is_learned_after_a_day_of_power_and_forgotten_with_the_device() -> None:
    history = fed(DAY_S - 60, 5.0)
    assert history.learned_mw is None
    for _ in range(60):
        history.add(50.0, 0.18)
    assert history.learned_mw == 9_000
    history.forget_device()
    assert history.learned_mw is None


def test_days_without_power_teach_nothing() -> None:
    assert fed(DAY_S, 0.0).learned_mw is None


def test_histories_survive_a_restart_with_the_time_between_left_empty() -> None:
    history = fed(DAY_S, 5.0)
    document = json.loads(json.dumps(pack({1: history}, NOW)))
    again = PortHistory()
    assert unpack(document, {1: again, 2: PortHistory()}, NOW + 1200)
    mean_w = again.series("day")[1]
    assert (len(mean_w), mean_w[-20:], mean_w[-21]) == (MINUTES, [0.0] * 20, 5.0)
    assert again.series("week")[1][-3:] == [5.0, 0.0, 0.0]
    assert again.learned_mw == 5_000
    assert again.energy_mwh == pytest.approx(history.energy_mwh)


@pytest.mark.parametrize("gap_s", [-10, 8 * DAY_S])
def test_a_clock_that_cannot_be_right_makes_them_void(gap_s: float) -> None:
    again = PortHistory()
    assert not unpack(pack({1: fed(600)}, NOW), {1: again}, NOW + gap_s)
    assert again.series("day")[1] == []


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"version": 9, "at": NOW, "ports": {}},
        {"version": 1, "at": NOW, "ports": {"1": {"day": "%%%"}}},
        {"version": 1, "at": NOW, "ports": []},
        {"version": 1, "at": "x", "ports": {}},
    ],
)
def test_a_damaged_document_is_refused_and_changes_nothing(document: object) -> None:
    again = PortHistory()
    assert not unpack(document, {1: again}, NOW)
    assert again.series("day")[1] == []
    assert again.week.count <= TEN_MINUTES

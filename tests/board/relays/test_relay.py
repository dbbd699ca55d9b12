"""Alarm outputs: modes, pulses, protection of the contacts, counting, safe states."""

from __future__ import annotations

import itertools
import json
import random

import pytest

from board.errors import BoardError
from board.relays import counter
from board.relays.relay import MAX_PULSE_S, Relay


@pytest.fixture
def heard() -> list[bool | None]:
    return []


@pytest.fixture
def relay(lines, heard) -> Relay:
    relay = Relay(
        "relay 1",
        lines.ref(6),
        lines.bank,
        lines.timing,
        rated=200_000,
        changed=lambda relay: heard.append(relay.state.closed),
    )
    relay.start()
    return relay


def test_it_is_open_from_the_first_instant(lines, relay):
    assert lines.trace(6) == [(0, False)]
    assert relay.state.closed is False


def test_it_closes_at_once_and_opens_when_the_alarm_ends(lines, relay):
    lines.timing.run(5)
    relay.hold("input 1")
    assert lines.chip.high(6)
    lines.timing.run(10)
    relay.withdraw("input 1")
    assert lines.trace(6) == [(0, False), (5, True), (15, False)]


def test_it_stays_closed_for_a_second_but_closing_is_never_put_off(lines, relay):
    lines.timing.run(1)
    relay.hold("a")
    relay.withdraw("a")
    lines.timing.run(0.4)
    assert lines.chip.high(6)
    lines.timing.run(0.7)
    assert not lines.chip.high(6)
    relay.hold("a")
    assert lines.trace(6) == [(0, False), (1, True), (2, False), (2.1, True)]


def test_an_alarm_during_the_delayed_opening_keeps_it_closed(lines, relay):
    relay.hold("a")
    relay.withdraw("a")
    lines.timing.run(0.5)
    relay.hold("b")
    lines.timing.run(5)
    assert lines.trace(6) == [(0, False), (0, True)]
    assert relay.operations == 1


def test_it_opens_only_when_nobody_holds_it_any_more(lines, relay):
    relay.hold("input 1")
    relay.hold("test", 2)
    lines.timing.run(5)
    assert relay.state.closed
    assert relay.state.sources == {"input 1": None}
    relay.withdraw("somebody else")
    assert relay.state.closed
    relay.withdraw("input 1")
    assert relay.state.closed is False


def test_a_pulse_lasts_as_long_as_asked_and_is_renewed_by_a_repeat(lines, relay):
    relay.hold("a", 3)
    lines.timing.run(2)
    relay.hold("a", 3)
    lines.timing.run(10)
    assert lines.trace(6) == [(0, False), (0, True), (5, False)]


@pytest.mark.parametrize("seconds", [3600, MAX_PULSE_S + 0.1, 0, -1, float("nan"), float("inf")])
def test_a_pulse_beyond_the_bounds_is_refused_and_changes_nothing(lines, relay, seconds):
    with pytest.raises(BoardError) as caught:
        relay.hold("a", seconds)
    assert caught.value.code == "relay.pulse"
    assert "0.1 to 300 s" in caught.value.text
    assert lines.trace(6) == [(0, False)]


def test_manual_is_always_on_and_off_always_off(lines, relay):
    relay.set_mode("manual")
    assert relay.state.closed
    lines.timing.run(5)
    relay.set_mode("off")
    assert relay.state.closed is False
    for mode in ("off", "manual"):
        relay.set_mode(mode)
        with pytest.raises(BoardError) as caught:
            relay.hold("input 1")
        assert caught.value.code == "relay.not_auto"
        assert "Set its mode to Auto" in caught.value.text


def test_an_alarm_that_lasts_counts_again_once_the_mode_is_auto(lines, relay):
    relay.hold("input 1")
    lines.timing.run(2)
    relay.set_mode("off")
    assert relay.state.closed is False
    relay.set_mode("auto")
    assert relay.state.closed


def test_an_unknown_mode_is_refused(relay):
    with pytest.raises(BoardError):
        relay.set_mode("sometimes")


def test_reset_lets_everybody_go(lines, relay):
    relay.hold("a")
    relay.hold("b", 100)
    lines.timing.run(2)
    relay.reset()
    assert relay.state.sources == {}
    assert relay.state.closed is False


def test_closings_are_counted_against_the_rated_life(lines, heard):
    relay = Relay(
        "relay 1",
        lines.ref(6),
        lines.bank,
        lines.timing,
        rated=200_000,
        operations=179_999,
        changed=lambda relay: None,
    )
    relay.start()
    assert not relay.state.worn
    relay.hold("a", 1)
    assert relay.operations == 180_000
    assert relay.state.worn


def test_however_it_is_asked_each_closing_lasts_a_second(lines, relay):
    dice = random.Random(1)
    for _ in range(500):
        lines.timing.run(dice.choice([0, 0.01, 0.2, 0.9, 1.5]))
        source = dice.choice("abc")
        if dice.random() < 0.5:
            relay.hold(source, dice.choice([None, 0.1, 0.5, 2]))
        else:
            relay.withdraw(source)
        assert relay.state.closed or not relay.wanted  # closing waits for nothing
    trace = lines.trace(6)
    for (closed_at, level), (opened_at, _level) in itertools.pairwise(trace):
        if level:
            assert opened_at - closed_at >= 0.999
    assert relay.operations == sum(level for _at, level in trace)


def test_stopping_opens_at_once_and_gives_the_line_back(lines, relay):
    relay.set_mode("manual")
    relay.stop()
    assert lines.trace(6)[-1] == (0, False)
    assert lines.chip.owned == set()
    assert lines.timing.waiting == 0


def test_a_line_that_fails_is_told_and_taken_up_again_as_wanted(lines, relay, heard):
    lines.chip.broken[6] = OSError(5, "Input/output error")
    relay.hold("a")
    assert relay.state.fault.code == "line.failed"
    assert relay.state.closed is None
    lines.timing.run(10)
    assert heard == [False, None]
    del lines.chip.broken[6]
    lines.timing.run(2)
    assert relay.state.closed
    assert relay.state.fault is None
    assert heard == [False, None, True]


def test_too_many_sources_are_refused(relay):
    for number in range(32):
        relay.hold(str(number))
    with pytest.raises(BoardError):
        relay.hold("one more")
    relay.hold("31")


def test_the_counter_survives_a_restart(tmp_path):
    path = tmp_path / "board" / "relays.json"
    assert counter.load(path) == {}
    counter.save(path, {"relay 1": 7, "relay 2": 0})
    assert counter.load(path) == {"relay 1": 7, "relay 2": 0}


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": -1, "b": true, "c": "x"}', "[" * 50_000])
def test_a_damaged_counter_starts_anew(tmp_path, content):
    path = tmp_path / "relays.json"
    path.write_text(content)
    assert counter.load(path) == {}


def test_of_a_counter_with_one_wrong_entry_the_others_hold(tmp_path):
    path = tmp_path / "relays.json"
    path.write_text(json.dumps({"relay 1": 5, "relay 2": None}))
    assert counter.load(path) == {"relay 1": 5}

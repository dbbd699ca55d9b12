"""The buzzer: patterns, urgency, an end to everything."""

from __future__ import annotations

import pytest

from board.buzzer.buzzer import PATTERNS, Buzzer
from board.errors import BoardError


@pytest.fixture
def buzzer(lines) -> Buzzer:
    buzzer = Buzzer(lines.ref(12), lines.bank, lines.timing)
    buzzer.start()
    return buzzer


def test_a_pattern_sounds_and_ends(lines, buzzer):
    buzzer.play("web", "done")
    lines.timing.run(2)
    assert lines.trace(12) == [(0, False), (0, True), (0.08, False), (0.16, True), (0.24, False)]
    assert buzzer.playing is None


def test_a_repeating_pattern_goes_on_until_it_is_silenced(lines, buzzer):
    buzzer.play("input 1", "alarm")
    lines.timing.run(60)
    assert buzzer.playing == "alarm"
    buzzer.silence("input 1")
    assert not lines.chip.high(12)
    lines.timing.run(60)
    assert not lines.chip.high(12)


def test_nothing_sounds_for_ever(lines, buzzer):
    buzzer.play("input 1", "alarm")
    lines.timing.run(301)
    assert buzzer.playing is None
    assert not lines.chip.high(12)
    assert lines.timing.waiting == 0


def test_the_more_urgent_sounds_and_the_other_comes_back(lines, buzzer):
    buzzer.play("health", "fault")
    buzzer.play("input 1", "alarm")
    assert buzzer.playing == "alarm"
    buzzer.play("web", "key")
    assert buzzer.playing == "alarm"
    buzzer.silence("input 1")
    assert buzzer.playing == "fault"


@pytest.mark.parametrize(("pattern", "seconds"), [("tune", 1), ("alarm", 0), ("alarm", 3600)])
def test_wrong_wishes_are_refused(buzzer, pattern, seconds):
    with pytest.raises(BoardError):
        buzzer.play("web", pattern, seconds)
    assert buzzer.playing is None


def test_every_pattern_ends_silent(lines, buzzer):
    for name in PATTERNS:
        buzzer.play("web", name, 5)
        lines.timing.run(10)
        assert not lines.chip.high(12)


def test_a_buzzer_that_fails_is_told_and_raises_nothing(lines, buzzer):
    lines.chip.broken[12] = OSError(5, "Input/output error")
    buzzer.play("web", "alarm", 5)
    assert buzzer.fault.code == "line.failed"
    del lines.chip.broken[12]
    lines.timing.run(10)
    assert buzzer.fault is None


def test_stopping_is_silence(lines, buzzer):
    buzzer.play("web", "alarm")
    buzzer.stop()
    assert not lines.chip.high(12)
    assert lines.chip.owned == set()
    assert lines.timing.waiting == 0

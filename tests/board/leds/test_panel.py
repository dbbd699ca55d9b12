"""LED groups: priorities, meanings from the profile, patterns, countdown."""

from __future__ import annotations

import pytest

from board.errors import BoardError
from board.leds.panel import Panel
from board.profile.load import load

ORDER = ("power", "status", "hdd", "net", "alarm")


@pytest.fixture
def panel(lines) -> Panel:
    leds = {led.name: led for led in load("reference").leds}
    pairs = [(leds[name], lines.ref(leds[name].line)) for name in ORDER]
    panel = Panel(pairs, lines.bank, lines.timing)
    panel.start()
    return panel


def lit(lines, panel) -> dict[str, bool]:
    leds = {led.name: led.line for led in load("reference").leds}
    return {name: lines.chip.high(leds[name]) for name in ORDER}


def test_a_healthy_box_shows_power_and_status_and_no_fault(lines, panel):
    """D1-FP-01, 02, 05: POWER and STATUS lit are good, HDD and NET lit are faults."""
    panel.assert_group("running")
    assert [name for name, on in lit(lines, panel).items() if on] == ["power", "status"]


def test_faults_light_the_leds_the_profile_says(lines, panel):
    panel.assert_group("running")
    panel.assert_group("disk_fault")
    assert panel.shown["hdd"] == "on"
    panel.assert_group("network_fault")
    assert panel.shown["net"] == "on"
    panel.assert_group("disk_fault", on=False)
    assert panel.shown["hdd"] == "off"
    assert panel.shown["power"] == "on"


def test_a_fault_beats_activity_identify_a_fault_and_the_lamp_test_all(lines, panel):
    panel.assert_group("disk_activity")
    assert panel.shown["hdd"] == "flash"
    panel.assert_group("disk_fault")
    assert panel.shown["hdd"] == "on"
    panel.assert_group("identify")
    assert set(panel.shown.values()) == {"fast"}
    panel.assert_group("lamp_test")
    assert set(panel.shown.values()) == {"on"}
    assert all(lit(lines, panel).values())
    for group in ("lamp_test", "identify", "disk_fault", "disk_activity"):
        panel.assert_group(group, on=False)
    assert set(panel.shown.values()) == {"off"}


def test_a_pattern_blinks_evenly_and_then_rests(lines, panel):
    line = {led.name: led.line for led in load("reference").leds}["alarm"]
    panel.assert_group("fault")
    lines.timing.run(5.5)
    panel.assert_group("fault", on=False)
    assert lines.trace(line) == [
        (0, False), (0, True), (1, False), (2, True), (3, False), (4, True), (5, False),
    ]  # fmt: skip
    assert lines.timing.waiting == 0


def test_groups_may_end_by_themselves(lines, panel):
    panel.assert_group("identify", seconds=10)
    lines.timing.run(9)
    assert panel.asserted == ["identify"]
    lines.timing.run(2)
    assert panel.asserted == []


def test_the_countdown_puts_out_a_led_a_second_and_blinks_at_the_end(lines, panel):
    panel.assert_group("running")
    panel.assert_group("disk_fault")
    counts = []
    for left in (5, 4, 3, 2, 1):
        panel.count_down(left)
        counts.append(sum(lit(lines, panel).values()))
    assert counts == [5, 4, 3, 2, 1]
    panel.count_down(0)
    assert set(panel.shown.values()) == {"fast"}
    panel.count_down(None)
    assert panel.shown["hdd"] == "on"
    assert panel.shown["power"] == "on"


def test_dark_leds_still_show_what_is_wrong(panel):
    """A5.9: the lights can be switched off."""
    panel.assert_group("running")
    panel.darken(dark=True)
    assert set(panel.shown.values()) == {"off"}
    panel.assert_group("network_fault")
    assert panel.shown["net"] == "on"
    panel.darken(dark=False)
    assert panel.shown["status"] == "on"


@pytest.mark.parametrize("group", ["", "party", "countdown"])
def test_unknown_groups_are_refused_with_those_there_are(panel, group):
    with pytest.raises(BoardError) as caught:
        panel.assert_group(group)
    assert "disk_fault" in caught.value.text


def test_a_led_that_fails_does_not_stop_the_others_and_comes_back(lines, panel):
    leds = {led.name: led.line for led in load("reference").leds}
    lines.chip.broken[leds["power"]] = OSError(5, "Input/output error")
    panel.assert_group("running")
    assert lines.chip.high(leds["status"])
    assert list(panel.faults) == ["power"]
    del lines.chip.broken[leds["power"]]
    lines.timing.run(11)
    assert panel.faults == {}
    assert lines.chip.high(leds["power"])


def test_stopping_puts_all_out(lines, panel):
    panel.assert_group("lamp_test")
    panel.stop()
    assert not any(lit(lines, panel).values())
    assert lines.chip.owned == set()
    assert lines.timing.waiting == 0

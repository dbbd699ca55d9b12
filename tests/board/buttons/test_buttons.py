"""Power and reset buttons: how long they are held decides."""

from __future__ import annotations

import pytest

from board.buttons.button import Button
from board.buttons.functions import PowerButton, ResetButton
from board.sim.contacts import Contact


class Thumb:
    """A button, what it did, and a thumb."""

    def __init__(self, lines, name: str) -> None:
        self.lines = lines
        self.done: list[str] = []
        self.shown: list[int | None] = []
        self.contact = Contact(lines.chip, 8, lines.timing, seed=3)
        function = (
            PowerButton(lambda: self.done.append("power off"))
            if name == "power"
            else ResetButton(lambda: self.done.append("reset"), self.shown.append)
        )
        self.button = Button(
            name,
            lines.ref(8, active_low=True),
            lines.bank,
            lines.timing,
            held=function.held,
            let_go=function.let_go,
        )

    def press(self, seconds: float) -> None:
        self.contact.close()
        self.lines.timing.run(seconds)
        self.contact.open()
        self.lines.timing.run(1)


@pytest.mark.parametrize(
    ("seconds", "off"), [(0.2, False), (2.9, False), (3.1, True), (4, True), (60, True)]
)
def test_power_held_three_seconds_shuts_down(lines, seconds, off):
    thumb = Thumb(lines, "power")
    thumb.button.start()
    thumb.press(seconds)
    assert thumb.done == ["power off"] * off


def test_power_acts_while_it_is_still_held(lines):
    thumb = Thumb(lines, "power")
    thumb.button.start()
    thumb.contact.close()
    lines.timing.run(3.1)
    assert thumb.done == ["power off"]


@pytest.mark.parametrize(
    ("seconds", "reset"),
    [(0.5, False), (4.9, False), (5.1, True), (7, True), (9.9, True), (10.2, True), (30, True)],
)
def test_reset_held_five_to_ten_seconds_resets_once(lines, seconds, reset):
    thumb = Thumb(lines, "reset")
    thumb.button.start()
    thumb.press(seconds)
    assert thumb.done == ["reset"] * reset
    assert thumb.shown[-1] is None


def test_the_countdown_is_shown_second_by_second(lines):
    thumb = Thumb(lines, "reset")
    thumb.button.start()
    thumb.press(6.5)
    assert thumb.shown == [5, 4, 3, 2, 1, 0, 0, None]


def test_a_press_that_is_too_short_ends_the_countdown(lines):
    thumb = Thumb(lines, "reset")
    thumb.button.start()
    thumb.press(2.5)
    assert thumb.shown == [5, 4, 3, None]
    thumb.press(6)
    assert thumb.done == ["reset"]


@pytest.mark.parametrize("name", ["power", "reset"])
def test_a_button_pressed_since_before_the_start_does_nothing_until_pressed_anew(lines, name):
    thumb = Thumb(lines, name)
    thumb.contact.close(bounces=0)
    thumb.button.start()
    assert thumb.button.stuck
    lines.timing.run(60)
    thumb.contact.open()
    lines.timing.run(1)
    assert thumb.done == []
    assert not thumb.button.stuck
    thumb.press(6)
    assert len(thumb.done) == 1


def test_a_missing_line_is_told_and_taken_up_when_it_is_there(lines):
    thumb = Thumb(lines, "power")
    lines.chip.take_elsewhere(8)
    thumb.button.start()
    assert thumb.button.fault.code == "line.taken"
    lines.chip.disown(8)
    lines.timing.run(31)
    assert thumb.button.fault is None
    thumb.press(4)
    assert thumb.done == ["power off"]


def test_a_stopped_button_holds_nothing(lines):
    thumb = Thumb(lines, "power")
    thumb.button.start()
    thumb.contact.close()
    lines.timing.run(1)
    thumb.button.stop()
    assert lines.chip.owned == set()
    lines.timing.run(10)
    assert thumb.done == []

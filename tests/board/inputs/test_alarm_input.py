"""Alarm inputs on the bench, in virtual time, over every back end."""

from __future__ import annotations

import random

import pytest

from board.errors import BoardError
from board.inputs.alarm_input import AlarmInput, InputChange, InputState
from board.lines.contract import LineBank, LineRef
from board.lines.gpiod_lines import GpiodLines
from board.lines.rpi_lines import RpiLines
from board.sim.contacts import Contact
from board.sim.gpiod import SimGpiod
from board.sim.rpi_gpio import SimRpiGpio
from board.sim.virtual_time import VirtualTiming
from board.sim.wires import SimChip
from board.timing import MS

CHIP = "/dev/gpiochip0"


class Bench:
    """A terminal with a contact."""

    def __init__(self, kind: str = "gpiod", contact: str = "no", seed: int = 1) -> None:
        self.timing = VirtualTiming()
        self.chip = SimChip(CHIP, 28, self.timing.now_ns)
        self.bank: LineBank
        if kind == "gpiod":
            self.bank = GpiodLines(SimGpiod([self.chip]), self.timing)
        else:
            gpio = SimRpiGpio(self.chip, edges=kind == "rpi")
            self.bank = RpiLines(gpio, self.timing, self.timing.now_ns)
        self.contact = Contact(self.chip, 5, self.timing, seed=seed)
        self.changes: list[InputChange] = []
        self.notices: list[tuple[bool, str]] = []
        self.input = self.make(1, 5, contact)

    def make(self, number: int, offset: int, contact: str = "no") -> AlarmInput:
        return AlarmInput(
            number,
            LineRef(CHIP, offset, active_low=True, bias="pull_up"),
            self.bank,
            self.timing,
            contact=contact,
            changed=self.changes.append,
            noticed=self._notice,
        )

    def _notice(self, state: InputState) -> None:
        self.notices.append((state.storm, state.fault.code if state.fault else ""))

    @property
    def actives(self) -> list[bool]:
        return [change.active for change in self.changes]


@pytest.fixture(params=["gpiod", "rpi", "rpi_without_edges"])
def bench(request):
    bench = Bench(request.param)
    bench.input.start()
    assert bench.actives == [False]
    bench.changes.clear()
    return bench


def test_a_press_that_bounces_is_one_alarm_and_one_end(bench):
    bench.contact.close(bounces=8)
    bench.timing.run(1)
    bench.contact.open(bounces=8)
    bench.timing.run(1)
    assert bench.actives == [True, False]
    for change in bench.changes:
        assert 30 * MS <= change.at_ns - change.first_edge_ns <= (30 + 12 + 10) * MS


def test_a_thousand_presses_are_a_thousand_alarms():
    """Presses >= 2 s apart, each bouncing as it likes (D1-SR-12)."""
    bench = Bench(seed=7)
    bench.input.start()
    bench.changes.clear()
    pauses = random.Random(3)
    for _ in range(1000):
        bench.contact.close()
        bench.timing.run(pauses.uniform(0.1, 1.0))
        bench.contact.open()
        bench.timing.run(pauses.uniform(1.0, 3.0))
    assert bench.actives == [True, False] * 1000
    slowest = max(change.at_ns - change.first_edge_ns for change in bench.changes)
    assert slowest <= 42 * MS
    assert bench.input.state.changes == 2001
    assert bench.notices == []


def test_a_spike_shorter_than_the_debounce_time_is_nothing(bench):
    bench.contact.close(bounces=0)
    bench.timing.run(0.019)
    bench.contact.open(bounces=0)
    bench.timing.run(1)
    assert bench.actives == []


def test_normally_closed_alarms_when_the_contact_opens_or_the_wire_is_cut():
    bench = Bench(contact="nc")
    bench.contact.close(bounces=0)
    bench.input.start()
    assert bench.actives == [False]
    bench.contact.open()
    bench.timing.run(1)
    bench.contact.close()
    bench.timing.run(1)
    bench.contact.cut()
    bench.timing.run(1)
    assert bench.actives == [False, True, False, True]


def test_a_contact_that_is_closed_at_the_start_is_an_alarm_from_the_start():
    bench = Bench()
    bench.contact.close(bounces=0)
    bench.input.start()
    assert bench.actives == [True]


def test_another_type_is_told_at_once(bench):
    bench.input.configure(contact="nc", debounce_ms=20)
    assert bench.actives == [True]
    bench.contact.close()
    bench.timing.run(1)
    assert bench.actives == [True, False]


@pytest.mark.parametrize("milliseconds", [0, 19, 51, -1, 100_000])
def test_debounce_times_out_of_range_are_refused(bench, milliseconds):
    with pytest.raises(BoardError) as caught:
        bench.input.configure(contact="no", debounce_ms=milliseconds)
    assert "20 to 50 ms" in caught.value.text


def test_a_chattering_contact_is_an_alarm_within_the_promised_time():
    """Below the storm's limit, never at rest: 200 ms from the first edge hold all the same."""
    bench = Bench()
    bench.input.start()
    bench.changes.clear()
    bench.contact.storm(60, 3)
    bench.timing.run(2)
    assert bench.actives == [True]
    assert bench.changes[0].chattering
    assert bench.changes[0].at_ns - bench.changes[0].first_edge_ns == 150 * MS
    bench.timing.run(2)
    assert bench.actives == [True, False]


def test_a_storm_is_bounded_told_and_leaves_the_right_state(bench):
    calls = bench.timing.waiting
    bench.contact.storm(1000, 10)
    bench.timing.run(5)
    assert bench.actives == [True]
    if bench.input.state.storm:  # where edges are polled there is none to see
        assert bench.timing.waiting <= calls + 4
        assert bench.input.state.edges <= 12 * 100
    bench.timing.run(10)
    assert bench.actives == [True, False]
    assert not bench.input.state.storm
    storms = [storm for storm, _fault in bench.notices]
    assert storms in ([True, False], [])
    bench.contact.close()
    bench.timing.run(1)
    assert bench.actives == [True, False, True]


def test_a_storm_that_ends_closed_leaves_an_alarm(bench):
    bench.contact.storm(1000, 5)
    bench.timing.run(2)
    bench.contact.close()
    bench.timing.run(5)
    assert bench.actives == [True]
    assert bench.input.state.closed is True
    assert not bench.input.state.storm


def test_a_storm_on_one_input_does_not_delay_another():
    bench = Bench()
    other = bench.make(2, 6)
    contact = Contact(bench.chip, 6, bench.timing, seed=5)
    bench.input.start()
    other.start()
    bench.changes.clear()
    bench.contact.storm(1000, 60)
    presses = random.Random(4)
    for _ in range(20):
        contact.close()
        bench.timing.run(presses.uniform(0.2, 1.0))
        contact.open()
        bench.timing.run(presses.uniform(1.0, 2.0))
    others = [change for change in bench.changes if change.number == 2]
    assert [change.active for change in others] == [True, False] * 20
    assert max(change.at_ns - change.first_edge_ns for change in others) <= 42 * MS


def test_a_lost_edge_is_made_good_when_the_level_is_read_again():
    bench = Bench()
    bench.input.start()
    bench.changes.clear()
    bench.chip.watch(5, None)  # an interrupt that never comes
    bench.contact.close(bounces=0)
    bench.timing.run(9)
    assert bench.actives == []
    bench.timing.run(2)
    assert bench.actives == [True]
    assert bench.input.state.lost_edges == 1


@pytest.mark.parametrize("seed", range(20))
def test_no_state_that_lasts_is_missed_whatever_comes_before_it(seed):
    """Presses, chatter and storms at random: after each rest the input says what the contact is."""
    bench = Bench(seed=seed)
    bench.input.start()
    dice = random.Random(seed)
    for _ in range(40):
        what = dice.choice(["press", "storm", "chatter", "tap"])
        if what == "storm":
            bench.contact.storm(dice.uniform(150, 5000), dice.uniform(0.05, 3))
        elif what == "chatter":
            bench.contact.storm(dice.uniform(20, 99), dice.uniform(0.05, 3))
        elif what == "tap":
            bench.contact.set(closed=not bench.contact.closed, bounces=dice.randint(0, 8))
            bench.timing.run(dice.uniform(0.001, 0.1))
        bench.contact.set(closed=dice.random() < 0.5)
        bench.timing.run(dice.uniform(0.0, 0.2))
        bench.contact.set(closed=bench.contact.closed)
        bench.timing.run(4)
        assert bench.input.state.active is bench.contact.closed
        assert not bench.input.state.storm
    assert all(a.active != b.active for a, b in zip(bench.changes, bench.changes[1:], strict=False))


def test_a_line_that_fails_is_told_once_and_taken_up_again(bench):
    bench.chip.broken[5] = OSError(5, "Input/output error")
    bench.timing.run(60)
    assert bench.notices == [(False, "line.failed")]
    bench.contact.close(bounces=0)
    del bench.chip.broken[5]
    bench.timing.run(10)
    assert bench.notices == [(False, "line.failed"), (False, "")]
    assert bench.actives == [True]


def test_a_line_that_is_taken_is_had_as_soon_as_it_is_free():
    bench = Bench()
    bench.chip.take_elsewhere(5)
    bench.input.start()
    bench.timing.run(12)
    assert bench.notices == [(False, "line.taken")]
    assert bench.input.state.active is None
    bench.chip.disown(5)
    bench.timing.run(6)
    assert bench.actives == [False]


def test_a_stopped_input_holds_nothing(bench):
    bench.input.stop()
    assert bench.chip.owned == set()
    assert bench.timing.waiting == 0

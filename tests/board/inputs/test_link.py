"""The direct link of an alarm input to a relay."""

from __future__ import annotations

import pytest

from board.inputs.alarm_input import AlarmInput
from board.inputs.link import Link, Links
from board.relays.relay import Relay
from board.sim.contacts import Contact


class Box:
    """Two inputs, two relays."""

    def __init__(self, lines) -> None:
        self.lines = lines
        self.refused: list[tuple[int, str]] = []
        self.relays = {
            key: Relay(key, lines.ref(line), lines.bank, lines.timing, changed=lambda relay: None)
            for key, line in (("relay 1", 16), ("relay 2", 17))
        }
        self.links = Links(
            self.relays,
            lambda number, error: self.refused.append((number, error.code if error else "")),
        )
        self.contacts = {n: Contact(lines.chip, n, lines.timing, seed=n) for n in (1, 2)}
        self.inputs = [
            AlarmInput(
                number,
                lines.ref(number, active_low=True),
                lines.bank,
                lines.timing,
                changed=self.links.take,
                noticed=lambda state: None,
            )
            for number in (1, 2)
        ]
        for part in (*self.relays.values(), *self.inputs):
            part.start()

    def closed(self, key: str) -> bool | None:
        return self.relays[key].state.closed


@pytest.fixture
def box(lines) -> Box:
    return Box(lines)


def test_the_relay_closes_with_the_alarm_and_opens_with_its_end(box, lines):
    box.links.set(1, Link("relay 1"))
    box.contacts[1].close()
    lines.timing.run(5)
    assert box.closed("relay 1")
    assert box.closed("relay 2") is False
    box.contacts[1].open()
    lines.timing.run(1)
    assert box.closed("relay 1") is False


def test_with_seconds_it_opens_by_itself(box, lines):
    box.links.set(1, Link("relay 1", 10))
    box.contacts[1].close()
    lines.timing.run(9)
    assert box.closed("relay 1")
    lines.timing.run(2)
    assert box.closed("relay 1") is False


def test_from_edge_to_relay_it_is_far_below_the_promise(box, lines):
    """D1-PL-02: 200 ms; what is ours after debouncing is no time at all in virtual time."""
    box.links.set(1, Link("relay 1"))
    for _ in range(50):
        lines.timing.run(2)
        began = lines.timing.now_ns()
        box.contacts[1].close()
        lines.timing.run(2)
        closed = [c for c in lines.chip.history if c.offset == 16 and c.high][-1]
        assert 0 <= closed.at_ns - began <= 42_000_000
        box.contacts[1].open()


def test_two_inputs_on_one_relay_keep_it_closed_until_both_end(box, lines):
    box.links.set(1, Link("relay 1"))
    box.links.set(2, Link("relay 1"))
    box.contacts[1].close()
    box.contacts[2].close()
    lines.timing.run(2)
    box.contacts[1].open()
    lines.timing.run(2)
    assert box.closed("relay 1")
    box.contacts[2].open()
    lines.timing.run(2)
    assert box.closed("relay 1") is False


def test_a_link_changed_during_an_alarm_moves_to_the_new_relay(box, lines):
    box.links.set(1, Link("relay 1"))
    box.contacts[1].close()
    lines.timing.run(2)
    box.links.set(1, Link("relay 2"))
    assert box.closed("relay 1") is False
    assert box.closed("relay 2")
    box.links.set(1, None)
    lines.timing.run(2)
    assert box.closed("relay 2") is False


def test_a_relay_that_is_off_is_told_once_and_follows_again_later(box, lines):
    box.links.set(1, Link("relay 1"))
    box.relays["relay 1"].set_mode("off")
    for _ in range(3):
        box.contacts[1].close()
        lines.timing.run(2)
        box.contacts[1].open()
        lines.timing.run(2)
    assert box.refused == [(1, "relay.not_auto")]
    box.contacts[1].close()
    lines.timing.run(2)
    box.relays["relay 1"].set_mode("auto")
    box.links.renew("relay 1")
    assert box.closed("relay 1")
    assert box.refused == [(1, "relay.not_auto"), (1, "")]


def test_a_relay_that_is_not_fitted_disturbs_nothing(box, lines):
    box.links.set(1, Link("relay 9"))
    box.contacts[1].close()
    lines.timing.run(2)
    box.links.set(1, Link("relay 1"))
    assert box.closed("relay 1")


def test_a_disarm_switch_opens_what_alarms_hold_and_arming_closes_it_again(box, lines):
    """D2-AL-15: what lasts goes on, a pulse of meanwhile does not."""
    box.links.set(1, Link("relay 1"))
    box.links.set(2, Link("relay 2", 10))
    box.contacts[1].close()
    lines.timing.run(5)
    box.links.suspend(on=True)
    lines.timing.run(1)
    assert box.closed("relay 1") is False
    box.contacts[2].close()
    lines.timing.run(5)
    assert box.closed("relay 2") is False
    box.links.suspend(on=False)
    lines.timing.run(1)
    assert box.closed("relay 1")
    assert box.closed("relay 2") is False

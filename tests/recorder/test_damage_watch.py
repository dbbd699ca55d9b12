"""Packets lost on the way: an event with counts, begun and ended with patience (D2-FQ-06)."""

import pytest

from appliance.recorder.damage_watch import BEGINS_AFTER_S, ENDS_AFTER_S, DamageWatch


class Desk:
    """Notes the one event it is told of."""

    def __init__(self):
        self.open = {}
        self.ended = []

    def set(self, kind, key, active, *, channel, start_ms, end_ms, counts, **details):
        if active:
            self.open[key] = (start_ms, details)
        elif self.open.pop(key, None):
            self.ended.append((key, end_ms, details))

    def settle(self, kind):
        pass


class Camera:
    """A stream whose counters a test moves, a second at a time."""

    def __init__(self):
        self.desk = Desk()
        self.watch = DamageWatch(self.desk)
        self.now = 0
        self.counters = {"packets": 0, "lost_packets": 0, "damaged_frames": 0}

    def run(self, seconds, lost=0, damaged=0):
        for _ in range(seconds):
            self.now += 1
            self.counters["packets"] += 99 if lost else 100
            self.counters["lost_packets"] += lost
            self.counters["damaged_frames"] += damaged
            channel = {"id": 3, "name": "Gate", "streams": {"main": dict(self.counters)}}
            self.watch.update([channel], float(self.now), self.now * 1000)
        return self.desk.open.get("D3 main")


@pytest.fixture
def camera():
    made = Camera()
    made.run(5)
    return made


def test_losses_that_go_on_raise_an_event_with_counts(camera):
    assert camera.run(int(BEGINS_AFTER_S), lost=1, damaged=2) is None
    start_ms, details = camera.run(1, lost=1, damaged=2)
    assert start_ms == 5000
    assert (details["lost"], details["damaged"], details["percent"]) == (11, 22, "1.0")
    assert (details["name"], details["stream"]) == ("Gate", "main")


def test_a_short_disturbance_raises_none(camera):
    for _ in range(10):
        assert camera.run(8, lost=5, damaged=5) is None
        assert camera.run(5) is None


def test_a_loss_every_other_second_is_one_trouble(camera):
    for _ in range(6):
        camera.run(1, lost=1)
        camera.run(1)
    assert camera.desk.open


def test_it_ends_with_the_last_loss_once_a_minute_was_clean(camera):
    camera.run(20, lost=1)
    assert camera.run(int(ENDS_AFTER_S) - 1)
    camera.run(1, lost=1)
    assert camera.run(int(ENDS_AFTER_S) - 1)
    assert camera.run(1) is None
    ((key, end_ms, details),) = camera.desk.ended
    assert (key, end_ms) == ("D3 main", (5 + 20 + 59 + 1) * 1000)
    assert details["lost"] == 21


def test_counters_that_begin_anew_are_no_loss(camera):
    camera.run(20, lost=1)
    camera.run(100)
    assert not camera.desk.open
    camera.counters = {"packets": 0, "lost_packets": 0, "damaged_frames": 0}
    camera.run(30)
    assert not camera.desk.open
    assert len(camera.desk.ended) == 1

"""Jumps of the wall clock."""

from appliance.recorder.clock_watch import ClockTrust

S = 1_000_000_000


class Clocks:
    def __init__(self):
        self.wall, self.mono = 1_700_000_000 * S, 5 * S

    def go(self, wall_s, mono_s):
        self.wall += round(wall_s * S)
        self.mono += round(mono_s * S)


def watched():
    clocks = Clocks()
    return clocks, ClockTrust(lambda: clocks.wall, lambda: clocks.mono)


def test_clocks_that_go_together_are_no_jump():
    clocks, watch = watched()
    for _ in range(100):
        clocks.go(1.0005, 1)
        watch.tick()
    assert watch.take_jumps() == []
    assert watch.trusted


def test_a_step_is_told_once_with_its_size():
    clocks, watch = watched()
    clocks.go(3601, 1)
    watch.tick()
    clocks.go(1, 1)
    watch.tick()
    assert [jump.seconds for jump in watch.take_jumps()] == [3600.0]
    assert watch.take_jumps() == []
    assert watch.trusted


def test_a_clock_more_than_a_day_off_is_not_trusted_until_it_is_back():
    clocks, watch = watched()
    for _ in range(2):
        clocks.go(366 * 86_400, 1)
        watch.tick()
        assert not watch.trusted
        clocks.go(-366 * 86_400, 1)
        watch.tick()
        assert watch.trusted


def test_a_clock_that_a_person_calls_right_is_trusted_from_then_on():
    clocks, watch = watched()
    clocks.go(366 * 86_400, 1)
    watch.accept()
    assert watch.trusted
    clocks.go(-366 * 86_400, 1)
    watch.tick()
    assert not watch.trusted

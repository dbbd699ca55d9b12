"""Both back ends keep one contract: the same tests over gpiod's calls and RPi.GPIO's."""

from __future__ import annotations

import pytest

from board.lines.contract import Edge, LineBank, LineError, LineRef
from board.lines.gpiod_lines import GpiodLines
from board.lines.rpi_lines import RpiLines
from board.sim.gpiod import SimGpiod
from board.sim.rpi_gpio import SimRpiGpio
from board.sim.virtual_time import VirtualTiming
from board.sim.wires import SimChip

CHIP = "/dev/gpiochip0"
BUTTON = LineRef(CHIP, 5, active_low=True, bias="pull_up")
RELAY = LineRef(CHIP, 6)


class Bench:
    """A chip, virtual time and one back end on them."""

    def __init__(self, kind: str) -> None:
        self.timing = VirtualTiming()
        self.chip = SimChip(CHIP, 28, self.timing.now_ns)
        self.polled = kind == "rpi_without_edges"
        self.bank: LineBank
        if kind == "gpiod":
            self.bank = GpiodLines(SimGpiod([self.chip]), self.timing)
        else:
            gpio = SimRpiGpio(self.chip, edges=kind == "rpi")
            self.bank = RpiLines(gpio, self.timing, self.timing.now_ns)


@pytest.fixture(params=["gpiod", "rpi", "rpi_without_edges"])
def bench(request):
    return Bench(request.param)


def test_an_input_is_read_as_active_or_not_whatever_its_polarity(bench):
    line = bench.bank.claim_input(BUTTON, "test")
    assert line.read() is False  # the pull-up holds it high
    bench.chip.drive(5, False)
    assert line.read() is True
    plain = bench.bank.claim_input(LineRef(CHIP, 7, bias="pull_down"), "test 2")
    assert plain.read() is False
    bench.chip.drive(7, True)
    assert plain.read() is True


def test_edges_are_told_in_order_with_the_time_they_happened(bench):
    line = bench.bank.claim_input(BUTTON, "test")
    heard: list[Edge] = []
    line.watch(heard.append)
    start = bench.timing.now_ns()
    bench.timing.call_later(0.100, lambda: bench.chip.drive(5, False))
    bench.timing.call_later(0.200, lambda: bench.chip.drive(5, True))
    bench.timing.run(0.3)
    assert [edge.active for edge in heard] == [True, False]
    ends = [(edge.at_ns - start) / 1e6 for edge in heard]
    late = 5.0 if bench.polled else 0.0
    assert all(0 <= at - due <= late for at, due in zip(ends, (100, 200), strict=True))


def test_edges_stop_when_nobody_watches_and_old_ones_are_not_told_later(bench):
    line = bench.bank.claim_input(BUTTON, "test")
    heard: list[Edge] = []
    line.watch(heard.append)
    bench.chip.drive(5, False)  # on its way when the listener leaves
    line.watch(None)
    bench.timing.run(0.1)
    assert heard == []
    line.watch(heard.append)
    bench.timing.run(0.1)
    assert heard == []
    bench.chip.drive(5, True)
    bench.timing.run(0.1)
    assert [edge.active for edge in heard] == [False]


def test_an_output_has_its_level_from_the_first_instant(bench):
    bench.bank.claim_output(LineRef(CHIP, 8, active_low=True), "relay 1", active=False)
    assert bench.chip.high(8) is True
    assert [change.high for change in bench.chip.history] == [True]
    output = bench.bank.claim_output(RELAY, "relay 2", active=True)
    assert bench.chip.high(6) is True
    output.write(active=False)
    assert bench.chip.high(6) is False


def test_a_line_has_one_owner_who_is_named(bench):
    line = bench.bank.claim_output(RELAY, "relay 1")
    with pytest.raises(LineError) as caught:
        bench.bank.claim_input(RELAY, "alarm input 3")
    assert caught.value.code == "line.taken"
    assert "relay 1" in caught.value.text
    assert "alarm input 3" in caught.value.text
    line.release()
    bench.bank.claim_input(RELAY, "alarm input 3")


def test_a_line_that_another_program_has_is_refused_in_words(bench):
    bench.chip.take_elsewhere(6)
    with pytest.raises(LineError) as caught:
        bench.bank.claim_output(RELAY, "relay 1")
    assert caught.value.code == "line.taken"
    assert "another program" in caught.value.text
    bench.chip.disown(6)
    bench.bank.claim_output(RELAY, "relay 1")  # the refusal left nothing behind


def test_a_line_that_is_not_there_is_refused_in_words(bench):
    with pytest.raises(LineError) as caught:
        bench.bank.claim_output(LineRef(CHIP, 99), "relay 1")
    assert caught.value.code == "line.missing"
    assert "profile" in caught.value.text


def test_a_line_that_fails_raises_line_errors_only(bench):
    line = bench.bank.claim_input(BUTTON, "test")
    output = bench.bank.claim_output(RELAY, "relay 1")
    bench.chip.broken[5] = bench.chip.broken[6] = OSError(5, "Input/output error")
    for call in (line.read, lambda: output.write(active=True)):
        with pytest.raises(LineError) as caught:
            call()
        assert caught.value.code == "line.failed"


def test_what_was_released_cannot_be_used_and_close_releases_all(bench):
    line = bench.bank.claim_input(BUTTON, "test")
    output = bench.bank.claim_output(RELAY, "relay 1")
    line.watch(lambda edge: None)
    bench.bank.close()
    assert bench.chip.owned == set()
    with pytest.raises(LineError):
        line.read()
    with pytest.raises(LineError):
        output.write(active=True)
    line.release()


def test_gpiod_missing_chip_is_told_with_its_name():
    bank = GpiodLines(SimGpiod([]), VirtualTiming())
    with pytest.raises(LineError) as caught:
        bank.claim_input(BUTTON, "the reset button")
    assert caught.value.code == "line.missing"
    assert CHIP in caught.value.text


def test_gpiod_edges_that_the_kernel_dropped_are_told_as_lost():
    bench = Bench("gpiod")
    line = bench.bank.claim_input(BUTTON, "test")
    heard: list[Edge] = []
    line.watch(heard.append)
    bench.chip.drive(5, False)
    bench.timing.run()
    for _ in range(1001):  # more than the kernel keeps, while the loop does something else
        bench.chip.drive(5, not bench.chip.high(5))
    bench.timing.run()
    assert heard[0].lost is False
    assert [edge.lost for edge in heard[1:]].count(True) == 1
    assert heard[-1].active is (not bench.chip.high(5))

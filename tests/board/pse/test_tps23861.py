"""The TPS23861 driver on simulated chips whose registers come from the datasheet."""

from __future__ import annotations

import errno

import pytest

from board.pse.bus import BusFault
from board.pse.contract import PseError
from board.sim.chip import RegisterMisuseError
from board.sim.devices import CATALOGUE, Device, camera, dome
from tests.board.made_poe import Made


def started(made: Made) -> Made:
    for driver in made.drivers.values():
        assert driver.start().fresh
        for channel in range(1, 5):
            driver.detect(channel, wanted=True)
    return made


def power(made: Made, number: int, device: Device) -> None:
    """Plug into a port of chip A and power what is found there."""
    made.bench.plug(number, device)
    made.clock.run(1.0)
    found = made.drivers["A"].read().channels[number - 1]
    assert found.pd_class is not None
    made.drivers["A"].on(number, found.pd_class)
    made.clock.run(1.0)


def test_a_camera_is_detected_classified_and_powered_only_when_told(made: Made) -> None:
    started(made)
    made.bench.plug(3, camera())
    made.clock.run(1.0)
    channel = made.drivers["A"].read().channels[2]
    assert (channel.detection, channel.pd_class, channel.enabled) == ("valid", 2, False)
    made.clock.run(60.0)
    assert not made.drivers["A"].read().channels[2].enabled
    made.drivers["A"].on(3, 2)
    made.clock.run(1.0)
    channel = made.drivers["A"].read().channels[2]
    assert channel.good
    assert channel.volts == pytest.approx(54.0, abs=0.1)
    assert channel.watts == pytest.approx(4.4, abs=0.1)
    others = [c for c in made.drivers["A"].read().channels if c is not channel]
    assert sum(c.good for c in others) == 1


def test_limits_follow_the_class_before_the_power_button(made: Made) -> None:
    started(made)
    power(made, 1, dome())
    power(made, 2, camera())
    log = list(made.bench.buses[1].log)
    presses = [
        i for i, call in enumerate(log) if call.operation == "write" and call.register == 0x19
    ]
    limits = [
        i for i, call in enumerate(log) if call.operation == "write" and call.register == 0x2A
    ]
    assert limits[0] < presses[0]
    assert made.bench.port(1).cut_a == pytest.approx(0.645)
    assert made.bench.port(1).limit_a > 0.6
    assert made.bench.port(2).cut_a == pytest.approx(0.204)


def test_every_register_the_driver_touches_is_in_the_datasheet(made: Made) -> None:
    started(made)
    for number in range(1, 5):
        power(made, number, dome())
    made.drivers["A"].shed_first(frozenset({2, 3}))
    made.drivers["A"].off(1)
    written = {call.register for call in made.bench.buses[1].log if call.operation == "write"}
    assert written <= {
        0x01, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x19, 0x20, 0x21, 0x29, 0x2A, 0x2B, 0x40,
    }  # fmt: skip


@pytest.mark.parametrize("register", [0x11, 0x1B, 0x10, 0x99])
def test_the_bench_fails_a_driver_that_writes_what_it_must_not(made: Made, register: int) -> None:
    with pytest.raises(RegisterMisuseError):
        made.bus.write(0x20, register, 1)


@pytest.mark.parametrize(
    ("kind", "detection"),
    [("resistor", "low"), ("legacy", "capacitance"), ("short", "short"), ("computer", "high")],
)
def test_what_is_no_pd_never_gets_power(made: Made, kind: str, detection: str) -> None:
    started(made)
    made.bench.plug(1, CATALOGUE[kind]())
    made.clock.run(1.0)
    assert made.drivers["A"].read().channels[0].detection == detection
    made.drivers["A"].on(1, 0)
    made.clock.run(10.0)
    assert not made.drivers["A"].read().channels[0].enabled


def test_faults_are_told_once_and_by_name(made: Made) -> None:
    started(made)
    power(made, 1, dome())
    power(made, 2, dome())
    power(made, 3, dome())
    made.bench.change(1, shorted=True)
    made.bench.change(2, extra_w=25.0)
    made.bench.plug(3, None)
    made.clock.run(1.0)
    channels = made.drivers["A"].read().channels
    assert [c.faults for c in channels[:3]] == [("short_circuit",), ("overload",), ("disconnect",)]
    assert not any(c.enabled for c in channels)
    assert all(not c.faults for c in made.drivers["A"].read().channels)


def test_an_inrush_that_does_not_end_is_a_fault(made: Made) -> None:
    started(made)
    power(made, 1, camera().with_(inrush_s=0.5))
    assert made.drivers["A"].read().channels[0].faults == ("inrush",)


def test_a_port_whose_device_was_pulled_is_detected_anew(made: Made) -> None:
    started(made)
    power(made, 1, camera())
    made.bench.plug(1, None)
    made.clock.run(1.0)
    made.drivers["A"].read()
    made.clock.run(1.0)
    assert made.drivers["A"].read().channels[0].detection == "open"
    made.bench.plug(1, CATALOGUE["computer"]())
    made.clock.run(5.0)
    channel = made.drivers["A"].read().channels[0]
    assert (channel.detection, channel.enabled) == ("high", False)


def test_a_restart_of_our_process_adopts_what_is_up_without_a_write(made: Made) -> None:
    started(made)
    power(made, 2, camera())
    assert made.drivers["A"].read().channels[1].good
    switched_on = made.bench.port(2).switched_on
    made.bench.buses[1].log.clear()
    drivers = made.new_drivers()
    begun = drivers["A"].start()
    assert not begun.fresh
    assert begun.adopted == {2}
    assert not [call for call in made.bench.buses[1].log if call.operation == "write"]
    channel = drivers["A"].read().channels[1]
    made.clock.run(30.0)
    assert (channel.good, channel.pd_class) == (True, 2)
    assert made.bench.port(2).good
    assert made.bench.port(2).switched_on == switched_on


def test_a_chip_that_lost_its_supply_is_set_up_anew(made: Made) -> None:
    started(made)
    power(made, 1, camera())
    made.bench.reset_chip("A")
    made.clock.run(0.2)
    reading = made.drivers["A"].read()
    assert "reset" in reading.faults
    made.clock.run(1.0)
    reading = made.drivers["A"].read()
    assert not reading.faults
    assert reading.channels[0].detection == "valid"
    assert not reading.channels[0].enabled


def test_another_chip_is_refused_with_both_identities(made: Made) -> None:
    made.bench.quad(1).values[0x1B] = 0x64
    with pytest.raises(PseError, match="0x64, not 0x52"):
        made.drivers["A"].start()


def test_the_temperature_below_zero_is_negative(made: Made) -> None:
    started(made)
    made.bench.quad(1).temperature_c = -12.0
    assert made.drivers["A"].read().temperature_c == pytest.approx(-12.0, abs=0.7)


def test_measurements_are_read_as_words_of_one_moment(made: Made) -> None:
    started(made)
    power(made, 1, camera())
    made.drivers["A"].read()
    byte_reads = {c.register for c in made.bench.buses[1].log if c.operation == "read"}
    assert not byte_reads & set(range(0x2E, 0x40))


def test_hardware_sheds_the_ports_that_were_named(made: Made) -> None:
    started(made)
    power(made, 1, camera())
    power(made, 2, camera())
    made.drivers["A"].shed_first(frozenset({2}))
    made.bench.quad(1).assert_shutdown_pin()
    channels = made.drivers["A"].read().channels
    assert [c.good for c in channels[:2]] == [True, False]


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.EREMOTEIO, "no_answer", "No chip answers at address 0x20"),
        (errno.ENXIO, "no_answer", "No chip answers"),
        (errno.ETIMEDOUT, "stuck", "is stuck"),
        (errno.EBUSY, "owned", "driver of the kernel"),
        (errno.EIO, "noise", "fail"),
        (errno.EACCES, "denied", "may not use"),
    ],
)
def test_bus_errors_are_named(made: Made, number: int, kind: str, words: str) -> None:
    made.bench.buses[1].break_for_good(number, 0x20)
    with pytest.raises(BusFault, match=words) as caught:
        made.drivers["A"].start()
    assert caught.value.kind == kind
    assert made.drivers["B"].start().fresh, "the other chip is not disturbed"


@pytest.mark.parametrize("number", [errno.EIO, errno.EAGAIN, errno.ETIMEDOUT, errno.EREMOTEIO])
def test_a_single_error_is_tried_again(made: Made, number: int) -> None:
    started(made)
    made.bench.buses[1].fail_next(number, 2)
    assert len(made.drivers["A"].read().channels) == 4


def test_a_missing_bus_is_named(made: Made) -> None:
    made.bench.buses[1].break_for_good(errno.ENOENT)
    with pytest.raises(BusFault, match="There is no I2C bus 1"):
        made.drivers["A"].start()

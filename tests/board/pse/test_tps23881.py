"""The TPS23881 driver: eight channels, firmware of the user's, policing by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from board.pse.contract import PseError
from board.sim.devices import CATALOGUE, camera, dome
from tests.board.made_poe import Made


def start(made: Made) -> None:
    for driver in made.drivers.values():
        assert driver.start().fresh
        for channel in range(1, 9):
            driver.detect(channel, wanted=True)


def power(made: Made, number: int, kind: str) -> None:
    made.bench.plug(number, CATALOGUE[kind]())
    made.clock.run(1.0)
    pd_class = made.drivers["A"].read().channels[number - 1].pd_class
    assert pd_class is not None
    made.drivers["A"].on(number, pd_class)
    made.clock.run(1.0)


def test_all_eight_channels_are_powered_over_both_addresses(made16: Made) -> None:
    start(made16)
    for number in range(1, 9):
        power(made16, number, "camera3")
    reading = made16.drivers["A"].read()
    assert all(channel.good for channel in reading.channels)
    assert [c.watts for c in reading.channels] == pytest.approx([9.0] * 8, abs=0.2)


def test_without_its_firmware_the_chip_says_what_to_do(tmp_path: Path) -> None:
    made = Made("reference16", tmp_path / "missing.bin")
    with pytest.raises(
        PseError, match=r"missing\.bin cannot be read .* Get the TPS23881 SRAM file"
    ):
        made.drivers["A"].start()


def test_an_empty_firmware_file_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "empty.bin"
    empty.write_bytes(b"")
    with pytest.raises(PseError, match="it has 0 bytes"):
        Made("reference16", empty).drivers["A"].start()


def test_policing_is_set_again_after_the_chip_forgot_it(made16: Made) -> None:
    start(made16)
    power(made16, 1, "camera")
    quad = made16.bench.quad(1)
    assert quad.values[0x1E] == round(7.0 * 1.05 * 2)
    made16.drivers["A"].off(1)
    assert quad.values[0x1E] == 0xFF
    assert quad.values[0x40] & 0x0F == 0x0F
    assert quad.values[0x13] == 0x0F
    power(made16, 1, "camera")
    assert quad.values[0x1E] == round(7.0 * 1.05 * 2)


def test_an_overload_is_cut_by_the_watts_of_the_class(made16: Made) -> None:
    start(made16)
    power(made16, 6, "camera")
    made16.bench.change(6, extra_w=6.0)
    made16.clock.run(1.0)
    assert made16.drivers["A"].read().channels[5].faults == ("overload",)


def test_a_restart_needs_no_firmware_and_adopts_all_channels(made16: Made) -> None:
    start(made16)
    made16.bench.plug(7, dome())
    made16.bench.plug(2, camera())
    made16.clock.run(1.0)
    made16.drivers["A"].read()
    made16.drivers["A"].on(7, 4)
    made16.drivers["A"].on(2, 2)
    made16.clock.run(1.0)
    made16.firmware = Path("/gone")
    made16.bench.buses[1].log.clear()
    begun = made16.new_drivers()["A"].start()
    assert (begun.fresh, begun.adopted) == (False, {2, 7})
    assert not [c for c in made16.bench.buses[1].log if c.operation in ("write", "block")]


def test_firmware_is_loaded_again_after_the_supply_failed(made16: Made) -> None:
    start(made16)
    power(made16, 1, "camera")
    made16.bench.reset_chip("A")
    made16.clock.run(0.1)
    assert "reset" in made16.drivers["A"].read().faults
    made16.clock.run(1.0)
    channel = made16.drivers["A"].read().channels[0]
    assert (channel.detection, channel.enabled) == ("valid", False)


def test_hardware_shedding_is_spread_over_both_halves(made16: Made) -> None:
    start(made16)
    made16.drivers["A"].shed_first(frozenset({2, 8}))
    assert made16.bench.quad(1).values[0x15] == 0x20
    assert made16.bench.quad(5).values[0x15] == 0x80

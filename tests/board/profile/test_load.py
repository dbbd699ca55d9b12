"""Board profiles: what ships is read whole; a wrong one is refused with line and reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from board.errors import ProfileError
from board.profile.load import (
    FOLDER,
    check_computer,
    for_this_computer,
    known,
    load,
    parse,
)


def reference_text() -> str:
    return (FOLDER / "reference.toml").read_text()


def refusal(text: str) -> ProfileError:
    with pytest.raises(ProfileError) as caught:
        parse(text, "mine.toml")
    return caught.value


def line_of(text: str, piece: str, occurrence: int = 1) -> int:
    lines = [number for number, line in enumerate(text.splitlines(), 1) if piece in line]
    return lines[occurrence - 1]


def test_every_profile_that_ships_is_read() -> None:
    assert known() == ["qemu-virt", "reference", "reference16", "simulated"]
    for name in known():
        assert load(name).board.id == name


def test_the_reference_board_is_what_the_requirements_say() -> None:
    board = load("reference")
    assert board.poe is not None
    assert board.switch is not None
    assert [port.number for port in board.poe.ports] == list(range(1, 9))
    assert [(chip.chip, chip.address) for chip in board.poe.chips] == [
        ("tps23861", 0x20),
        ("tps23861", 0x28),
    ]
    assert [(s.up_to_c, s.watts) for s in board.poe.budget][:2] == [(45, 130), (55, 100)]
    assert [port.netdev for port in board.switch.ports if port.poe] == [
        f"lan{n}" for n in range(1, 9)
    ]
    assert [port.netdev for port in board.switch.ports if port.uplink] == ["uplink"]
    assert len(board.lines.alarm_inputs) == 4
    assert len(board.lines.relays) == 2
    assert len(board.lines.supplies) == 1
    assert {button.name for button in board.lines.buttons} == {"power", "reset"}
    assert {led.name for led in board.leds} == {"power", "status", "hdd", "net", "alarm"}
    assert {port.kind for port in board.serial} == {"rs485", "rs232"}
    assert board.buzzer is not None
    assert board.rtc is not None
    assert len(board.fans) == 1
    assert len(board.bays) == len(board.usb) == len(board.audio) == 2


def test_the_sixteen_port_board_has_sixteen_ports_on_two_tps23881() -> None:
    power = load("reference16").poe
    assert power is not None
    assert len(power.ports) == 16
    assert {chip.chip for chip in power.chips} == {"tps23881"}
    assert all(chip.sram for chip in power.chips)


@pytest.mark.parametrize(
    ("before", "after", "at", "reason"),
    [
        ("guard_w = 6.0", "guard_w = -1", "guard_w", "it has to be 0 to 100"),
        ("guard_w = 6.0", "gard_w = 6.0", "gard_w", "Is guard_w meant?"),
        ("guard_w = 6.0", 'guard_w = "six"', "guard_w", "has to be a number"),
        ("guard_w = 6.0", "guard_w = 90", "guard_w", "leaves nothing"),
        ("address = 0x28", "address = 0x20", ("address = 0x20", 2), "taken already"),
        ("address = 0x28", "address = 0x30", "0x30", "all of these chips answer"),
        ("up_to_c = 55.0", "up_to_c = 44.0", "44.0", "rise in temperature"),
        ("line = 17", "line = 16", ("line = 16", 2), "belongs to relay 1"),
        ('backend = "rpi_gpio"', 'backend = "wiringpi"', "wiringpi", "one of rpi_gpio, gpiod"),
        ("line = 25", "line = 25.5", "25.5", "whole number"),
        ('sensor = "board"\nshed', 'sensor = "moon"\nshed', 'sensor = "moon"', "no sensor moon"),
        ("address = 0x20", "", "[[poe.pse]]", "address"),
    ],
)
def test_a_mistake_is_refused_where_it_stands(
    before: str, after: str, at: str | tuple[str, int], reason: str
) -> None:
    text = reference_text().replace(before, after, 1)
    error = refusal(text)
    piece, occurrence = at if isinstance(at, tuple) else (at, 1)
    assert error.file == "mine.toml"
    assert reason in error.reason
    assert error.line == line_of(text, piece, occurrence)
    assert str(error).startswith(f"mine.toml, line {error.line}: ")


def test_broken_toml_is_refused_with_its_line() -> None:
    error = refusal('[board]\nid = "a"\nname = \n')
    assert error.line == 3
    assert "TOML" in error.reason


def test_a_profile_without_its_identity_is_refused() -> None:
    assert "[board] is missing" in refusal("[gpio]\nbackend = 'gpiod'\nchip = 'x'\n").reason


def test_a_socket_that_names_a_missing_poe_port_is_refused() -> None:
    text = reference_text().replace("\npoe = 8\n", "\npoe = 9\n")
    assert "PoE port 9, which is not there" in refusal(text).reason


def test_an_unknown_profile_names_those_that_exist() -> None:
    with pytest.raises(ProfileError, match="reference16"):
        load("reference32")


def test_a_file_of_ones_own_is_read_by_its_path(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(reference_text().replace('id = "reference"', 'id = "own"'))
    assert load(str(own)).board.id == "own"


def test_a_profile_for_another_board_is_refused(tmp_path: Path) -> None:
    compatible = tmp_path / "compatible"
    compatible.write_bytes(b"linux,dummy-virt\0")
    with pytest.raises(ProfileError, match="but this is linux,dummy-virt"):
        check_computer(load("reference"), "reference.toml", compatible)
    check_computer(load("qemu-virt"), "qemu-virt.toml", compatible)
    check_computer(load("simulated"), "simulated.toml", tmp_path / "nothing")
    with pytest.raises(ProfileError, match="without a device tree"):
        check_computer(load("reference"), "reference.toml", tmp_path / "nothing")


def test_the_profile_of_this_very_computer_is_found_by_its_device_tree(tmp_path: Path) -> None:
    compatible = tmp_path / "compatible"
    assert for_this_computer(compatible) is None
    compatible.write_bytes(b"raspberrypi,4-compute-module\0brcm,bcm2711\0")
    found = for_this_computer(compatible)
    assert found is not None
    assert found.board.id == "reference"
    compatible.write_bytes(b"acme,toaster\0")
    assert for_this_computer(compatible) is None

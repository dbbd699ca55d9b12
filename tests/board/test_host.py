"""Readings of the computer are plausible on any machine the tests run on."""

from __future__ import annotations

from pathlib import Path

from board.host import Host, free_bytes


def test_reading_is_within_what_a_computer_can_be() -> None:
    host = Host()
    host.read()
    reading = host.read()
    assert 0.0 <= reading.cpu_percent <= 100.0
    assert reading.cores >= 1
    assert 0 < reading.memory_available <= reading.memory_total
    assert reading.temperature_c is None or 0 < reading.temperature_c < 130
    assert reading.uptime_s > 0


def test_processor_share_is_that_since_the_last_reading() -> None:
    host = Host()
    host.read()
    sum(number * number for number in range(3_000_000))
    assert host.read().cpu_percent > 0


def test_room_of_a_folder_is_told_and_of_none_is_not(tmp_path: Path) -> None:
    assert (free_bytes(tmp_path) or 0) > 0
    assert free_bytes(tmp_path / "nothing") is None

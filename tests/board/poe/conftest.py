"""Benches of PSE chips, on a clock that stands until it is told to go on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.board.made_poe import Made


@pytest.fixture
def made() -> Made:
    return Made()


@pytest.fixture
def made16(tmp_path: Path) -> Made:
    firmware = tmp_path / "sram.bin"
    firmware.write_bytes(bytes(range(256)) * 4)
    return Made("reference16", firmware)

"""The bench for tests of the board's drivers."""

from __future__ import annotations

import pytest

from tests.board.bench import LineBench


@pytest.fixture
def lines() -> LineBench:
    return LineBench()

"""A box and its cameras for each test."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(1, str(Path(__file__).parents[1] / "recording" / "ingest"))

from the_box import Box, small_camera

from appliance.cameras.sim.simulator import Simulator


@pytest.fixture
async def box(tmp_path_factory) -> AsyncIterator[Box]:
    """A started box; short folder names, since sockets have short paths."""
    made = Box(tmp_path_factory.mktemp("b"))
    await made.start()
    yield made
    await made.close()


@pytest.fixture(scope="session")
def loop_cache(tmp_path_factory) -> Path:
    """Encoded loops of this test run."""
    return tmp_path_factory.mktemp("loops")


@pytest.fixture
async def cameras(loop_cache) -> AsyncIterator[Simulator]:
    """Two small cameras, each with main and sub stream."""
    async with Simulator([small_camera("gate"), small_camera("yard")], cache=loop_cache) as made:
        yield made

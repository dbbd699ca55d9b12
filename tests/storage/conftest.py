"""Makes the helpers of this folder importable, and offers keys, volumes and footage."""

import shutil
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from made_fragments import Box

MEMORY = Path("/dev/shm")


@pytest.fixture
def folder(tmp_path):
    """A folder in memory where there is room: these tests sync thousands of times."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < 1 << 30:
        yield tmp_path
        return
    made = Path(tempfile.mkdtemp(dir=MEMORY))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def box(folder):
    """A recorder's box: a device key, a ledger, and volumes below a folder."""
    made = Box(folder)
    yield made
    made.close()

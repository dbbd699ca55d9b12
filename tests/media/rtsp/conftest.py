"""Where the answers of real devices lie."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def device_answers() -> Path:
    folder = ROOT.parent / "shared" / "fixtures" / "rtsp"
    if not folder.is_dir():
        pytest.skip(f"answers of real devices are not at {folder}")
    return folder

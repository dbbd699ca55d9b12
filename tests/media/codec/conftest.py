"""SDPs of real cameras, where they are at hand."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def real_sdps() -> dict[str, str]:
    folder = ROOT.parent / "shared" / "fixtures" / "rtsp"
    if not folder.is_dir():
        pytest.skip(f"answers of real devices are not at {folder}")
    return {path.name: path.read_text("latin-1") for path in sorted(folder.glob("*.txt"))}

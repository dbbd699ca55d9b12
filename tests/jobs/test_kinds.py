"""What the children of jobs may have: the public key only, and so much memory."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from appliance.jobs.kinds import MODULES, check_volume, verify_export
from appliance.jobs.reporting import Report
from appliance.storage.signing import DeviceKey

sys.path.insert(0, str(Path(__file__).parents[1] / "export"))

from made_footage import T0, Box, Camera, video


@pytest.fixture
def order(tmp_path: Path) -> Any:
    """The order of a check of a volume with a signed block, whose box has its key elsewhere."""
    box = Box(tmp_path)
    box.create()
    Camera(box.writer(), coded=video(noise=True)).record(T0, 30)
    box.close()
    return {"volume": "one", "path": str(tmp_path / "one"), "key": box.key.public, "quick": False,
            "ledger": str(tmp_path / "state" / "ledger.jsonl")}  # fmt: skip


def test_a_volume_is_checked_with_the_public_key_alone(order: Any, tmp_path: Path) -> None:
    outcome = check_volume.run(order, Report(1, tmp_path / "results"))
    assert outcome.problems == 0
    assert not list(tmp_path.rglob("device.key"))
    order["key"] = DeviceKey.new().public
    assert check_volume.run(order, Report(1, tmp_path / "results")).problems > 0


def test_no_child_of_a_job_opens_the_private_key() -> None:
    loaded = (
        "import sys; from importlib import import_module; import appliance.storage.signing as s"
    )
    for module in MODULES.values():
        source = f"{loaded}; m = import_module({module!r}); print(s.DeviceKey in vars(m).values())"
        done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True,
                              check=True)  # fmt: skip
        assert done.stdout.strip() == "False", module


def test_who_verifies_an_export_has_a_bound_on_its_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: dict[int, Any] = {}
    monkeypatch.setattr(resource, "setrlimit", limits.__setitem__)
    (tmp_path / "film.mp4").write_bytes(b"x")
    order = {"folder": str(tmp_path), "place": "usb", "name": "film.mp4", "own": "", "key": None}
    verify_export.run(order, Report(1, tmp_path))
    assert limits[resource.RLIMIT_AS] == (1 << 30, 1 << 30)
    assert limits[resource.RLIMIT_CORE] == (0, 0)

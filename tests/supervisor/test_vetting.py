"""Settings are judged by what is on this computer before they are saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from appliance.settings.document import DocumentFiles
from appliance.settings.problems import SettingsError
from appliance.settings.store import SettingsStore
from appliance.settings.vault import Vault
from appliance.supervisor.vetting import vet_volumes


def store_of(root: Path, *, disks_only: bool = False) -> SettingsStore:
    store = SettingsStore(
        DocumentFiles(root / "settings"),
        Vault.open(root / "key"),
        vets={"storage": lambda old, new: vet_volumes(old, new, disks_only=disks_only)},
    )
    store.open()
    return store


def wrong(store: SettingsStore, values: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        store.add("storage", values)
    assert store.raw("storage")["volumes"] == []
    return {".".join(map(str, problem.path)): problem.text for problem in caught.value.fields}


def test_mistyped_path_is_told_with_the_part_that_is_missing(tmp_path: Path) -> None:
    store = store_of(tmp_path)
    told = wrong(store, {"path": str(tmp_path / "no" / "a"), "size_limit_gb": 1.0})
    assert f"there is no folder {tmp_path}/no;" in told["path"]
    (tmp_path / "file").write_bytes(b"x")
    told = wrong(store, {"path": str(tmp_path / "file"), "size_limit_gb": 1.0})
    assert f"{tmp_path}/file is a file" in told["path"]
    assert not (tmp_path / "no").exists()
    store.add("storage", {"path": str(tmp_path / "a"), "size_limit_gb": 1.0})


@pytest.mark.parametrize("limit", [None, 1.0])
def test_on_the_box_only_mounted_disks_are_taken(tmp_path: Path, limit: float | None) -> None:
    store = store_of(tmp_path, disks_only=True)
    assert (
        "is no mounted disk"
        in wrong(store, {"path": str(tmp_path), "size_limit_gb": limit})["path"]
    )


def test_volume_whose_disk_is_missing_holds_up_no_other_change(tmp_path: Path) -> None:
    store = store_of(tmp_path)
    (tmp_path / "disk").mkdir()
    values = {"path": str(tmp_path / "disk" / "a"), "size_limit_gb": 1.0}
    number, _change = store.add("storage", values)
    (tmp_path / "disk").rmdir()
    store.change("storage", number, {"name": "Disk"})
    store.change("storage", None, {"wanted_days": 5})
    store.change("storage", number, {"enabled": False})
    with pytest.raises(SettingsError):
        store.change("storage", number, {"enabled": True})

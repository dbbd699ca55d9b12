"""A settings store in a folder of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.settings.document import DocumentFiles
from appliance.settings.store import SettingsStore
from appliance.settings.vault import Vault


class Box:
    """The settings of one box, opened again and again like at restarts."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "settings"
        self.key = root / "key" / "device.key"
        self.path = self.folder / "settings.json"
        self.good_path = self.folder / "settings.good.json"

    def open(self) -> SettingsStore:
        store = SettingsStore(DocumentFiles(self.folder), Vault.open(self.key))
        store.open()
        return store

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.path.read_text())
        return document

    def damage(self, change: Callable[[dict[str, Any]], None]) -> None:
        document = self.document()
        change(document)
        self.path.write_text(json.dumps(document))

    def kept_aside(self) -> list[Path]:
        return sorted(self.folder.glob("settings.json.broken-*"))


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


@pytest.fixture
def stranger(tmp_path: Path) -> Box:
    """Another box, with a key of its own."""
    return Box(tmp_path / "stranger")


@pytest.fixture
def filled(box: Box) -> Box:
    """Three channels, two volumes."""
    store = box.open()
    for number in (1, 2, 3):
        store.add(
            "channels",
            {
                "name": f"Camera {number}",
                "main_url": f"rtsp://10.0.0.{number}/main",
                "username": "admin",
                "password": f"secret-{number}",
                "pre_record_s": 7,
            },
        )
    store.add("storage", {"id": "a", "path": "/srv/volumes/a"})
    store.add("storage", {"id": "b", "path": "/srv/volumes/b", "size_limit_gb": 2.5})
    return box

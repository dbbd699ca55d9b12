"""The store against power cuts during writes and against wrong documents.

Sampled in every run; `make soak` does 600 power cuts and 10,000 documents.
"""

from __future__ import annotations

import copy
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.settings import files
from appliance.settings.document import DocumentFiles
from appliance.settings.problems import SettingsError, dotted
from appliance.settings.registry import PAGES
from appliance.settings.store import SettingsStore
from appliance.settings.vault import Vault

MOST_STEPS = 48
"""A change takes some 30: two files of a dozen writes each, syncs, renames."""


class PowerCut(Exception):
    """The power is gone: nothing more happens."""


class Disk:
    """Files whose unsynced parts are lost, torn or kept at a power cut, as a real disk may.

    It stands in for `os.open`, `write`, `fsync`, `close` and `Path.replace` of the module `files`:
    a write counts once its file is synced, a rename once its folder is; before that any part of
    both may have reached the disk, in any order.
    """

    def __init__(self, folder: Path, cut_after: int, chance: random.Random) -> None:
        self.folder = folder
        self.left = cut_after
        self.chance = chance
        self.open_files: dict[int, Path] = {}
        self.unsynced: dict[Path, bytes] = {}
        self.renames: list[tuple[Path, Path, bytes, bytes | None]] = []
        self.steps = 0

    def step(self) -> None:
        self.steps += 1
        if self.left == 0:
            self.lose()
            raise PowerCut
        self.left -= 1

    def opened(self, path: Any, flags: int, mode: int = 0o777) -> int:
        self.step()
        descriptor = os.open(path, flags, mode)
        self.open_files[descriptor] = Path(path)
        return descriptor

    def write(self, descriptor: int, data: Any) -> int:
        self.step()
        part = bytes(data)[: max(1, self.chance.randrange(len(data)) + 1)]
        path = self.open_files[descriptor]
        self.unsynced[path] = self.unsynced.get(path, b"") + part
        return os.write(descriptor, part)

    def fsync(self, descriptor: int) -> None:
        self.step()
        path = self.open_files[descriptor]
        if path.is_dir():
            self.renames.clear()
        else:
            self.unsynced.pop(path, None)

    def close(self, descriptor: int) -> None:
        self.open_files.pop(descriptor)
        os.close(descriptor)

    def replace(self, source: Path, target: Path) -> None:
        self.step()
        before = target.read_bytes() if target.exists() else None
        self.renames.append((source, target, source.read_bytes(), before))
        if source in self.unsynced:
            self.unsynced[target] = self.unsynced.pop(source)
        os.replace(source, target)

    def lose(self) -> None:
        """Keep any part of what was not synced, and any first part of the renames."""
        kept = self.chance.randrange(len(self.renames) + 1)
        for source, target, data, before in reversed(self.renames[kept:]):
            source.write_bytes(data)
            if before is None:
                target.unlink(missing_ok=True)
            else:
                target.write_bytes(before)
        for path, data in self.unsynced.items():
            if path.exists():
                torn = data[: self.chance.randrange(len(data) + 1)]
                path.write_bytes(torn + bytes(self.chance.randrange(3)))


def survive(folder: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Change the settings on a disk that loses power somewhere; return after how many steps."""
    key = folder / "key"
    store = SettingsStore(DocumentFiles(folder), Vault.open(key))
    store.open()
    store.change("general", None, {"name": "old"})
    chance = random.Random(seed)
    disk = Disk(folder, chance.randrange(MOST_STEPS), chance)
    with monkeypatch.context() as patches:
        os_module = type(
            "Os",
            (),
            {
                name: getattr(os, name)
                for name in ("O_WRONLY", "O_CREAT", "O_TRUNC", "O_RDONLY", "O_DIRECTORY")
            }
            | {
                "open": staticmethod(disk.opened),
                "write": staticmethod(disk.write),
                "fsync": staticmethod(disk.fsync),
                "close": staticmethod(disk.close),
            },
        )
        patches.setattr(files, "os", os_module)
        patches.setattr(Path, "replace", lambda source, target: disk.replace(source, target))
        done = False
        try:
            store.change("general", None, {"name": "new"})
            done = True
        except PowerCut:
            pass
    for descriptor in list(disk.open_files):
        os.close(descriptor)
    again = SettingsStore(DocumentFiles(folder), Vault.open(key))
    assert again.open() == [], f"seed {seed}: the document had to be mended"
    name = again.raw("general")["name"]
    assert name in ("old", "new"), f"seed {seed}"
    if done:
        assert name == "new", f"seed {seed}: a change that was answered is gone"
    else:
        good = json.loads((folder / "settings.good.json").read_bytes())
        assert good["pages"]["general"]["name"] in ("old", "new")
    return disk.steps


def cuts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, first: int) -> set[int]:
    found = set()
    for seed in range(first, first + count):
        folder = tmp_path / str(seed)
        folder.mkdir()
        found.add(survive(folder, seed, monkeypatch))
    return found


def test_power_cut_during_a_write_leaves_the_old_or_the_new_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = cuts(tmp_path, monkeypatch, 60, 0)
    assert len(steps) >= 8, "the power was always cut at the same place"


@pytest.mark.soak
def test_many_power_cuts_leave_the_old_or_the_new_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cuts(tmp_path, monkeypatch, 600, 1000)


def test_write_without_sync_before_the_rename_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test's disk is hard enough: a planted ordering bug shows."""

    def careless(path: Path, data: bytes) -> None:
        temporary = path.with_name(path.name + ".new")
        descriptor = files.os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        view = memoryview(data)
        while view:
            view = view[files.os.write(descriptor, view) :]
        files.os.close(descriptor)
        temporary.replace(path)

    monkeypatch.setattr("appliance.settings.document.write_atomically", careless)
    with pytest.raises(AssertionError, match="seed"):
        cuts(tmp_path, monkeypatch, 200, 0)


# -- wrong documents ---------------------------------------------------------------------------


def paths_of(values: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of every plain value."""
    if isinstance(values, dict):
        for name, value in values.items():
            yield from paths_of(value, (*at, name))
    elif isinstance(values, list) and values and isinstance(values[0], dict):
        for number, value in enumerate(values):
            yield from paths_of(value, (*at, number))
    else:
        yield at


WRONG = ({"nested": 1}, [[1]], object, 10**30, "\x00", -(10**12), 3.5e300, ["x", None], "a" * 5000)


def spoil(values: dict[str, Any], place: tuple[Any, ...], wrong: Any) -> None:
    for part in place[:-1]:
        values = values[part]
    values[place[-1]] = wrong  # type: ignore[index]


def refuses_every_wrong_field(filled: Any, count: int, seed: int) -> None:
    store = filled.open()
    store.add("holidays", {"name": "May", "kind": "date", "first": "2026-05-01"})
    pages = {name: store.read(name)["values"] for name in PAGES}
    places = {
        name: [p for p in paths_of(values) if p and p[-1] != "set"]
        for name, values in pages.items()
    }
    names = [name for name in PAGES if places[name]]
    chance, version = random.Random(seed), store.version
    for number in range(count):
        name = chance.choice(names)
        values = copy.deepcopy(pages[name])
        chosen = chance.sample(places[name], min(len(places[name]), chance.randrange(1, 6)))
        for place in chosen:
            spoil(values, place, object() if (wrong := chance.choice(WRONG)) is object else wrong)
        if chance.random() < 0.2:
            values["no_such_setting"] = 1
            chosen.append(("no_such_setting",))
        with pytest.raises(SettingsError) as caught:
            store.replace_pages({name: values})
        told = [dotted(problem.path) for problem in caught.value.fields]
        for place in chosen:
            wanted = dotted((name, *place))
            near = any(t == wanted or t.startswith(wanted + ".") or wanted.startswith(t + ".")
                       for t in told)  # fmt: skip
            assert near, f"document {number}: {wanted} is wrong and not among {told}"
        assert all(problem.text for problem in caught.value.fields)
    assert store.version == version


def test_wrong_document_is_refused_with_every_wrong_field_named(filled: Any) -> None:
    refuses_every_wrong_field(filled, 300, 1)


@pytest.mark.soak
def test_many_wrong_documents_are_refused_with_every_wrong_field_named(filled: Any) -> None:
    refuses_every_wrong_field(filled, 10_000, 2)

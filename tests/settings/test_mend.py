"""A damaged settings file: every mistake named, the rest kept, the box runs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.settings.document import DocumentFiles
from appliance.settings.mend import check, mend
from appliance.settings.registry import PAGES
from appliance.settings.store import SettingsStore
from appliance.settings.vault import Vault


def test_ten_mistakes_are_all_named_and_each_field_takes_its_last_good_value(filled: Any) -> None:
    def ten_mistakes(document: dict[str, Any]) -> None:
        pages = document["pages"]
        pages["general"]["zone"] = "Europe/Atlantis"
        pages["general"]["colour"] = "red"
        channels = pages["channels"]["items"]
        channels[0]["pre_record_s"] = 400
        channels[0]["mode"] = "sometimes"
        channels[1]["main_url"] = "not an address"
        channels[1]["enabled"] = "yes"
        channels[2]["id"] = 1
        pages["record"]["items"][0]["week"]["monday"] = [{"start": "9", "end": "10:00"}]
        pages["storage"]["volumes"][1]["path"] = "relative/folder"
        pages["web"] = ["https"]

    filled.damage(ten_mistakes)
    broken = filled.path.read_bytes()
    store = filled.open()
    assert {(note.page, note.path, note.used) for note in store.mended} == {
        ("general", "zone", "last good copy"),
        ("general", "colour", "left out"),
        ("channels", "items.1.pre_record_s", "last good copy"),
        ("channels", "items.1.mode", "last good copy"),
        ("channels", "items.2.main_url", "last good copy"),
        ("channels", "items.2.enabled", "last good copy"),
        ("channels", "items.1.id", "left out"),
        ("record", "items.1.week.monday.0.start", "last good copy"),
        ("record", "items.1.week.monday.0.kinds", "last good copy"),
        ("storage", "volumes.b.path", "last good copy"),
        ("web", "", "last good copy"),
    }
    assert all(note.text for note in store.mended)
    values = store.read("channels")["values"]["items"]
    assert [item["id"] for item in values] == [1, 2]
    assert (values[0]["pre_record_s"], values[0]["mode"]) == (7, "auto")
    assert values[1]["main_url"] == "rtsp://10.0.0.2/main"
    assert store.read("storage")["values"]["volumes"][1]["path"] == "/srv/volumes/b"
    assert [path.read_bytes() for path in filled.kept_aside()] == [broken]
    assert filled.open().mended == []


def test_without_a_good_copy_wrong_fields_take_their_defaults(filled: Any) -> None:
    def spoil(document: dict[str, Any]) -> None:
        items = document["pages"]["channels"]["items"]
        items[0]["pre_record_s"] = None
        items[1]["main_url"] = 7

    filled.damage(spoil)
    filled.good_path.unlink()
    store = filled.open()
    items = store.read("channels")["values"]["items"]
    assert items[0]["pre_record_s"] == 5
    assert (items[1]["main_url"], items[1]["enabled"]) == ("", False)
    assert store.reveal("channels", 2, "password") == "secret-2"


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000, b"[]", b'{"schema": 1}', b'{"pages": 3}'],
    ids=["empty", "cut off", "not text", "deep", "list", "no pages", "pages a number"],
)
def test_unreadable_file_is_kept_aside_and_the_last_good_copy_used(
    filled: Any, damage: bytes
) -> None:
    filled.path.write_bytes(damage)
    store = filled.open()
    assert len(store.read("channels")["values"]["items"]) == 3
    assert store.reveal("channels", 1, "password") == "secret-1"
    assert [note.used for note in store.mended] == ["last good copy"]
    assert [path.read_bytes() for path in filled.kept_aside()] == [damage]


def test_both_files_unreadable_end_in_defaults_not_in_a_crash(filled: Any) -> None:
    filled.path.write_bytes(b"\x00" * 4096)
    filled.good_path.write_bytes(b"{}")
    store = filled.open()
    assert store.read("channels")["values"]["items"] == []
    assert store.mended


def test_file_that_vanished_is_taken_from_the_good_copy(filled: Any) -> None:
    filled.path.unlink()
    store = filled.open()
    assert not store.fresh
    assert len(store.read("channels")["values"]["items"]) == 3


def test_secrets_written_in_clear_by_hand_are_sealed_at_the_next_start(filled: Any) -> None:
    def write_clear(document: dict[str, Any]) -> None:
        document["pages"]["channels"]["items"][0]["password"] = "by hand"

    filled.damage(write_clear)
    store = filled.open()
    assert store.reveal("channels", 1, "password") == "by hand"
    assert b"by hand" not in filled.path.read_bytes()


def test_lost_device_key_costs_the_secrets_only_and_names_them(filled: Any) -> None:
    filled.key.unlink()
    store = filled.open()
    assert {note.path for note in store.mended} == {
        "items.1.password",
        "items.2.password",
        "items.3.password",
    }
    assert store.read("channels")["values"]["items"][0]["main_url"] == "rtsp://10.0.0.1/main"


def test_file_of_newer_software_is_kept_aside_and_used_as_far_as_it_is_known(filled: Any) -> None:
    def newer(document: dict[str, Any]) -> None:
        document["schema"] = 99
        document["pages"]["general"]["hologram"] = True
        document["pages"]["holograms"] = {}

    filled.damage(newer)
    store = filled.open()
    assert {(note.page, note.code) for note in store.mended} == {
        ("settings.json", "document"),
        ("general", "unknown"),
        ("holograms", "unknown"),
    }
    assert len(store.read("channels")["values"]["items"]) == 3
    assert filled.kept_aside()


def test_document_of_an_older_shape_is_brought_forward_step_by_step(filled: Any) -> None:
    def older(document: dict[str, Any]) -> None:
        document["schema"] = 1
        document["pages"]["general"]["title"] = document["pages"]["general"].pop("name")

    def to_2(pages: dict[str, Any]) -> dict[str, Any]:
        pages["general"]["label"] = pages["general"].pop("title")
        return pages

    def to_3(pages: dict[str, Any]) -> dict[str, Any]:
        pages["general"]["name"] = pages["general"].pop("label") + "!"
        return pages

    filled.damage(older)
    files = DocumentFiles(filled.folder, schema=3, migrations={1: to_2, 2: to_3})
    store = SettingsStore(files, Vault.open(filled.key))
    assert store.open() == []
    assert store.read("general")["values"]["name"] == "NVR!"
    assert filled.document()["schema"] == 3


def test_two_channels_of_one_id_leave_the_first(filled: Any) -> None:
    def twice(document: dict[str, Any]) -> None:
        items = document["pages"]["channels"]["items"]
        items.append({**items[0], "name": "Twin"})

    filled.damage(twice)
    store = filled.open()
    assert [item["name"] for item in store.read("channels")["values"]["items"]] == [
        "Camera 1",
        "Camera 2",
        "Camera 3",
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "name", "items", "volumes", "week", "path", "main_url", "zone"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, print_blob=True)
@given(st.sampled_from(sorted(PAGES)), JSON, JSON)
def test_whatever_a_page_holds_valid_settings_come_out(name: str, raw: Any, good: Any) -> None:
    fields, notes = mend(name, PAGES[name], raw, good)
    again, problems = check(PAGES[name], json.loads(json.dumps(fields.model_dump())))
    assert again is not None, problems
    if raw not in ({}, fields.model_dump()):
        assert notes or check(PAGES[name], raw)[0] is not None

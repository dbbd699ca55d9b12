"""Settings as a whole: reset, export and import, all of it or nothing."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from appliance.settings import transfer
from appliance.settings.declare import ResetGroup
from appliance.settings.problems import SettingsError, dotted

PASSWORD = "Lantern7Field"


def refused(work: Any) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        work()
    return {dotted(problem.path): problem.code for problem in caught.value.fields}


def test_reset_brings_every_page_back_and_leaves_the_network_where_asked(filled: Any) -> None:
    store = filled.open()
    store.change("web", None, {"session_hours": 3})
    store.change("general", None, {"name": "Shop"})
    preview = store.weigh(store.defaults(but={ResetGroup.NETWORK}))
    assert store.raw("general")["name"] == "Shop"
    change = store.replace_pages(store.defaults(but={ResetGroup.NETWORK}))
    assert change.edits == preview.edits
    assert set(change.edits) >= {"general", "channels", "storage"}
    assert store.raw("general")["name"] == "NVR"
    assert store.raw("channels")["items"] == store.raw("record")["items"] == []
    assert store.raw("web")["session_hours"] == 3
    store.replace_pages(store.defaults())
    assert filled.open().raw("web")["session_hours"] == 12


def test_what_changed_is_told_in_words_without_secrets(filled: Any) -> None:
    store = filled.open()
    store.change("general", None, {"name": "Shop"})
    words = [
        edit.words() for edits in store.weigh(store.defaults()).edits.values() for edit in edits
    ]
    assert "Name: Shop \u2192 NVR" in words
    assert "removed (Camera 2)" in words
    assert not [text for text in words if "secret" in text]


def test_export_with_a_password_brings_everything_to_another_box(
    filled: Any, stranger: Any
) -> None:
    document = filled.open().export(PASSWORD)
    text = json.dumps(document)
    assert "secret-1" not in text
    assert filled.open().raw("channels")["items"][0]["password"]["$sealed"] not in text
    other = stranger.open()
    other.replace_pages(other.pages_of(json.loads(text), PASSWORD))
    assert other.reveal("channels", 2, "password") == "secret-2"
    assert other.read("storage")["values"] == filled.open().read("storage")["values"]


def test_export_without_a_password_leaves_secrets_out_and_import_keeps_those_there(
    filled: Any,
) -> None:
    store = filled.open()
    document = store.export(None)
    assert document["secrets"] is None
    store.change("channels", 1, {"password": "newer", "name": "Renamed"})
    store.replace_pages(store.pages_of(document, None))
    assert store.raw("channels")["items"][0]["name"] == "Camera 1"
    assert store.reveal("channels", 1, "password") == "newer"


def test_wrong_password_and_altered_secrets_are_refused_at_the_field(filled: Any) -> None:
    store = filled.open()
    document = store.export(PASSWORD)
    assert refused(lambda: store.pages_of(document, "Another1Word")) == {"password": "wrong"}
    broken = copy.deepcopy(document)
    broken["secrets"]["n"] = 1 << 30
    assert refused(lambda: store.pages_of(broken, PASSWORD)) == {"document.secrets": "malformed"}
    assert refused(lambda: store.export("short")) == {"password": "too_short"}


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ([], "document"),
        ({"format": "other"}, "document"),
        ({"format": "nvr-settings", "schema": 1, "pages": []}, "document.pages"),
        ({"format": "nvr-settings", "schema": 99, "pages": {}}, "document.schema"),
        ({"format": "nvr-settings", "schema": True, "pages": {}}, "document.schema"),
    ],
)
def test_foreign_file_is_refused_in_words(filled: Any, document: Any, path: str) -> None:
    store = filled.open()
    assert set(refused(lambda: store.pages_of(document, None))) == {path}


def test_every_wrong_field_of_every_page_is_named_and_nothing_changes(filled: Any) -> None:
    store = filled.open()
    document = store.export(None)
    document["pages"]["general"]["clock"] = "13h"
    document["pages"]["web"]["https_port"] = 0
    document["pages"]["channels"]["items"][1]["pre_record_s"] = 99
    before, version = store.raw("general"), store.version
    assert refused(lambda: store.replace_pages(store.pages_of(document, None))) == {
        "general.clock": "choice",
        "web.https_port": "too_small",
        "channels.items.1.pre_record_s": "too_large",
    }
    assert (store.raw("general"), store.version) == (before, version)


def test_import_with_two_entries_of_one_id_is_refused(filled: Any) -> None:
    store = filled.open()
    document = store.export(None)
    document["pages"]["channels"]["items"].append(document["pages"]["channels"]["items"][0])
    wrong = refused(lambda: store.replace_pages(store.pages_of(document, None)))
    assert wrong == {"channels.items.3.id": "duplicate"}


@pytest.mark.parametrize("field", ["main_url", "sub_url"])
def test_import_does_not_carry_a_stored_password_to_another_host(filled: Any, field: str) -> None:
    """Who may take over a file must not learn a camera's password by putting his address in it."""
    store = filled.open()
    document = store.export(None)
    document["pages"]["channels"]["items"][1][field] = "rtsp://evil.example/x"
    store.replace_pages(store.pages_of(document, None))
    assert store.raw("channels")["items"][1][field] == "rtsp://evil.example/x"
    assert store.reveal("channels", 2, "password") == ""
    assert store.reveal("channels", 1, "password") == "secret-1"


def test_sealed_part_that_holds_no_secrets_by_place_is_refused_at_the_field(
    filled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled.open()
    with monkeypatch.context() as patch:
        patch.setattr(transfer, "dict", list, raising=False)
        document = store.export(None) | {"secrets": transfer.seal({"a": "b"}, PASSWORD)}
    assert refused(lambda: store.pages_of(document, PASSWORD)) == {"document.secrets": "malformed"}

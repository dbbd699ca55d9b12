"""Settings as a whole: reset, the file of a configuration, all of it or nothing."""

from __future__ import annotations

import copy
import json
import random
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.settings.declare import ResetGroup
from appliance.settings.problems import FieldProblem, SettingsError, dotted
from appliance.settings.registry import PAGES
from appliance.settings.transfer import seal, unseal

sys.path.insert(0, str(Path(__file__).parent))

from made_settings import made_pages

PASSPHRASE = "Lantern7Field"


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


def test_a_replacement_box_gets_everything_camera_passwords_too(filled: Any, stranger: Any) -> None:
    """D2-MT-32, D2-MT-33."""
    file = seal({"settings": filled.open().gather()}, {"device": "Shop"}, PASSPHRASE)
    assert "secret-1" not in file
    assert "10.0.0.1" not in file
    assert filled.open().raw("channels")["items"][0]["password"]["$sealed"] not in file
    opened = unseal(file, PASSPHRASE)
    assert opened.about == {"device": "Shop"}
    other = stranger.open()
    other.replace_pages(other.pages_of(opened.parts["settings"]))
    assert other.reveal("channels", 2, "password") == "secret-2"
    assert other.read("storage")["values"] == filled.open().read("storage")["values"]
    here = filled.open().raw("channels")["items"][0]["password"]
    assert other.raw("channels")["items"][0]["password"] != here


@pytest.mark.parametrize("seed", [1, 2, pytest.param(range(3, 60), marks=pytest.mark.soak)])
def test_whatever_is_set_is_the_same_on_the_second_box(
    box: Any, stranger: Any, seed: int | range
) -> None:
    """Figure: 64 channels exported and imported, every setting equal."""
    for number in [seed] if isinstance(seed, int) else seed:
        pages = made_pages(random.Random(number))
        assert len(pages["channels"]["items"]) == 64
        store, other = box.open(), stranger.open()
        store.replace_pages(pages)
        fixed = {  # the same ports, inputs and outputs: the same board
            name: {collection.field: [{"id": e["id"]} for e in pages[name][collection.field]]}
            for name, model in PAGES.items()
            if (collection := model.spec.collection) is not None and collection.fixed
        }
        other.replace_pages(fixed)
        file = seal({"settings": store.gather()}, {}, PASSPHRASE)
        given, misfits = other.fitted(other.pages_of(unseal(file, PASSPHRASE).parts["settings"]))
        other.replace_pages(given)
        assert misfits == []
        assert other.gather() == store.gather()
        assert len(store.gather()["secrets"]) >= 64
        assert other.weigh(given).pages == {}


def test_a_part_without_secrets_keeps_those_there(filled: Any) -> None:
    store = filled.open()
    document = {**store.gather(), "secrets": {}}
    store.change("channels", 1, {"password": "newer", "name": "Renamed"})
    store.replace_pages(store.pages_of(document))
    assert store.raw("channels")["items"][0]["name"] == "Camera 1"
    assert store.reveal("channels", 1, "password") == "newer"


def test_another_board_gets_what_fits_and_is_told_what_does_not(box: Any, stranger: Any) -> None:
    big, small = box.open(), stranger.open()
    ports = [{"id": n, "priority": "low", "limit_w": 7.5} for n in range(1, 17)]
    big.replace_pages({"poe": {"items": ports}})
    small.replace_pages({"poe": {"items": [{"id": n} for n in (1, 2, 17)]}})
    document = copy.deepcopy(big.gather())
    document["pages"]["wormhole"] = {"diameter": 3}
    given, misfits = small.fitted(small.pages_of(document))
    small.replace_pages(given)
    after = small.raw("poe")["items"]
    assert [(port["id"], port["priority"]) for port in after] == [
        (1, "low"), (2, "low"), (17, "high"),
    ]  # fmt: skip
    assert [(m.page, m.item) for m in misfits] == [
        *(("poe", n) for n in range(3, 17)), ("wormhole", None),
    ]  # fmt: skip
    assert misfits[0].text == "this recorder does not have it"


def test_more_channels_than_there_is_room_for_are_left_out_and_named(
    filled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled.open()
    document = store.gather()
    spec = PAGES["channels"].spec
    assert spec.collection is not None
    few = replace(spec, collection=replace(spec.collection, capacity=2))
    monkeypatch.setattr(PAGES["channels"], "spec", few)
    given, misfits = store.fitted(store.pages_of(document))
    store.replace_pages(given)
    assert [entry["id"] for entry in store.raw("channels")["items"]] == [1, 2]
    assert [entry["id"] for entry in store.raw("record")["items"]] == [1, 2]
    assert ("channels", 3, "this recorder has room for 2") in [
        (m.page, m.item, m.text) for m in misfits
    ]


def test_a_volume_that_cannot_be_here_is_named_and_those_there_stay(
    filled: Any, stranger: Any
) -> None:
    other = stranger.open()
    other.add("storage", {"id": "own", "path": "/srv/volumes/own"})
    other._vets = {"storage": _no_a}
    given, misfits = other.fitted(other.pages_of(filled.open().gather()))
    other.replace_pages(given)
    assert [volume["id"] for volume in other.raw("storage")["volumes"]] == ["b", "own"]
    assert [(m.page, m.item, m.text) for m in misfits] == [("storage", "a", "is no disk")]


def _no_a(_before: Any, after: Any) -> list[FieldProblem]:
    return [
        FieldProblem(("volumes", number, "path"), "no_disk", "is no disk")
        for number, volume in enumerate(after["volumes"])
        if volume["id"] == "a"
    ]


def test_a_wrong_passphrase_and_a_short_one_are_refused_at_the_field(filled: Any) -> None:
    file = seal({"settings": filled.open().gather()}, {}, PASSPHRASE)
    assert refused(lambda: unseal(file, "Another1Word")) == {"passphrase": "wrong"}
    assert refused(lambda: seal({}, {}, "short")) == {"passphrase": "too_short"}


def test_a_file_cut_off_anywhere_is_refused_as_such(filled: Any) -> None:
    file = seal({"settings": filled.open().gather()}, {"device": "Shop"}, PASSPHRASE)
    codes = set()
    for length in range(0, len(file) - 1, max(1, len(file) // 150)):
        codes |= set(refused(lambda n=length: unseal(file[:n], PASSPHRASE)).values())  # type: ignore[misc]
    assert codes == {"cut_off", "format"}
    assert refused(lambda: unseal(file[: len(file) // 2], PASSPHRASE)) == {"file": "cut_off"}


def test_nothing_of_the_head_can_be_altered(filled: Any) -> None:
    file = seal({"settings": {}}, {"device": "Shop", "schema": 1}, PASSPHRASE)
    for change in (
        {"about": {"device": "Bank", "schema": 1}},
        {"extra": 1},
        {"kdf": {**json.loads(file)["kdf"], "r": 4}},
    ):
        altered = json.dumps({**json.loads(file), **change})
        assert set(refused(lambda a=altered: unseal(a, PASSPHRASE))) == {"passphrase"}  # type: ignore[misc]
    relaid = json.dumps(json.loads(file), sort_keys=True)
    assert unseal(relaid, PASSPHRASE).parts == {"settings": {}}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"version": 2}, "newer"),
        ({"about": {"schema": 99}}, "newer"),
        ({"version": "1"}, "malformed"),
        ({"format": "nvr-recipes"}, "format"),
        ({"kdf": {"name": "scrypt", "n": 1 << 30, "r": 8, "p": 1, "salt": ""}}, "malformed"),
        ({"kdf": {"name": "md5"}}, "malformed"),
        ({"kdf": None}, "malformed"),
        ({"cipher": {"name": "aes-256-gcm", "nonce": "AAAA"}}, "malformed"),
        ({"sealed": "%%%"}, "malformed"),
        ({"sealed": None}, "malformed"),
    ],
)
def test_a_foreign_newer_or_damaged_file_is_refused_in_words(change: Any, code: str) -> None:
    file = json.loads(seal({"settings": {}}, {"schema": 1}, PASSPHRASE))
    assert refused(lambda: unseal(json.dumps({**file, **change}), PASSPHRASE)) == {"file": code}


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "{}", "[" * 100_000, "x" * (1 << 20)])
def test_what_is_no_configuration_is_refused(text: str) -> None:
    assert set(refused(lambda: unseal(text, PASSPHRASE))) == {"file"}


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ([], "malformed"),
        ({"schema": 1, "pages": []}, "malformed"),
        ({"schema": 1, "pages": {"general": []}}, "malformed"),
        ({"schema": 99, "pages": {}}, "newer"),
        ({"schema": True, "pages": {}}, "malformed"),
    ],
)
def test_a_senseless_part_is_refused_in_words(filled: Any, document: Any, code: str) -> None:
    store = filled.open()
    assert refused(lambda: store.pages_of(document)) == {"file": code}


def test_a_bomb_is_not_unpacked() -> None:
    bomb = {"settings": "0" * (17 << 20)}
    file = seal(bomb, {}, PASSPHRASE)
    assert refused(lambda: unseal(file, PASSPHRASE)) == {"file": "malformed"}


def test_every_wrong_field_of_every_page_is_named_and_nothing_changes(filled: Any) -> None:
    store = filled.open()
    document = copy.deepcopy(store.gather())
    document["pages"]["general"]["clock"] = "13h"
    document["pages"]["web"]["https_port"] = 0
    document["pages"]["channels"]["items"][1]["pre_record_s"] = 99
    before, version = store.raw("general"), store.version
    assert refused(lambda: store.replace_pages(store.pages_of(document))) == {
        "general.clock": "choice",
        "web.https_port": "too_small",
        "channels.items.1.pre_record_s": "too_large",
    }
    assert (store.raw("general"), store.version) == (before, version)


def test_import_with_two_entries_of_one_id_is_refused(filled: Any) -> None:
    store = filled.open()
    document = copy.deepcopy(store.gather())
    document["pages"]["channels"]["items"].append(document["pages"]["channels"]["items"][0])
    wrong = refused(lambda: store.replace_pages(store.pages_of(document)))
    assert wrong == {"channels.items.3.id": "duplicate"}


@pytest.mark.parametrize("field", ["main_url", "sub_url"])
def test_import_does_not_carry_a_stored_password_to_another_host(filled: Any, field: str) -> None:
    """Who may take over a file must not learn a camera's password by putting his address in it."""
    store = filled.open()
    document = {**copy.deepcopy(store.gather()), "secrets": {}}
    document["pages"]["channels"]["items"][1][field] = "rtsp://evil.example/x"
    store.replace_pages(store.pages_of(document))
    assert store.raw("channels")["items"][1][field] == "rtsp://evil.example/x"
    assert store.reveal("channels", 2, "password") == ""
    assert store.reveal("channels", 1, "password") == "secret-1"

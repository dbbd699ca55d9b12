"""Changes of settings: as a whole or not at all, durable, without a secret in clear."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from appliance.settings.problems import SettingsError
from appliance.settings.vault import Vault, VaultError


def paths_of(error: SettingsError) -> dict[str, str]:
    return {problem.as_dict()["path"]: problem.code for problem in error.fields}


def test_fresh_box_has_defaults_and_says_so(box: Any) -> None:
    store = box.open()
    assert store.fresh
    assert store.version == 0
    assert store.read("general")["values"]["name"] == "NVR"
    assert not box.path.exists()


def test_change_survives_a_restart_and_raises_the_version(filled: Any) -> None:
    store = filled.open()
    before = store.version
    change = store.change("channels", 2, {"name": "Yard", "mode": "manual"})
    assert change.version == before + 1
    assert change.pages == {"channels": [2]}
    again = filled.open()
    assert not again.fresh
    assert again.version == change.version
    item = again.read("channels")["values"]["items"][1]
    assert (item["name"], item["mode"], item["pre_record_s"]) == ("Yard", "manual", 7)


def test_every_wrong_field_is_named_at_once_and_nothing_is_changed(filled: Any) -> None:
    store = filled.open()
    before = store.read("channels")
    with pytest.raises(SettingsError) as caught:
        store.change(
            "channels",
            1,
            {
                "name": "x" * 64,
                "main_url": "http//nonsense",
                "mode": "sometimes",
                "pre_record_s": 31,
                "expiry_days": 3,
                "wanted_days": 9,
                "enabled": "yes",
                "colour": "red",
            },
        )
    assert paths_of(caught.value) == {
        "name": "too_long",
        "main_url": "url",
        "mode": "choice",
        "pre_record_s": "too_large",
        "enabled": "wrong_type",
        "colour": "unknown",
        "wanted_days": "conflict",
    }
    assert "7 fields" in caught.value.text
    assert store.read("channels") == before


def test_conflicts_are_named_beside_wrong_fields_inside_nested_entries(filled: Any) -> None:
    store = filled.open()
    periods = [
        {"start": "10:00", "end": "09:00", "kinds": []},
        {"start": "nine", "end": "12:00", "kinds": ["general"]},
        {"start": "12:00", "end": "11:00", "kinds": ["general"]},
    ]
    with pytest.raises(SettingsError) as caught:
        store.change("record", 1, {"week": {"monday": periods}})
    assert {".".join(map(str, problem.path)) for problem in caught.value.fields} == {
        "week.monday.0.kinds",
        "week.monday.0.end",
        "week.monday.1.start",
        "week.monday.2.end",
    }
    with pytest.raises(SettingsError) as caught:
        store.change("storage", None, {"expiry_days": 3, "wanted_days": 9, "volumes": [{"id": 5}]})
    assert {problem.path for problem in caught.value.fields} == {
        ("wanted_days",),
        ("volumes", 0, "id"),
        ("volumes", 0, "path"),
    }


@pytest.mark.parametrize(
    ("page", "changes", "path"),
    [
        ("web", {"https_port": 8080}, "https_port"),
        ("web", {"http_port": 8443}, "http_port"),
        ("web", {"http_port": 9000, "https_port": 9000}, "http_port"),
        ("storage", {"expiry_days": 3}, "expiry_days"),
        ("storage", {"wanted_days": 9}, "wanted_days"),
    ],
)
def test_conflict_is_told_at_the_field_that_was_changed(
    box: Any, page: str, changes: dict[str, int], path: str
) -> None:
    store = box.open()
    if page == "storage":
        other = {"expiry_days": 5} if "wanted_days" in changes else {"wanted_days": 5}
        store.change(page, None, other)
    with pytest.raises(SettingsError) as caught:
        store.change(page, None, changes)
    assert [problem.path for problem in caught.value.fields] == [(path,)]


def test_secret_never_leaves_in_clear_nor_lies_on_disk_in_clear(filled: Any) -> None:
    store = filled.open()
    assert "secret-1" not in json.dumps(store.read("channels"))
    assert store.read("channels")["values"]["items"][0]["password"] == {"set": True}
    for path in filled.folder.iterdir():
        assert b"secret-1" not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0
    assert filled.key.stat().st_mode & 0o077 == 0
    assert store.reveal("channels", 1, "password") == "secret-1"
    with pytest.raises(SettingsError) as caught:
        store.reveal("channels", 1, "name")
    assert caught.value.code == "settings.not_secret"


def test_masked_secret_sent_back_stays_and_empty_one_clears(filled: Any) -> None:
    store = filled.open()
    store.change("channels", 1, {"password": {"set": True}, "name": "Door"})
    assert store.reveal("channels", 1, "password") == "secret-1"
    values = store.read("channels")["values"]
    store.change("channels", None, values)
    assert store.reveal("channels", 3, "password") == "secret-3"
    store.change("channels", 1, {"password": ""})
    assert store.reveal("channels", 1, "password") == ""
    assert store.read("channels")["values"]["items"][0]["password"] == {"set": False}


def test_a_stored_password_does_not_follow_to_another_host(filled: Any) -> None:
    """Who may change an address must not learn the password by pointing it at himself."""
    store = filled.open()
    moved = {"main_url": "rtsp://evil.example/x"}
    for changes in (moved, {**moved, "password": {"set": True}}, {"sub_url": "rtsp://10.9.9.9/x"}):
        with pytest.raises(SettingsError) as caught:
            store.change("channels", 2, changes)
        assert paths_of(caught.value) == {"items.1.password": "enter_again"} or paths_of(
            caught.value
        ) == {"password": "enter_again"}
    with pytest.raises(SettingsError) as caught:
        store.change("channels", 2, {"sub_url": "nonsense", **moved})
    assert sorted(paths_of(caught.value).values()) == ["enter_again", "url"]
    with pytest.raises(SettingsError):
        store.copy_to("channels", 1, [2], ["main_url"])
    store.change("channels", 2, {"main_url": "rtsp://10.0.0.2:8554/other"})
    store.change("channels", 2, {**moved, "password": "another"})
    assert store.reveal("channels", 2, "password") == "another"


def test_a_stored_password_does_not_follow_where_the_whole_list_is_sent(filled: Any) -> None:
    store = filled.open()
    items = store.read("channels")["values"]["items"]
    store.change("channels", None, {"items": items})
    assert store.reveal("channels", 2, "password") == "secret-2"
    items[1]["main_url"] = "rtsp://evil.example/x"
    with pytest.raises(SettingsError) as caught:
        store.change("channels", None, {"items": items})
    assert paths_of(caught.value) == {"items.1.password": "enter_again"}
    items[1]["password"] = "another"
    store.change("channels", None, {"items": items})
    assert store.reveal("channels", 2, "password") == "another"


def test_secret_copied_to_another_entry_of_the_document_does_not_open_there(filled: Any) -> None:
    def swap(document: dict[str, Any]) -> None:
        items = document["pages"]["channels"]["items"]
        items[1]["password"] = items[0]["password"]

    filled.damage(swap)
    store = filled.open()
    assert [(n.path, n.code) for n in store.mended] == [("items.2.password", "sealed")]
    assert store.reveal("channels", 2, "password") == ""
    assert store.reveal("channels", 1, "password") == "secret-1"


def test_pasted_credentials_move_into_their_own_fields(box: Any) -> None:
    store = box.open()
    number, _change = store.add(
        "channels", {"main_url": "rtsp://joe:p%40ss%2Fx@[fd00::1]:8554/a?b=1"}
    )
    item = store.read("channels")["values"]["items"][0]
    assert (item["main_url"], item["username"]) == ("rtsp://[fd00::1]:8554/a?b=1", "joe")
    assert store.reveal("channels", number, "password") == "p@ss/x"


def test_stale_etag_is_refused_and_the_entry_s_own_etag_outlives_changes_elsewhere(
    filled: Any,
) -> None:
    store = filled.open()
    first = store.read("channels")
    store.change("channels", 1, {"name": "Door"}, first["etag"])
    with pytest.raises(SettingsError) as caught:
        store.change("channels", 2, {"name": "Yard"}, first["etag"])
    assert caught.value.code == "settings.stale"
    store.change("channels", 2, {"name": "Yard"}, first["item_etags"]["2"])


def test_schedules_come_and_go_with_their_channels(filled: Any) -> None:
    store = filled.open()
    assert [item["id"] for item in store.read("record")["values"]["items"]] == [1, 2, 3]
    change = store.remove("channels", 2)
    assert set(change.pages) >= {"channels", "record"}
    assert [item["id"] for item in store.read("record")["values"]["items"]] == [1, 3]
    number, _change = store.add("channels", {"main_url": "rtsp://10.0.0.9/1"})
    assert number == 2
    assert [item["id"] for item in store.read("record")["values"]["items"]] == [1, 2, 3]
    with pytest.raises(SettingsError) as caught:
        store.remove("record", 1)
    assert caught.value.code == "settings.fixed"


def test_one_day_of_a_week_is_changed_and_the_others_stay(filled: Any) -> None:
    store = filled.open()
    period = {"start": "06:00", "end": "18:00", "kinds": ["motion", "alarm"]}
    store.change("record", 1, {"week": {"monday": [period]}})
    week = store.read("record")["values"]["items"][0]["week"]
    assert week["monday"] == [{**period, "kinds": ["alarm", "motion"]}]
    assert week["tuesday"][0]["end"] == "24:00"
    with pytest.raises(SettingsError) as caught:
        store.change(
            "record",
            1,
            {"week": {"friday": [period, {"start": "8:00", "end": "07:00", "kinds": []}]}},
        )
    assert paths_of(caught.value) == {
        "week.friday.1.start": "time_of_day",
        "week.friday.1.kinds": "too_short",
    }
    with pytest.raises(SettingsError) as caught:
        store.change("record", 1, {"week": {"holiday": [period] * 9}})
    assert paths_of(caught.value) == {"week.holiday": "too_long"}


def test_schedule_is_copied_to_other_channels(filled: Any) -> None:
    """D1-RC-01."""
    store = filled.open()
    week = {"monday": [{"start": "06:00", "end": "18:00", "kinds": ["pos"]}]}
    store.change("record", 1, {"week": week})
    store.copy_to("record", 1, [2, 3], ["week"])
    items = store.read("record")["values"]["items"]
    assert items[0]["week"] == items[1]["week"] == items[2]["week"]
    with pytest.raises(SettingsError):
        store.copy_to("channels", 1, [2], ["password"])


def test_rolled_back_change_is_a_new_version_with_the_former_values(filled: Any) -> None:
    store = filled.open()
    change = store.remove("channels", 2)
    back = store.roll_back(change)
    assert back.version == change.version + 1
    again = filled.open()
    assert [item["name"] for item in again.read("channels")["values"]["items"]] == [
        "Camera 1",
        "Camera 2",
        "Camera 3",
    ]
    assert again.reveal("channels", 2, "password") == "secret-2"


def test_change_that_cannot_be_written_is_not_in_force(
    filled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled.open()
    before = store.read("channels")

    def no_space(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(SettingsError) as caught:
        store.change("channels", 1, {"name": "Door"})
    monkeypatch.undo()
    assert caught.value.code == "settings.not_saved"
    assert "No space left" in caught.value.text
    assert store.read("channels") == before
    assert filled.open().read("channels") == before


def test_a_disk_too_full_for_the_copy_changes_nothing(
    filled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both files are on the disk before either takes the place of the one in force."""
    store = filled.open()
    before = store.read("channels")
    synced = os.fsync
    count = 0

    def full_at_the_second(descriptor: int) -> None:
        nonlocal count
        count += 1
        if count == 2:
            raise OSError(28, "No space left on device")
        synced(descriptor)

    monkeypatch.setattr(os, "fsync", full_at_the_second)
    with pytest.raises(SettingsError):
        store.change("channels", 1, {"name": "Door"})
    monkeypatch.undo()
    assert filled.open().read("channels") == before == store.read("channels")


def test_sixty_four_channels_fit_and_no_more(box: Any) -> None:
    store = box.open()
    items = [{"id": n, "main_url": f"rtsp://10.0.0.{n}/1"} for n in range(1, 65)]
    store.change("channels", None, {"items": items})
    assert len(store.read("record")["values"]["items"]) == 64
    with pytest.raises(SettingsError) as caught:
        store.add("channels", {"main_url": "rtsp://10.0.0.65/1"})
    assert caught.value.code == "settings.full"


@pytest.mark.parametrize("page", ["nothing", "", "general/../x"])
def test_unknown_page_is_refused_in_words(box: Any, page: str) -> None:
    with pytest.raises(SettingsError) as caught:
        box.open().read(page)
    assert caught.value.code == "settings.no_page"


def test_sealed_text_opens_only_with_its_key_and_place(tmp_path: Path) -> None:
    vault, other = Vault.open(tmp_path / "a"), Vault.open(tmp_path / "b")
    sealed = vault.seal("geheim ü", "channels/1/password")
    assert vault.open_sealed(sealed, "channels/1/password") == "geheim ü"
    assert vault.seal("geheim ü", "channels/1/password") != sealed
    for attempt in (
        lambda: other.open_sealed(sealed, "channels/1/password"),
        lambda: vault.open_sealed(sealed, "channels/2/password"),
        lambda: vault.open_sealed(sealed[:-4] + "AAA=", "channels/1/password"),
        lambda: vault.open_sealed("nonsense", "channels/1/password"),
    ):
        with pytest.raises(VaultError):
            attempt()

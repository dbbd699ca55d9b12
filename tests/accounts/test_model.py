"""The document of accounts: forward from earlier versions, and holding together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from appliance.accounts.model import Account, Document, Group, decode, encode, mended
from appliance.accounts.permission import GRANTABLE, Permission
from appliance.accounts.store import AccountStore

HASH = "$argon2id$v=19$m=47104,t=2,p=1$" + "a" * 22 + "$" + "b" * 43


def old_user(name: str, permissions: Any, channels: Any) -> dict[str, Any]:
    return {
        "name": name, "hash": HASH, "permissions": permissions, "channels": channels,
        "generation": 3, "changed_utc_s": 1_700_000_000,
    }  # fmt: skip


def first_version(*users: dict[str, Any]) -> bytes:
    return json.dumps({"version": 1, "users": list(users)}).encode()


def test_a_file_of_version_1_is_brought_forward(tmp_path: Path) -> None:
    path = tmp_path / "accounts.json"
    path.write_bytes(
        first_version(
            old_user("admin", "*", None),
            old_user("viewer", ["live", "events"], [1, 2]),
            old_user("clerk", ["live", "download"], None),
            old_user("keeper", ["storage"], [1]),
        )
    )
    store = AccountStore(path)
    store.load()
    document = store.document
    admin = document.user(store.get("admin"))
    assert (admin.permissions, admin.channels, admin.generation) == (GRANTABLE, None, 3)
    assert store.get("admin").changed_utc_s == 1_700_000_000
    groups = {account.name: account.group for account in store.all()}
    assert groups == {"admin": "admin", "viewer": "user", "clerk": "operator", "keeper": "admin"}
    viewer = document.user(store.get("viewer"))
    assert viewer.permissions == {Permission.LIVE, Permission.EVENTS}
    assert viewer.channels_of(Permission.LIVE) == {1, 2}
    keeper = document.user(store.get("keeper"))
    assert keeper.permissions == {Permission.STORAGE}
    store.put(store.get("admin"))
    assert json.loads(path.read_bytes())["version"] == 2


@pytest.mark.parametrize("content", [{"version": 3}, {"version": 2, "users": []}, [], {}])
def test_what_is_no_document_is_refused(content: Any) -> None:
    with pytest.raises(ValueError, match=r"document|list"):
        decode(json.dumps(content).encode())


def test_a_document_is_the_same_after_writing_and_reading() -> None:
    document = mended(
        Document(
            {"night": Group("night", {Permission.LIVE: frozenset({2}), Permission.STATUS: None})},
            {"admin": Account("admin", HASH), "anna": Account("anna", HASH, "night", mac="x")},
        )
    )
    assert decode(encode(document)) == document


def test_who_is_in_a_group_that_is_gone_keeps_the_account_without_rights() -> None:
    document = mended(Document({}, {"anna": Account("anna", HASH, "gone")}))
    anna = document.accounts["anna"]
    assert (anna.group, document.user(anna).permissions) == ("user", frozenset())


def test_the_group_of_administrators_cannot_be_narrowed_by_the_file() -> None:
    document = mended(Document({"admin": Group("admin", {})}, {"admin": Account("admin", HASH)}))
    assert document.user(document.accounts["admin"]).permissions == GRANTABLE

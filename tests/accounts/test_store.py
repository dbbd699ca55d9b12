"""The accounts document."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.accounts import store as accounts_store
from appliance.accounts.model import Account
from appliance.accounts.permission import GRANTABLE, Permission
from appliance.accounts.store import AccountsDamagedError, AccountStore
from appliance.settings import files

HASH = "$argon2id$v=19$m=47104,t=2,p=1$" + "a" * 22 + "$" + "b" * 43


def test_accounts_are_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "accounts.json"
    store = AccountStore(path)
    store.load()
    store.put(Account("admin", HASH))
    store.put(Account("guard", HASH, "user", {Permission.LIVE: frozenset({1, 2})}))
    again = AccountStore(path)
    again.load()
    assert again.all() == store.all()
    assert again.document == store.document
    guard = again.document.user(again.get("guard"))
    assert (guard.permissions, guard.channels_of(Permission.LIVE)) == ({Permission.LIVE}, {1, 2})
    assert again.document.user(again.get("admin")).permissions == GRANTABLE
    assert path.stat().st_mode & 0o777 == 0o600


def test_each_change_raises_the_generation(tmp_path: Path) -> None:
    store = AccountStore(tmp_path / "accounts.json")
    first = store.put(Account("admin", HASH))
    second = store.put(Account("admin", HASH))
    assert second.generation == first.generation + 1


def test_the_copy_serves_when_the_document_is_damaged_and_brings_nobody_back(
    tmp_path: Path,
) -> None:
    path = tmp_path / "accounts.json"
    store = AccountStore(path)
    store.put(Account("admin", HASH))
    store.put(Account("guard", HASH, "user"))
    accounts = {"admin": store.get("admin")}
    store.replace(replace(store.document, accounts=accounts))
    path.write_bytes(path.read_bytes()[:40])
    again = AccountStore(path)
    again.load()
    assert again.document == store.document
    assert again.restored


def test_a_copy_that_cannot_be_written_is_no_older_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "accounts.json"
    store = AccountStore(path)
    store.put(Account("admin", HASH))
    write = accounts_store.write_private

    def only_first(target: Path, data: bytes) -> None:
        if target != path:
            raise OSError(28, "No space left on device")
        write(target, data)

    monkeypatch.setattr(accounts_store, "write_private", only_first)
    store.put(Account("guard", HASH, "user"))
    assert [file.name for file in tmp_path.iterdir()] == ["accounts.json"]
    again = AccountStore(path)
    again.load()
    assert again.document == store.document


def test_a_box_that_was_reset_has_no_accounts_after_a_restart(tmp_path: Path) -> None:
    store = AccountStore(tmp_path / "accounts.json")
    store.put(Account("admin", HASH))
    store.clear()
    again = AccountStore(tmp_path / "accounts.json")
    again.load()
    assert again.all() == store.all() == []


@pytest.mark.parametrize(
    "content", [b"", b"{}", b'{"version":1,"users":[]}', b'{"version":1,"users":[{}]}', b"\xff\x00"]
)
def test_a_damaged_document_is_not_an_empty_one(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "accounts.json"
    path.write_bytes(content)
    with pytest.raises(AccountsDamagedError):
        AccountStore(path).load()


def test_a_write_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "accounts.json"
    store = AccountStore(path)
    store.put(Account("admin", HASH))
    before = path.read_bytes()

    def full(*_args: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "write", full)
    with pytest.raises(OSError, match="No space"):
        store.put(Account("guard", HASH, None))
    assert path.read_bytes() == before
    assert store.get("guard") is None

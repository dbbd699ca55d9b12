"""The accounts document."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.accounts import files
from appliance.accounts.model import Account
from appliance.accounts.permission import GRANTABLE, Permission
from appliance.accounts.store import AccountsDamagedError, AccountStore

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


def test_the_last_good_copy_serves_when_the_document_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "accounts.json"
    store = AccountStore(path)
    store.put(Account("admin", HASH))
    store.put(Account("guard", HASH, "user"))
    path.write_bytes(path.read_bytes()[:40])
    again = AccountStore(path)
    again.load()
    assert [account.name for account in again.all()] == ["admin"]


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

"""What the supervisor answers about accounts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from appliance.accounts.core import user_from_json
from appliance.accounts.permission import GRANTABLE
from appliance.accounts.service import AccountService
from appliance.bus.errors import BusError

HASH = "$argon2id$v=19$m=47104,t=2,p=1$" + "a" * 22 + "$" + "b" * 43
OTHER = "$argon2id$v=19$m=47104,t=2,p=1$" + "a" * 22 + "$" + "c" * 43


async def ask(service: AccountService, method: str, **params: Any) -> Any:
    return await service.methods()[f"accounts.{method}"](params)


async def refused(service: AccountService, method: str, **params: Any) -> str:
    with pytest.raises(BusError) as caught:
        await ask(service, method, **params)
    return caught.value.code


async def test_the_first_person_with_the_code_becomes_admin(tmp_path: Path) -> None:
    service = AccountService(tmp_path)
    assert await ask(service, "state") == {"initialised": False, "damaged": False}
    code = service.issue_code()
    user = await ask(service, "setup", code=code, address="10.0.0.7", hash=HASH)
    assert user_from_json(user).permissions == GRANTABLE
    assert user["name"] == "admin"
    assert (await ask(service, "state"))["initialised"]
    assert (await ask(service, "lookup", user="admin"))["hash"] == HASH
    assert service.issue_code() is None


async def test_a_box_is_set_up_once(tmp_path: Path) -> None:
    service = AccountService(tmp_path)
    code = service.issue_code()
    await ask(service, "setup", code=code, address="::1", hash=HASH)
    assert await refused(service, "setup", code=code, address="::1", hash=OTHER) == (
        "accounts.initialised"
    )
    again = AccountService(tmp_path)
    assert await refused(again, "check_code", code=code, address="::1") == "accounts.initialised"
    assert (await ask(again, "lookup", user="admin"))["hash"] == HASH


async def test_a_wrong_code_is_refused_and_slows_that_address_only(tmp_path: Path) -> None:
    service = AccountService(tmp_path)
    code = service.issue_code()
    for _ in range(5):
        assert await refused(service, "check_code", code="AAAA", address="10.0.0.7") == (
            "accounts.code_wrong"
        )
    assert await refused(service, "check_code", code=code, address="10.0.0.7") == (
        "accounts.code_wait"
    )
    assert await ask(service, "check_code", code=code, address="10.0.0.8") == {}


@pytest.mark.parametrize("weak", ["", "secret", "$argon2id$v=19$m=8,t=1,p=1$aaaa$bbbb"])
async def test_what_is_no_strong_hash_is_not_stored(tmp_path: Path, weak: str) -> None:
    service = AccountService(tmp_path)
    code = service.issue_code()
    assert await refused(service, "setup", code=code, address="::1", hash=weak) == (
        "accounts.bad_request"
    )
    assert not (await ask(service, "state"))["initialised"]


async def test_a_list_of_users_has_no_hashes(tmp_path: Path) -> None:
    service = AccountService(tmp_path)
    await ask(service, "setup", code=service.issue_code(), address="::1", hash=HASH)
    assert "argon2" not in json.dumps(await ask(service, "follow"))
    by = {"name": "admin", "rights": "*"}
    assert "argon2" not in json.dumps(await ask(service, "users", by=by))
    assert await ask(service, "lookup", user="nobody") is None


async def test_a_password_is_changed_only_by_whoever_saw_the_last_change(tmp_path: Path) -> None:
    service = AccountService(tmp_path)
    await ask(service, "setup", code=service.issue_code(), address="::1", hash=HASH)
    by = {"name": "admin", "rights": "*"}
    answer = await ask(service, "change_password", by=by, hash=OTHER, generation=1)
    assert answer["user"]["generation"] == 2
    code = await refused(service, "change_password", by=by, hash=HASH, generation=1)
    assert code == "accounts.changed"
    assert (await ask(service, "lookup", user="admin"))["hash"] == OTHER


async def test_a_damaged_document_does_not_open_the_set_up_again(tmp_path: Path) -> None:
    service = AccountService(tmp_path)
    await ask(service, "setup", code=service.issue_code(), address="::1", hash=HASH)
    for path in (tmp_path / "accounts").glob("accounts.json*"):
        path.write_bytes(b"garbage")
    again = AccountService(tmp_path)
    assert again.issue_code() is None
    assert await ask(again, "state") == {"initialised": True, "damaged": True}
    assert await refused(again, "lookup", user="admin") == "accounts.damaged"
    assert await refused(again, "setup", code="x", address="::1", hash=HASH) == "accounts.damaged"


@pytest.mark.parametrize("params", [{}, {"user": 3}, {"user": "x" * 65}, {"user": None}])
async def test_a_malformed_question_is_refused_in_words(
    tmp_path: Path, params: dict[str, Any]
) -> None:
    assert await refused(AccountService(tmp_path), "lookup", **params) == "accounts.bad_request"

"""ONVIF users: apart from people's accounts, passwords sealed, digests compared in here."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

PASSWORD = "Kettle5Rope"
CREATED = "2027-01-15T08:00:00Z"


async def add(office: Any, name: str = "vms", level: str = "user", **more: Any) -> Any:
    values = {"level": level, **more}
    return await office.act(
        "put_onvif_user", name=name, create=True, values=values, password=PASSWORD
    )


async def level_of(office: Any, name: str, password: str, **changed: Any) -> Any:
    nonce = b"0123456789abcdef"
    digest = hashlib.sha1(nonce + CREATED.encode() + password.encode()).digest()
    params = {
        "user": name,
        "nonce": base64.b64encode(nonce).decode(),
        "created": CREATED,
        "digest": base64.b64encode(digest).decode(),
    }
    return await office.ask("check_onvif", **{**params, **changed})


async def test_a_digest_of_the_password_is_taken_also_after_a_restart(office: Any) -> None:
    """WS-Security UsernameToken 1.0: Base64(SHA-1(nonce + created + password)) (D2-AC-20)."""
    await add(office, level="operator")
    assert await level_of(office, "vms", PASSWORD) == {"level": "operator"}
    office.start()
    assert await level_of(office, "vms", PASSWORD) == {"level": "operator"}
    assert await level_of(office, "vms", "Kettle5Rop") is None
    assert await level_of(office, "vms", PASSWORD, created="2027-01-15T08:00:01Z") is None
    assert await level_of(office, "nobody", PASSWORD) is None
    assert await level_of(office, "nobody", "") is None


async def test_no_password_of_theirs_is_in_a_file_an_answer_or_the_log(office: Any) -> None:
    record = await add(office)
    files = "".join(p.read_text() for p in (office.folder / "accounts").glob("*.json*"))
    users = await office.act("onvif_users")
    for text in (files, str(record), str(users), str(office.told)):
        assert PASSWORD not in text
    assert "vms" in files


async def test_none_is_there_at_first_and_none_signs_in_as_a_person(office: Any) -> None:
    assert (await office.act("onvif_users"))["users"] == []
    await add(office, "vms")
    await add(office, "admin")
    assert await office.ask("lookup", user="vms") is None
    assert [user["name"] for user in (await office.act("users"))["users"]] == ["admin"]
    assert {user["name"] for user in (await office.act("onvif_users"))["users"]} == {"vms", "admin"}


async def test_a_change_keeps_the_password_and_a_new_one_replaces_it(office: Any) -> None:
    first = await add(office)
    values = {"level": "operator"}
    second = await office.act("put_onvif_user", name="vms", values=values, revision=1)
    assert await level_of(office, "vms", PASSWORD) == {"level": "operator"}
    await office.act("put_onvif_user", name="vms", values={}, password="Harbour8Stone")
    assert await level_of(office, "vms", PASSWORD) is None
    assert await level_of(office, "vms", "Harbour8Stone") == {"level": "operator"}
    assert (first["revision"], second["revision"]) == (1, 2)
    stale = await office.refused("put_onvif_user", name="vms", values={}, revision=1)
    assert stale.code == "accounts.stale"
    assert [text.partition(": ")[2].partition(" (")[0] for text in office.noted()] == [
        "added; Level: user",
        "Level: user \u2192 operator",
        "Password: changed",
    ]


async def test_a_removed_one_is_refused(office: Any) -> None:
    await add(office)
    await office.act("remove_onvif_user", name="vms")
    assert await level_of(office, "vms", PASSWORD) is None
    assert (await office.refused("remove_onvif_user", name="vms")).code == "accounts.unknown"


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"values": {"level": "root"}}, "level"),
        ({"values": {}}, "level"),
        ({"values": {"level": "user", "remarks": "a\nb"}}, "remarks"),
        ({"password": ""}, "password"),
        ({"name": "vms"}, "name"),
        ({"name": "\u0430dmin\u202e"}, "name"),
    ],
)
async def test_every_wrong_field_is_told(office: Any, params: Any, path: str) -> None:
    await add(office)
    whole = {"name": "other", "create": True, "values": {"level": "user"}, "password": PASSWORD}
    error = await office.refused("put_onvif_user", **{**whole, **params})
    assert path in {field["path"] for field in error.fields}
    assert len((await office.act("onvif_users"))["users"]) == 1


async def test_nobody_makes_or_touches_one_that_may_do_more(office: Any) -> None:
    await add(office, "boss", "administrator")
    by = {"name": "anna", "rights": {"accounts": "*", "live": "*"}}
    make = {"name": "x", "create": True, "password": PASSWORD, "values": {"level": "operator"}}
    error = await office.refused("put_onvif_user", by=by, **make)
    assert error.fields[0]["code"] == "accounts.beyond_own"
    for method, params in (
        ("put_onvif_user", {"values": {}, "password": PASSWORD}),
        ("remove_onvif_user", {}),
    ):
        error = await office.refused(method, by=by, name="boss", **params)
        assert error.code == "accounts.outranks"
    users = (await office.ask("onvif_users", by=by))["users"]
    assert [user["within"] for user in users] == [False]


async def test_there_is_room_for_32(office: Any) -> None:
    for number in range(32):
        await add(office, f"system {number}")
    make = {"name": "more", "create": True, "password": PASSWORD, "values": {"level": "user"}}
    error = await office.refused("put_onvif_user", **make)
    assert (error.code, "32" in error.text) == ("accounts.full", True)

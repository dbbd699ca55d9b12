"""Users and groups."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from appliance.accounts.permission import GRANTABLE

HASH = "$argon2id$v=19$m=47104,t=2,p=1$" + "a" * 22 + "$" + "c" * 43


def fields(error: Any) -> set[tuple[str, str]]:
    return {(field["path"], field["code"]) for field in error.fields}


async def test_a_new_box_has_the_groups_admin_operator_and_user(office: Any) -> None:
    groups = {group["name"]: group for group in (await office.act("groups"))["groups"]}
    assert set(groups) == {"admin", "operator", "user"}
    assert groups["admin"]["rights"] == "*"
    assert "accounts" not in groups["operator"]["rights"]
    assert groups["admin"]["fixed"]
    assert groups["user"]["fixed"]
    assert groups["admin"]["members"] == ["admin"]


async def test_at_least_32_accounts_can_be_added_and_the_end_is_told(office: Any) -> None:
    for number in range(63):
        await office.add(f"guard {number:03d}x{chr(97 + number % 26)}")
    assert (await office.refused("put_user", name="more", create=True, hash=HASH,
                                 values={"group": "user"})).code == "accounts.full"  # fmt: skip
    office.start()
    assert len((await office.act("users"))["users"]) == 64


async def test_a_user_has_the_rights_of_the_group_or_fewer(office: Any) -> None:
    await office.add("anna")
    assert set((await office.user("anna"))["permissions"]) == {
        "live", "playback", "events", "ptz", "status",
    }  # fmt: skip
    await office.add("bert", rights={"live": [1, 3], "status": "*"})
    bert = await office.user("bert")
    assert (set(bert["permissions"]), bert["narrowed"]) == ({"live", "status"}, {"live": [1, 3]})


async def test_rights_beyond_the_groups_are_refused_each_by_name(office: Any) -> None:
    error = await office.refused(
        "put_user", name="anna", create=True, hash=HASH,
        values={"group": "user", "rights": {"live": "*", "shutdown": "*", "download": [1]}},
    )  # fmt: skip
    assert fields(error) == {
        ("rights.shutdown", "accounts.beyond_group"),
        ("rights.download", "accounts.beyond_group"),
    }
    assert await office.user("anna") is None


async def test_a_group_that_shrinks_takes_its_members_along(office: Any) -> None:
    await office.act("put_group", name="day", create=True, values={"rights": {"live": "*"}})
    await office.add("anna", group="day", rights={"live": [1, 2]})
    await office.act("put_group", name="day", values={"rights": {"live": [2, 3]}})
    assert (await office.user("anna"))["narrowed"] == {"live": [2]}
    await office.act("put_group", name="day", values={"rights": {"events": "*"}})
    assert (await office.user("anna"))["permissions"] == []


async def test_every_wrong_field_is_told_at_once_and_nothing_is_stored(office: Any) -> None:
    error = await office.refused(
        "put_user", name="ad\u200bmin\n", create=True, hash=HASH,
        values={
            "group": "nobody", "mac": "00:11", "remarks": "a\nb", "rights": {"live": [1, 77]},
            "period": {"monday": [{"start": "09:00", "end": "08:00"}], "someday": []},
        },
    )  # fmt: skip
    assert {path for path, _code in fields(error)} >= {
        "name", "group", "mac", "remarks", "rights.live", "period.monday.0", "period.someday",
    }  # fmt: skip
    assert [user["name"] for user in (await office.act("users"))["users"]] == ["admin"]


@pytest.mark.parametrize("group", ["", "nobody", None, 3])
async def test_a_user_is_in_exactly_one_group_there_is(office: Any, group: Any) -> None:
    error = await office.refused(
        "put_user", name="anna", create=True, hash=HASH, values={"group": group}
    )
    assert ("group", "accounts.no_group") in fields(error)


async def test_a_user_without_any_group_named_is_refused(office: Any) -> None:
    error = await office.refused("put_user", name="anna", create=True, hash=HASH, values={})
    assert ("group", "accounts.no_group") in fields(error)


async def test_a_group_in_use_stays_and_who_is_in_it_is_said(office: Any) -> None:
    await office.act("put_group", name="night", create=True, values={"rights": {"live": "*"}})
    await office.add("anna", group="night")
    await office.add("bert", group="night")
    error = await office.refused("remove_group", name="night")
    assert error.code == "accounts.in_use"
    assert "anna, bert" in error.text
    for name in ("anna", "bert"):
        await office.act("put_user", name=name, values={"group": "user"})
    await office.act("remove_group", name="night")
    assert "night" not in {group["name"] for group in (await office.act("groups"))["groups"]}


@pytest.mark.parametrize("name", ["admin", "user"])
async def test_the_first_groups_stay(office: Any, name: str) -> None:
    assert (await office.refused("remove_group", name=name)).code == "accounts.fixed"


@pytest.mark.parametrize(
    "values",
    [{"group": "user"}, {"rights": {"live": "*"}}, {"mac": "00:11:22:33:44:55"},
     {"period": {"monday": [{"start": "08:00", "end": "09:00"}]}}],
    ids=["group", "rights", "mac", "period"],
)  # fmt: skip
async def test_the_administrator_cannot_shut_himself_out(office: Any, values: Any) -> None:
    error = await office.refused("put_user", name="admin", values=values)
    assert {code for _path, code in fields(error)} == {"accounts.last_admin"}
    assert set((await office.user("admin"))["permissions"]) == GRANTABLE


async def test_admin_can_neither_be_removed_nor_blocked(office: Any) -> None:
    await office.add("chief", group="admin")
    chief = {"name": "chief", "rights": "*"}
    for by in (None, chief):
        who = {} if by is None else {"by": by}
        error = await office.refused("remove_user", name="admin", **who)
        assert error.code == "accounts.last_admin"
        assert (await office.refused("block", user="admin", minutes=5, **who)).code == (
            "accounts.own"
        )
    assert (await office.refused("remove_user", name="chief", by=chief)).code == "accounts.own"
    assert (await office.refused("put_user", name="chief", by=chief,
                                 values={"group": "user"})).code == "accounts.own"  # fmt: skip


async def test_a_lower_account_keeps_its_hands_off_a_higher_one(office: Any) -> None:
    clerk = {"name": "clerk", "rights": {"accounts": "*", "live": [1, 2]}}
    await office.act(
        "put_group", name="office", create=True,
        values={"rights": {"accounts": "*", "live": "*", "events": "*"}},
    )  # fmt: skip
    await office.add("clerk", group="office", rights=clerk["rights"])
    await office.add("anna", group="operator")
    for method, params in (
        ("put_user", {"name": "anna", "values": {"remarks": "x"}}),
        ("remove_user", {"name": "anna"}),
        ("set_password", {"user": "anna", "hash": HASH}),
        ("block", {"user": "anna", "minutes": 3}),
        ("put_group", {"name": "operator", "values": {"remarks": "x"}}),
        ("remove_group", {"name": "operator"}),
        ("tokens", {"user": "anna"}),
    ):
        if method == "remove_group":
            await office.act("put_user", name="anna", values={"group": "user"})
        error = await office.refused(method, by=clerk, **params)
        assert error.code == "accounts.outranks", method
    error = await office.refused(
        "put_user", by=clerk, name="new", create=True, hash=HASH,
        values={"group": "office", "rights": {"live": [3], "accounts": "*"}},
    )  # fmt: skip
    assert fields(error) == {("rights.live", "accounts.beyond_own")}
    error = await office.refused(
        "put_user", by=clerk, name="new", create=True, hash=HASH, values={"group": "admin"}
    )
    assert ("rights.shutdown", "accounts.beyond_own") in fields(error)
    made = await office.act(
        "put_user", by=clerk, name="new", create=True, hash=HASH,
        values={"group": "office", "rights": {"live": [2]}},
    )  # fmt: skip
    assert made["rights"] == {"live": [2]}


async def test_two_who_change_the_same_user_do_not_overwrite_each_other(office: Any) -> None:
    anna = await office.add("anna")
    await office.act("put_user", name="anna", values={"remarks": "first"},
                     revision=anna["revision"])  # fmt: skip
    error = await office.refused(
        "put_user", name="anna", values={"remarks": "second"}, revision=anna["revision"]
    )
    assert error.code == "accounts.stale"
    users = {user["name"]: user for user in (await office.act("users"))["users"]}
    assert users["anna"]["remarks"] == "first"


async def test_a_channel_that_is_gone_is_no_right_and_is_not_inherited(office: Any) -> None:
    await office.add("anna", rights={"live": [1, 2], "playback": [2]})
    office.channels.remove(2)
    await office.service.forget_channels()
    office.channels.append(2)  # another camera, later, on the same channel
    anna = await office.user("anna")
    assert (anna["permissions"], anna["narrowed"]) == (["live"], {"live": [1]})
    office.start()
    assert (await office.user("anna"))["narrowed"] == {"live": [1]}


async def test_a_blocked_user_is_out_for_so_long(office: Any) -> None:
    await office.add("anna")
    await office.act("block", user="anna", minutes=5)
    assert await office.user("anna") is None
    assert "2027-01-15 08:05 (UTC)" in (await office.ask("lookup", user="anna"))["refused"]["text"]
    office.now += 300
    assert await office.user("anna") is not None
    await office.act("block", user="anna", minutes=65_535)
    await office.act("block", user="anna", minutes=0)
    assert await office.user("anna") is not None
    for minutes in (-1, 65_536, 1.5, "9"):
        assert (await office.refused("block", user="anna", minutes=minutes)).code == (
            "accounts.invalid"
        )


async def test_a_user_comes_in_within_the_login_period_only(office: Any) -> None:
    office.zone = "Europe/Berlin"  # 09:00 there
    week = {"friday": [{"start": "10:00", "end": "12:00"}]}
    await office.add("anna", period=week)
    assert await office.user("anna") is None
    refused = (await office.ask("lookup", user="anna"))["refused"]
    assert refused["code"] == "outside_period"
    assert "2027-01-15 10:00 (Europe/Berlin)" in refused["text"]
    office.now += 3600
    assert await office.user("anna") is not None
    office.now += 2 * 3600
    assert await office.user("anna") is None
    users = {user["name"]: user for user in (await office.act("users"))["users"]}
    assert users["anna"]["period"]["friday"] == [{"start": "10:00", "end": "12:00"}]
    assert users["anna"]["refused"]


async def test_a_user_that_is_removed_takes_tokens_along(office: Any) -> None:
    await office.add("anna")
    anna = {"name": "anna", "rights": {"live": "*"}}
    await office.act("add_token", by=anna, name="wall", rights={"live": "*"}, days=None)
    assert len((await office.ask("follow"))["tokens"]) == 1
    await office.act("remove_user", name="anna")
    follow = await office.ask("follow")
    assert follow["tokens"] == []
    assert "anna" not in json.dumps(follow)
    await office.add("anna")  # another one of that name has none of them
    assert (await office.ask("follow"))["tokens"] == []


async def test_a_new_password_from_above_takes_the_second_factor_off(office: Any) -> None:
    await office.add("anna")
    before = await office.ask("lookup", user="anna")
    await office.act("set_password", user="anna", hash=HASH)
    after = await office.ask("lookup", user="anna")
    assert after["hash"] == HASH
    assert after["generation"] == before["generation"] + 1
    assert (await office.refused("set_password", user="admin", hash=HASH)).code == "accounts.own"


@pytest.mark.parametrize("value", [False, None, 0, "", {}])
async def test_a_right_that_is_said_not_to_be_there_is_not_given(office: Any, value: Any) -> None:
    error = await office.refused(
        "put_group", name="night", create=True, values={"rights": {"shutdown": value}}
    )
    assert fields(error) == {("rights", "type")}


async def test_who_was_raised_meanwhile_is_out_of_a_lower_one_s_reach(office: Any) -> None:
    """Two at once: the rank is that of the moment in which the change is made."""
    clerk = {"name": "clerk", "rights": {"accounts": "*", "live": "*"}}
    for method, name, values in (
        ("set_password", "user", {"hash": HASH}),
        ("remove_user", "name", {}),
        ("block", "user", {"minutes": 5}),
    ):
        await office.add(f"anna {method}", rights={"live": "*"})
        raised = office.act(
            "put_user", name=f"anna {method}", values={"group": "admin", "rights": "*"}
        )
        lower = office.refused(method, by=clerk, **{name: f"anna {method}"}, **values)
        _raised, error = await asyncio.gather(raised, lower)
        assert error.code == "accounts.outranks", method


async def test_rights_change_without_ending_sessions_and_passwords_end_them(office: Any) -> None:
    anna = await office.add("anna")
    first = await office.user("anna")
    await office.act("put_user", name="anna", values={"rights": {"live": [1]}})
    second = await office.user("anna")
    assert second["generation"] == first["generation"]
    assert second["permissions"] != first["permissions"]
    assert anna["revision"] == 1

"""What the log says of changes of accounts: who, from where, from what to what; no secrets."""

from __future__ import annotations

from typing import Any

from appliance.accounts import totp
from appliance.accounts.changes import TITLES
from appliance.accounts.permission import GRANTABLE

HASH = "$argon2id$v=19$m=47104,t=2,p=1$" + "c" * 22 + "$" + "d" * 43
BY = "(10.0.0.9, browser)."


def by(name: str) -> dict[str, Any]:
    return {"name": name, "rights": {}, "address": "10.0.0.7", "how": "token"}


async def test_a_new_user_is_told_with_what_it_may(office: Any) -> None:
    await office.add("anna", rights={"live": [1, 2, 3], "status": "*"}, hint="the usual")
    assert office.noted() == [
        "admin changed account anna: added; Group: user; "
        "Rights: all of the group \u2192 Live D1-D3, Health; Hint: changed " + BY
    ]


async def test_each_value_is_told_as_it_was_and_as_it_is(office: Any) -> None:
    await office.add("anna", rights={"live": [1, 3], "playback": "*"}, mac="00:1a:2b:3c:4d:5e")
    office.told.clear()
    period = {"monday": [{"start": "08:00", "end": "12:00"}, {"start": "13:00", "end": "18:00"}]}
    values = {
        "group": "operator",
        "rights": {"live": [1, 2], "outputs": "*"},
        "period": period,
        "mac": "",
        "remarks": "night shift",
    }
    await office.act("put_user", name="anna", values=values)
    assert office.noted() == [
        "admin changed account anna: Group: user \u2192 operator; Live: D1, D3 \u2192 D1-D2; "
        "Playback: all channels \u2192 no; Outputs: no \u2192 yes; "
        "Login period: always \u2192 Monday 08:00-12:00 13:00-18:00; "
        "Network card: 00:1A:2B:3C:4D:5E \u2192 any; Remarks: none \u2192 night shift " + BY
    ]


async def test_what_did_not_change_is_no_entry(office: Any) -> None:
    await office.add("anna", remarks="x")
    office.told.clear()
    await office.act("put_user", name="anna", values={"remarks": "x"})
    assert office.told == []


async def test_what_was_refused_is_no_entry(office: Any) -> None:
    await office.add("anna")
    office.told.clear()
    await office.refused("put_user", name="anna", values={"group": "gone"})
    await office.refused("remove_user", name="admin")
    assert office.told == []


async def test_a_change_too_long_for_one_entry_takes_several(office: Any) -> None:
    office.channels = list(range(1, 257))
    odd, even = list(range(1, 257, 2)), list(range(2, 257, 2))
    per_channel = [p.value for p in GRANTABLE if p.per_channel]
    create = {"create": True, "values": {"rights": dict.fromkeys(per_channel, odd)}}
    await office.act("put_group", name="guards", **create)
    office.told.clear()
    values = {"rights": dict.fromkeys(per_channel, even)}
    await office.act("put_group", name="guards", values=values)
    whats = [details["what"] for _kind, details in office.told]
    assert len(whats) > 1
    for permission in GRANTABLE:
        if permission.per_channel:
            assert sum(f"{TITLES[permission]}: D1, D3" in what for what in whats) == 1
    assert all(len(what) < 2_000 for what in whats)


async def test_groups_tell_rights_and_the_second_factor(office: Any) -> None:
    await office.act("put_group", name="user", values={"rights": {"live": "*"}, "factor": True})
    told = office.noted("group_changed")[0]
    assert told.startswith("admin changed the group user: Playback: all channels \u2192 no; ")
    assert told.endswith("Second factor: not needed \u2192 needed " + BY)
    await office.act("remove_group", name="operator")
    assert office.noted("group_changed")[1].endswith("operator: removed " + BY)


async def test_of_passwords_codes_and_patterns_only_that_they_changed(office: Any) -> None:
    await office.add("anna")
    office.told.clear()
    begun = await office.ask("begin_factor", by=by("anna"))
    code = totp.code_at(begun["secret"], totp.step_of(office.now))
    await office.ask("confirm_factor", by=by("anna"), code=code)
    await office.ask("set_pattern", by=by("anna"), hash=HASH)
    await office.ask("change_password", by=by("anna"), hash=HASH, generation=2)
    await office.ask("set_pattern", by=by("anna"), hash="")
    await office.act("set_password", user="anna", hash=HASH[:-1] + "e")
    assert [text.partition(": ")[2] for text in office.noted()] == [
        "Second factor: off \u2192 on (10.0.0.7, token).",
        "Unlock pattern: changed (10.0.0.7, token).",
        "Password: changed (10.0.0.7, token).",
        "Unlock pattern: removed (10.0.0.7, token).",
        "Password: changed; Second factor: on \u2192 off " + BY,
    ]


async def test_tokens_and_recovery_are_told(office: Any) -> None:
    made = await office.act("add_token", name="wall", rights={"live": [1, 2]}, days=None)
    await office.act("remove_token", id=made["record"]["id"])
    await office.act("set_questions", questions=["First pet?", "First car?"], hash=HASH)
    await office.act("make_recovery_key")
    await office.act("enable_recovery", enabled=False)
    assert [text.partition(": ")[2].removesuffix(" " + BY) for text in office.noted()] == [
        "API token made: wall; Live: no \u2192 D1-D2",
        "API token revoked: wall",
        "Questions for a lost password: 2",
        "Recovery file: made",
        "Recovery: forbidden",
    ]
    assert made["token"] not in str(office.told)


def test_every_permission_that_can_be_given_has_a_title() -> None:
    assert set(TITLES) == GRANTABLE


# -- API tokens end with the password ----------------------------------------------------------


async def tokens_of(office: Any, name: str) -> list[str]:
    answer = await office.act("tokens", user=name)
    return sorted(token["name"] for token in answer["tokens"])


async def with_tokens(office: Any) -> None:
    await office.add("anna")
    rights = {"live": "*"}
    anna = {"name": "anna", "rights": rights}
    for name in ("wall", "script"):
        await office.ask("add_token", by=anna, name=name, rights=rights, days=None)
    await office.act("add_token", name="mine", rights=rights, days=None)
    office.told.clear()


async def test_tokens_end_with_a_password_set_by_somebody_else(office: Any) -> None:
    await with_tokens(office)
    await office.act("set_password", user="anna", hash=HASH)
    assert await tokens_of(office, "anna") == []
    assert await tokens_of(office, "admin") == ["mine"]
    assert office.noted("tokens_ended") == [
        "2 API tokens of anna ended with the old password: script, wall (admin)."
    ]


async def test_tokens_end_with_the_own_password_unless_they_are_kept(office: Any) -> None:
    await with_tokens(office)
    anna = {"name": "anna", "rights": {}}
    kept = {"by": anna, "hash": HASH, "generation": 1, "keep_tokens": True}
    assert (await office.ask("change_password", **kept))["tokens_ended"] == 0
    assert len(await tokens_of(office, "anna")) == 2
    assert office.noted("tokens_ended") == []
    answer = await office.ask("change_password", by=anna, hash=HASH, generation=2)
    assert answer["tokens_ended"] == 2
    assert await tokens_of(office, "anna") == []
    assert len(office.noted("tokens_ended")) == 1


async def test_tokens_of_admin_end_with_a_password_that_was_lost(office: Any) -> None:
    await with_tokens(office)
    key = (await office.act("make_recovery_key"))["key"]
    await office.ask("reset_password", route="file", key=key, hash=HASH, address="10.0.0.5")
    assert await tokens_of(office, "admin") == []
    assert len(await tokens_of(office, "anna")) == 2
    assert office.noted("password_reset") == [
        "The password of admin was set anew from 10.0.0.5 (recovery file), without the old one."
    ]
    assert len(office.noted("tokens_ended")) == 1

"""The clock in the API: who may, what is asked of the supervisor, refusals in place."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.accounts.permission import GRANTABLE, Permission, User
from appliance.bus.errors import BusError

STATUS = {
    "utc": 1_800_000_000_000,
    "zone": "UTC",
    "changes": [],
    "simulated": True,
    "ntp": False,
    "serving": False,
    "running": False,
    "synchronised": False,
    "reference": "",
    "ahead_s": 0.0,
    "error_s": 0.0,
    "sources": [],
    "trust": "battery",
    "fault": "",
}


@pytest.fixture
def clock_box(box: Any) -> Any:
    box.answer("time.get", STATUS)
    box.answer("time.preview", {"ahead_s": 60.0, "meaning": ["A gap."]})
    box.answer("time.set", STATUS)
    box.answer("time.sync", {})
    box.answer("firewall.may_set_time", {"allowed": True})
    return box


async def test_the_clock_is_set_in_the_name_of_whoever_does_it(
    page_as: Any, clock_box: Any
) -> None:
    eva = page_as(User("eva", GRANTABLE))
    body = {"utc": 1_800_000_060_000}
    assert await eva.ask("POST", "/api/v1/time/preview", body) == (
        200,
        {"ahead_s": 60.0, "meaning": ["A gap."]},
    )
    assert (await eva.ask("POST", "/api/v1/time/set", body))[0] == 200
    assert clock_box.asked[-1] == ("time.set", {**body, "by": "eva@127.0.0.1"})
    assert await eva.ask("POST", "/api/v1/time/sync", {}) == (200, STATUS)


async def test_who_may_not_change_the_system_neither_sees_nor_sets_its_clock(
    page_as: Any, clock_box: Any
) -> None:
    guard = page_as(User("guard", GRANTABLE - {Permission.SYSTEM}))
    assert (await guard.ask("GET", "/api/v1/time"))[0] == 403
    assert (await guard.ask("POST", "/api/v1/time/set", {"utc": 1_800_000_000_000}))[0] == 403
    assert not [name for name, _params in clock_box.asked if name.startswith("time.")]


@pytest.mark.parametrize("body", [{}, {"utc": "now"}, {"utc": -1}, {"utc": 1, "by": "root"}])
async def test_what_is_no_time_is_refused_before_anybody_is_asked(
    admin: Any, clock_box: Any, body: Any
) -> None:
    status, _answer = await admin.ask("POST", "/api/v1/time/set", body)
    assert status == 422
    assert "time.set" not in [name for name, _params in clock_box.asked]


async def test_a_refusal_says_where_it_was(admin: Any, clock_box: Any) -> None:
    field = {"path": "utc", "code": "range", "text": "Too early."}
    clock_box.answer("time.set", BusError("time.out_of_range", "Too early.", fields=[field]))
    status, answer = await admin.ask("POST", "/api/v1/time/set", {"utc": 5})
    assert (status, answer["fields"][0]["path"]) == (422, "utc")


async def test_a_host_that_may_not_set_the_time_by_the_firewall_does_not(
    admin: Any, clock_box: Any
) -> None:
    clock_box.answer("firewall.may_set_time", {"allowed": False})
    status, answer = await admin.ask("POST", "/api/v1/time/set", {"utc": 1_800_000_000_000})
    assert (status, answer["code"]) == (403, "time.not_from_here")
    asked = [params for name, params in clock_box.asked if name == "firewall.may_set_time"]
    assert asked == [{"address": "127.0.0.1"}]
    assert "time.set" not in [name for name, _params in clock_box.asked]

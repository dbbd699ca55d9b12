"""Power in the API: the password of a person, the right of a token, who gave the order."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.accounts.permission import GRANTABLE, Permission, User
from appliance.bus.errors import BusError

PASSWORD = "Lantern7Field"
STATUS = {
    "leaving": "stay",
    "interrupts": {
        "recording": 1,
        "channels": 1,
        "jobs": [],
        "viewers": 0,
        "downloads": 0,
        "unknown": [],
    },
    "planned": None,
    "last_order": None,
    "starts": [],
}


def orders(box: Any) -> list[dict[str, Any]]:
    return [params for name, params in box.asked if name == "power.leave"]


@pytest.fixture
def power(box: Any) -> Any:
    box.answer("power.get", STATUS)
    box.answer("power.leave", {})
    box.answer("power.postpone", STATUS)
    return box


async def test_what_a_stop_interrupts_is_answered(admin: Any, power: Any) -> None:
    assert await admin.ask("GET", "/api/v1/power") == (200, STATUS)


@pytest.mark.parametrize(("path", "how"), [("off", "off"), ("restart", "restart")])
async def test_an_order_takes_the_own_password_and_carries_the_name(
    admin: Any, power: Any, path: str, how: str
) -> None:
    wrong = {"reason": "new disk", "password": "not it"}
    status, answer = await admin.ask("POST", f"/api/v1/power/{path}", wrong)
    assert (status, answer["fields"][0]["path"]) == (422, "password")
    assert orders(power) == []
    right = {"reason": "new disk", "password": PASSWORD}
    assert (await admin.ask("POST", f"/api/v1/power/{path}", right))[0] == 202
    assert orders(power) == [{"how": how, "by": "admin@127.0.0.1", "reason": "new disk"}]


async def test_without_the_right_nobody_is_even_told_what_it_would_interrupt(
    page_as: Any, power: Any
) -> None:
    guard = page_as(User("guard", GRANTABLE - {Permission.SHUTDOWN}))
    assert (await guard.ask("GET", "/api/v1/power"))[0] == 403
    body = {"reason": "", "password": PASSWORD}
    assert (await guard.ask("POST", "/api/v1/power/off", body))[0] == 403
    assert (await guard.ask("POST", "/api/v1/power/postpone", {}))[0] == 403
    assert orders(power) == []


async def test_a_second_order_is_told_that_the_first_is_being_done(admin: Any, power: Any) -> None:
    power.answer("power.leave", BusError("power.leaving", "The recorder is being stopped already."))
    body = {"reason": "", "password": PASSWORD}
    status, answer = await admin.ask("POST", "/api/v1/power/off", body)
    assert (status, answer["code"]) == (400, "power.leaving")


@pytest.mark.parametrize(
    "body", [{"reason": "x" * 201}, {"reason": 1}, {"how": "off"}, [], {"password": "x" * 300}]
)
async def test_nonsense_orders_nothing(admin: Any, power: Any, body: Any) -> None:
    status, _answer = await admin.ask("POST", "/api/v1/power/off", body)
    assert status == 422
    assert orders(power) == []

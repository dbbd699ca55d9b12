"""PoE over the API: what the supervisor tells, orders to it, and who may."""

from __future__ import annotations

from typing import Any

from appliance.accounts.permission import Permission, User
from appliance.bus.errors import BusError

STATUS = {
    "fitted": True,
    "board": "Box",
    "budget_w": 130.0,
    "most_w": 130.0,
    "guard_w": 6.0,
    "booked_w": 0.0,
    "measured_w": 0.0,
    "temperature_c": 35.0,
    "derated": False,
    "ports": [],
    "chips": [],
    "sockets": [],
}


async def test_ports_and_budget_are_told(admin: Any, supervisor: Any) -> None:
    supervisor.answer("poe.get", STATUS)
    assert await admin.ask("GET", "/api/v1/poe") == (200, STATUS)


async def test_a_history_is_of_a_port_and_a_known_span(admin: Any, supervisor: Any) -> None:
    history = {"port": 3, "span": "week", "step_s": 600.0, "mean_w": [4.0], "most_w": [5.0]}
    supervisor.answer("poe.history", history)
    assert await admin.ask("GET", "/api/v1/poe/3/history?span=week") == (200, history)
    assert ("poe.history", {"port": 3, "span": "week"}) in supervisor.asked
    status, answer = await admin.ask("GET", "/api/v1/poe/3/history?span=year")
    assert status == 422
    assert answer["fields"][0]["path"] == "span"


async def test_a_port_is_switched_off_and_on_by_its_number(admin: Any, supervisor: Any) -> None:
    supervisor.answer("poe.cycle", {})
    status, _answer = await admin.ask("POST", "/api/v1/poe/3/cycle")
    assert status == 204
    assert ("poe.cycle", {"port": 3}) in supervisor.asked


async def test_a_port_that_is_not_there_is_404_and_says_so(admin: Any, supervisor: Any) -> None:
    supervisor.answer("poe.cycle", BusError("poe.no_port", "This box has no such PoE port."))
    status, answer = await admin.ask("POST", "/api/v1/poe/99/cycle")
    assert (status, answer["code"]) == (404, "poe.no_port")
    assert (await admin.ask("POST", "/api/v1/poe/three/cycle"))[0] == 404


async def test_who_sees_the_status_may_not_switch(page_as: Any, supervisor: Any) -> None:
    supervisor.answer("poe.get", STATUS)
    supervisor.answer("poe.cycle", {})
    guard = page_as(User("guard", frozenset({Permission.STATUS})))
    assert (await guard.ask("GET", "/api/v1/poe"))[0] == 200
    assert (await guard.ask("POST", "/api/v1/poe/3/cycle"))[0] == 403
    assert not [method for method, _params in supervisor.asked if method == "poe.cycle"]

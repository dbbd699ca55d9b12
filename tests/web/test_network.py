"""The network over the API: what is told, changes on trial, and who may."""

from __future__ import annotations

from typing import Any

from appliance.accounts.permission import Permission, User
from appliance.bus.errors import BusError

STATUS = {
    "simulated": True,
    "offline": False,
    "mode": "single",
    "fault": "",
    "interfaces": [],
    "trial": None,
    "outcome": None,
}
CHANGE = {"item": "uplink", "changes": {"ipv4": "dhcp"}, "etag": "abc"}


async def test_interfaces_and_their_load_are_told(admin: Any, supervisor: Any) -> None:
    supervisor.answer("network.get", STATUS)
    assert await admin.ask("GET", "/api/v1/network") == (200, STATUS)
    load = {"interface": "uplink", "span": "day", "step_s": 60.0, "rx_bps": [1.0], "tx_bps": [None]}
    supervisor.answer("network.history", load)
    assert await admin.ask("GET", "/api/v1/network/uplink/history?span=day") == (200, load)
    assert ("network.history", {"interface": "uplink", "span": "day"}) in supervisor.asked


async def test_a_change_goes_with_who_made_it_and_comes_back_with_its_token(
    admin: Any, supervisor: Any
) -> None:
    supervisor.answer("network.change", {"version": 2, "token": "t" * 22, "trial": None})
    status, answer = await admin.ask("POST", "/api/v1/network/change", CHANGE)
    assert (status, answer["token"]) == (200, "t" * 22)
    _method, params = supervisor.asked[-1]
    assert params["actor"].startswith("admin@")
    assert {key: params[key] for key in CHANGE} == CHANGE


async def test_wrong_fields_come_back_in_place(admin: Any, supervisor: Any) -> None:
    fields = [{"path": "address", "code": "in_use", "text": "is in use already"}]
    error = BusError("network.address_in_use", "192.168.1.20 is in use.", fields=fields)
    supervisor.answer("network.change", error)
    status, answer = await admin.ask("POST", "/api/v1/network/change", CHANGE)
    assert (status, answer["code"], answer["fields"]) == (422, "network.address_in_use", fields)


async def test_at_the_new_address_the_token_confirms_without_signing_in(
    page: Any, supervisor: Any
) -> None:
    supervisor.answer("network.keep", {})
    status, _answer = await page.ask("POST", "/api/v1/network/confirm", {"token": "t" * 22})
    assert status == 204
    assert supervisor.asked[-1][1]["token"] == "t" * 22
    assert (await page.ask("POST", "/api/v1/network/confirm", {}))[0] == 422
    assert (await page.ask("POST", "/api/v1/network/keep"))[0] == 401


async def test_a_token_that_fits_nothing_is_refused(page: Any, supervisor: Any) -> None:
    error = BusError("network.no_trial", "There is nothing to confirm.")
    supervisor.answer("network.keep", error)
    status, answer = await page.ask("POST", "/api/v1/network/confirm", {"token": "t" * 22})
    assert (status, answer["code"]) == (404, "network.no_trial")


async def test_who_sees_the_status_may_not_change_it(page_as: Any, supervisor: Any) -> None:
    supervisor.answer("network.get", STATUS)
    guard = page_as(User("guard", frozenset({Permission.STATUS})))
    assert (await guard.ask("GET", "/api/v1/network"))[0] == 200
    for what in ("change", "keep", "revert", "test", "scan"):
        assert (await guard.ask("POST", f"/api/v1/network/{what}", {}))[0] == 403

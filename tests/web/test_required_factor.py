"""A group that asks for a second factor: set up at the next sign-in, before anything else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from appliance.accounts import totp
from appliance.accounts.permission import Permission
from appliance.web.app import modules, registry

PASSWORD = "Lantern7Field"
SignedIn = Callable[..., Awaitable[Any]]
ENROL = "/api/v1/second-factor"


@pytest.fixture
async def sign_in(admin: Any) -> AsyncIterator[SignedIn]:
    clients: list[TestClient[Any, Any]] = []

    async def enter(name: str, **more: Any) -> Any:
        client: TestClient[Any, Any] = TestClient(admin.client.server)
        clients.append(client)
        page = type(admin)(client)
        body = {"user": name, "password": PASSWORD, **more}
        status, answer = await page.ask("POST", "/api/v1/login", body)
        assert status == 200, answer
        page.csrf, page.answer = answer["csrf"], answer
        return page

    yield enter
    for client in clients:
        await client.session.close()


async def enrol(page: Any, box: Any) -> None:
    status, begun = await page.ask("POST", ENROL, {"password": PASSWORD})
    assert status == 200, begun
    code = totp.code_at(begun["secret"], totp.step_of(box.now()))
    status, answer = await page.ask("POST", f"{ENROL}/confirm", {"code": code})
    assert status == 200, answer


async def demand(admin: Any, group: str) -> tuple[int, Any]:
    status, answer = await admin.ask("PATCH", f"/api/v1/groups/{group}", {"factor": True})
    return status, answer


async def test_who_has_none_sets_it_up_before_anything_else(
    admin: Any, box: Any, sign_in: SignedIn
) -> None:
    await admin.ask(
        "POST", "/api/v1/users", {"name": "anna", "password": PASSWORD, "group": "user"}
    )
    assert (await demand(admin, "user"))[0] == 200
    anna = await sign_in("anna")
    assert (anna.answer["enrol"], anna.answer["rights"]) == (True, {})
    refusals = set()
    for route in registry(modules()):
        if route.permission is Permission.PUBLIC or route.enrolling or "{" in route.path:
            continue
        status, answer = await anna.ask(route.method, route.path, {})
        refusals.add((status, answer["code"]))
    assert refusals == {(403, "factor_needed")}
    _status, own = await anna.ask("GET", ENROL)
    assert (own["second_factor"], own["factor_needed"]) == (False, True)
    await enrol(anna, box)
    status, session = await anna.ask("GET", "/api/v1/session")
    assert (status, session["enrol"], session["rights"]["live"]) == (200, False, "*")
    assert (await anna.ask("GET", "/api/v1/channels"))[0] == 200


async def test_who_is_signed_in_already_is_held_to_it_at_once(
    admin: Any, box: Any, sign_in: SignedIn
) -> None:
    await admin.ask(
        "POST", "/api/v1/users", {"name": "anna", "password": PASSWORD, "group": "user"}
    )
    anna = await sign_in("anna")
    body = {"name": "wall", "rights": {"live": "*"}, "password": PASSWORD}
    _status, made = await anna.ask("POST", "/api/v1/tokens", body)
    head = {"Authorization": f"Bearer {made['token']}"}
    assert (await demand(admin, "user"))[0] == 200
    assert (await anna.ask("GET", "/api/v1/channels"))[1]["code"] == "factor_needed"
    assert (await admin.ask("GET", "/api/v1/channels", None, **head))[0] == 403
    await enrol(anna, box)
    assert (await anna.ask("GET", "/api/v1/channels"))[0] == 200
    assert (await admin.ask("GET", "/api/v1/channels", None, **head))[0] == 200


async def test_it_is_not_taken_off_while_the_group_asks_for_it(
    admin: Any, box: Any, sign_in: SignedIn
) -> None:
    await admin.ask(
        "POST", "/api/v1/users", {"name": "anna", "password": PASSWORD, "group": "user"}
    )
    await demand(admin, "user")
    anna = await sign_in("anna")
    await enrol(anna, box)
    status, answer = await anna.ask("POST", f"{ENROL}/drop", {"password": PASSWORD})
    assert (status, answer["code"]) == (409, "accounts.factor_needed")
    assert (await admin.ask("PATCH", "/api/v1/groups/user", {"factor": False}))[0] == 200
    assert (await anna.ask("POST", f"{ENROL}/drop", {"password": PASSWORD}))[0] == 204


async def test_nobody_asks_it_of_the_own_group_without_having_one(admin: Any, box: Any) -> None:
    status, answer = await demand(admin, "admin")
    assert status == 422
    assert [(field["path"], field["code"]) for field in answer["fields"]] == [
        ("factor", "accounts.own_factor_first")
    ]
    await enrol(admin, box)
    assert (await demand(admin, "admin"))[0] == 200
    assert (await admin.ask("GET", "/api/v1/users"))[0] == 200


async def test_the_last_administrator_who_lost_the_phone_comes_in_by_the_file(
    admin: Any, box: Any, sign_in: SignedIn
) -> None:
    await enrol(admin, box)
    assert (await demand(admin, "admin"))[0] == 200
    _status, made = await admin.ask("POST", "/api/v1/recovery/file", {"password": PASSWORD})
    body = {"route": "file", "key": made["key"], "password": PASSWORD}
    assert (await admin.ask("POST", "/api/v1/recovery", body))[0] == 204
    again = await sign_in("admin")
    assert again.answer["enrol"] is True
    await enrol(again, box)
    assert (await again.ask("GET", "/api/v1/users"))[0] == 200

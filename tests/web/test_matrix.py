"""Every registered route x (nobody, somebody without the right, admin): deny by default."""

from __future__ import annotations

import re
from typing import Any

import pytest
from aiohttp import web

from appliance.accounts.permission import GRANTABLE, Permission, User
from appliance.web.app import modules, registry
from appliance.web.reading import REGISTRY
from appliance.web.routing import Registry, Route

ROUTES = list(registry(modules()))
EXAMPLES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/api/v1/exports"): {
        "body": lambda channel: {"streams": [{"channel": channel}], "from": 1, "to": 2}
    },
    ("POST", "/api/v1/hls"): {"body": lambda channel: {"channel": channel, "from": 1, "to": 2}},
    ("POST", "/api/v1/locks"): {
        "body": lambda channel: {"channel": channel, "from": 1, "to": 2, "locked": True}
    },
    ("POST", "/api/v1/tags"): {"body": lambda channel: {"channel": channel, "at": 1, "name": "a"}},
    ("PATCH", "/api/v1/tags/{id}"): {"id": "{:032x}", "body": lambda _channel: {"name": "a"}},
    ("GET", "/api/v1/tags/{id}/play"): {"id": "{:032x}"},
    ("POST", "/api/v1/tags/delete"): {"body": lambda channel: {"ids": [f"{channel:032x}"]}},
    ("GET", "/api/v1/recordings"): {"query": "?channels=1"},
    ("GET", "/api/v1/timeline"): {"query": "?channels=1&from=0&to=1000"},
    ("GET", "/api/v1/calendar"): {"query": "?channels=1&month=2026-11"},
    ("GET", "/api/v1/snapshot"): {"query": "?channel=1&at=1000"},
    ("GET", "/api/v1/download"): {"query": "?channel=1&stream=main&from=0&to=1000"},
}
"""A question that reaches the decision about a channel, for routes that need more than a path.

The double of the supervisor has a tag on each channel, whose id is the channel's number.
"""
FILTERED = {"/api/v1/events": "events", "/api/v1/tags": "tags"}
"""Lists that leave out what concerns other channels, instead of refusing the question."""

OWN = ("/api/v1/exports/{id}", "/api/v1/exports/{id}/{file}")
"""What only the person who made it finds: tests/web/media/test_exports.py asks with one."""


def label(route: Route) -> str:
    return f"{route.method} {route.path}"


def address(route: Route, *, channel: int = 1) -> str:
    example = EXAMPLES.get((route.method, route.path), {})
    path = re.sub(r"\{id[^}]*\}", example.get("id", "{}").format(channel), route.path)
    path = re.sub(r"\{path[^}]*\}", "settings/general", path)
    path = re.sub(r"\{file[^}]*\}", "report.json", path)
    path = re.sub(r"\{name[^}]*\}", "guard", path)
    query = example.get("query", "")
    return path + query.replace("channel=1", f"channel={channel}").replace(
        "channels=1", f"channels={channel}"
    )


def body(route: Route, *, channel: int = 1) -> Any:
    example = EXAMPLES.get((route.method, route.path), {}).get("body")
    if example is not None:
        return example(channel)
    return None if route.method in ("GET", "DELETE") else {}


async def ask(page: Any, route: Route, *, channel: int = 1) -> tuple[int, Any]:
    """Ask; a WebSocket that opens is 101."""
    if route.websocket:
        headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                   "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip
        async with page.client.get(address(route), headers=headers) as answer:
            return answer.status, {}
    return await page.ask(
        route.method, address(route, channel=channel), body(route, channel=channel)
    )


@pytest.mark.parametrize("route", ROUTES, ids=label)
async def test_nobody_gets_past_the_sign_in(page: Any, box: Any, route: Route) -> None:
    box.asked.clear()
    status, answer = await ask(page, route)
    if route.permission is Permission.PUBLIC:
        assert status not in (401, 403)
    else:
        assert status == 401
        assert route.websocket or answer["code"] == "login_required"
    assert {method for method, _params in box.asked} <= {"settings.get"}  # the start asks for it


@pytest.mark.parametrize("route", ROUTES, ids=label)
async def test_an_account_without_rights_is_refused(page_as: Any, box: Any, route: Route) -> None:
    nobody = page_as(User("nobody"))
    status, answer = await ask(nobody, route)
    if route.permission in (Permission.PUBLIC, Permission.SESSION):
        assert status not in (401, 403), answer
        assert "Vault" not in str(answer)
    else:
        assert status == 403, answer
        assert route.websocket or answer["code"] == "not_allowed"


@pytest.mark.parametrize("route", ROUTES, ids=label)
async def test_every_other_right_together_does_not_replace_the_one_asked_for(
    page_as: Any, box: Any, route: Route
) -> None:
    if route.permission not in GRANTABLE:
        return
    almost = page_as(User("almost", frozenset(GRANTABLE - {route.permission})))
    status, _answer = await ask(almost, route)
    assert status == 403


@pytest.mark.parametrize("route", ROUTES, ids=label)
async def test_the_administrator_is_let_through(page_as: Any, box: Any, route: Route) -> None:
    status, answer = await ask(page_as(User("admin", GRANTABLE)), route)
    assert status not in (401, 403), answer


@pytest.mark.parametrize("route", [r for r in ROUTES if r.permission.per_channel], ids=label)
async def test_a_right_on_one_channel_does_not_open_another(
    page_as: Any, box: Any, route: Route
) -> None:
    guard = page_as(User("guard", GRANTABLE, frozenset({1})))
    if route.websocket:
        pytest.skip("asked with each message: tests/web/media")
    status, answer = await ask(guard, route, channel=2)
    if route.method == "GET" and route.path in FILTERED:
        assert {entry["channel"] for entry in answer[FILTERED[route.path]]} <= {None, 1}
    elif route.path in OWN:
        assert (status, answer["code"]) == (404, "not_found")
    else:
        assert status == 403, answer
        assert answer["code"] == "not_allowed"
    assert "Vault" not in str(answer)


@pytest.mark.parametrize(
    "path", ["/api/v1/channels", "/api/v1/status", "/api/v1/events", "/api/v1/tags"]
)
async def test_side_pages_do_not_tell_of_other_peoples_channels(
    page_as: Any, box: Any, path: str
) -> None:
    guard = page_as(User("guard", GRANTABLE, frozenset({1, 3})))
    status, answer = await guard.ask("GET", path)
    assert status == 200, answer
    assert "Vault" not in str(answer)
    if path != "/api/v1/events":
        assert "Front door" in str(answer)


async def test_events_of_another_channel_cannot_be_asked_for(page_as: Any, box: Any) -> None:
    guard = page_as(User("guard", GRANTABLE, frozenset({1, 3})))
    assert await guard.ask("GET", "/api/v1/events?channels=2") == (
        200, {"events": [], "next": None},
    )  # fmt: skip


def test_a_route_without_a_permission_cannot_exist() -> None:
    async def handler(_request: Any) -> Any:
        raise AssertionError

    with pytest.raises(TypeError):
        Route("GET", "/api/v1/x", handler, None)
    with pytest.raises(TypeError):
        Route("GET", "/api/v1/x", handler, "live")
    with pytest.raises(TypeError):
        Route("GET", "/api/v1/x", handler)


def test_a_route_is_registered_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        Registry([ROUTES[0], ROUTES[0]])


def test_the_application_serves_nothing_but_registered_routes(app: Any) -> None:
    registered = {(route.method, route.path) for route in app[REGISTRY]}
    for served in app.router.routes():
        method = "GET" if served.method == "HEAD" else served.method
        path = served.resource.canonical
        assert (method, path) in registered or (method, path.replace("{path}", "{path:.+}")) in (
            registered
        )


async def test_a_handler_that_forgets_to_ask_for_the_channel_is_not_heard(
    app: Any, page_as: Any, box: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def careless(_request: Any) -> web.Response:
        return web.json_response({"secret": "Vault"})

    for served in app.router.routes():
        if served.resource.canonical == "/api/v1/locks":
            monkeypatch.setattr(served, "_handler", careless)
    status, answer = await page_as(User("admin", GRANTABLE)).ask("POST", "/api/v1/locks", {})
    assert (status, answer["code"]) == (500, "failed")
    assert "Vault" not in str(answer)

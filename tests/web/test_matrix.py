"""Every registered route x everybody who could ask x channel: deny by default."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from appliance.accounts.model import first_groups
from appliance.accounts.permission import GRANTABLE, Permission, User
from appliance.accounts.rights import beyond, rights_of, user_with
from appliance.accounts.tokens import PREFIX, digest_of
from appliance.web.app import modules, registry
from appliance.web.bearer import TOKENS, Held
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
    ("POST", "/api/v1/settings-reset"): {"body": lambda _channel: {"scope": "all"}},
    ("POST", "/api/v1/settings-reset/preview"): {"body": lambda _channel: {"scope": "all"}},
    ("GET", "/api/v1/recordings"): {"query": "?channels=1"},
    ("GET", "/api/v1/timeline"): {"query": "?channels=1&from=0&to=1000"},
    ("GET", "/api/v1/calendar"): {"query": "?channels=1&month=2026-11"},
    ("GET", "/api/v1/snapshot"): {"query": "?channel=1&at=1000"},
    ("GET", "/api/v1/download"): {"query": "?channel=1&stream=main&from=0&to=1000"},
}
"""A question that reaches the decision about a channel, for routes that need more than a path.

The double of the supervisor has a tag on each channel, whose id is the channel's number.
"""
FILTERED = {"/api/v1/events": "events", "/api/v1/tags": "tags", "/api/v1/log": "entries"}
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
    path = re.sub(r"\{[a-z_]+[^}]*\}", str(channel), path)
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
        headers |= getattr(page, "headers", {})
        async with page.client.get(address(route), headers=headers) as answer:
            return answer.status, {}
    return await page.ask(
        route.method, address(route, channel=channel), body(route, channel=channel)
    )


CHANNELS = (1, 2, 3)
SECRET = "Vault"
"""The name of channel 2 at the double of the supervisor."""
NOT_FOR_TOKENS = "session_needed"


@dataclass(frozen=True)
class Role:
    """Somebody who asks: nobody, a person who is signed in, or an API token."""

    name: str
    user: User | None = None
    token: bool = False

    def may(self, permission: Permission, channel: int) -> bool:
        """What should be, told apart from the code that decides."""
        if permission is Permission.PUBLIC:
            return True
        if self.user is None:
            return False
        if permission is Permission.SESSION:
            return True
        if permission not in self.user.permissions:
            return False
        if permission not in PER_CHANNEL:
            return True
        channels = self.user.narrowed.get(permission, self.user.channels)
        return channels is None or channel in channels

    def may_at_all(self, permission: Permission) -> bool:
        return any(self.may(permission, channel) for channel in CHANNELS)

    @property
    def knows_of_vault(self) -> bool:
        """Whether any right of theirs reaches channel 2, or the box as a whole."""
        whole = {Permission.CAMERAS, Permission.SYSTEM, Permission.STORAGE, Permission.MAINTAIN,
                 Permission.NETWORK, Permission.ACCOUNTS}  # fmt: skip
        return self.user is not None and bool(
            self.user.permissions & whole or any(self.may(p, 2) for p in PER_CHANNEL)
        )


PER_CHANNEL = {
    Permission(name)
    for name in (
        "live",
        "playback",
        "download",
        "lock",
        "tag",
        "ptz",
        "talk",
        "record",
        "events",
        "logs",
    )
}


def roles_for(permission: Permission) -> list[Role]:
    """Everybody whose answer could differ for a route of `permission`."""
    groups = first_groups()
    people = [
        Role("nobody"),
        Role("no rights", User("no rights")),
        *(
            Role(name, user_with(name, groups[name].rights, 1))
            for name in ("user", "operator", "admin")
        ),
        Role("own group", user_with("own group", dict.fromkeys(GRANTABLE) | {
            p: frozenset({1, 3}) for p in PER_CHANNEL
        }, 1)),
        Role("token of nothing", User("token of nothing"), token=True),
        Role("token of a viewer", user_with("viewer", groups["user"].rights, 1), token=True),
    ]  # fmt: skip
    if permission in GRANTABLE:
        others = frozenset(GRANTABLE - {permission})
        people += [
            Role("all but it", User("all but it", others)),
            Role("it alone", User("it alone", frozenset({permission}))),
            Role("token of all but it", User("token of all but it", others), token=True),
            Role("token of it alone", User("token of it", frozenset({permission})), token=True),
        ]
    if permission in PER_CHANNEL:
        one = frozenset({1})
        people += [
            Role("all on 1", User("all on 1", GRANTABLE, one)),
            Role("it on 1", user_with("it on 1", {permission: one}, 1)),
            Role("it on none", User("it on none", frozenset({permission}), frozenset())),
            Role("others on 2", user_with("others on 2", {
                **{p: frozenset({2}) for p in PER_CHANNEL}, permission: one,
            }, 1)),
        ]  # fmt: skip
    return people


async def test_the_matrix_of_routes_roles_and_channels_has_no_hole(
    app: web.Application, page_as: Any, page: Any, box: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every route of the table, as everybody, on every channel: what is not granted is refused."""
    browsers: dict[tuple[str, Permission], Any] = {}
    asked, refused, holes = 0, 0, []
    # What is shown of the box while all is asked must not end, so sessions do not follow accounts.
    for route in ROUTES:
        for role in roles_for(route.permission):
            browser = browsers.get((role.name, route.permission))
            if browser is None:
                browser = page if role.user is None else (
                    token_of(app, page, role.user) if role.token else page_as(role.user)
                )  # fmt: skip
                browsers[role.name, route.permission] = browser
            if role.user is not None and not role.token and route.path.endswith(ENDS_SESSIONS):
                browser = page_as(role.user)
            for channel in CHANNELS if route.permission in PER_CHANNEL else CHANNELS[:1]:
                status, answer = await ask(browser, route, channel=channel)
                asked += 1
                refused += status in (401, 403)
                hole = judge(route, role, channel, status, answer)
                if hole:
                    holes.append(f"{label(route)} as {role.name} on D{channel}: {hole} ({status})")
    for browser in browsers.values():
        if hasattr(browser, "headers"):
            await browser.client.session.close()
    assert not holes, "\n".join(holes)
    assert refused > 0
    with capsys.disabled():
        print(
            f"\npermission matrix: {len(ROUTES)} routes, {asked} questions "
            f"(routes x roles x channels), {refused} refused, no hole"
        )


ENDS_SESSIONS = ("/logout", "/settings-reset", "/configuration/import")
"""Routes after whose answer the session of who asked may be over."""


def judge(route: Route, role: Role, channel: int, status: int, answer: Any) -> str:
    """Return what is wrong with an answer, "" if nothing is."""
    code = answer.get("code", "") if isinstance(answer, dict) else ""
    if SECRET in str(answer) and not role.knows_of_vault:
        return "tells of a channel that is not theirs"
    if route.permission is Permission.PUBLIC:
        return "refused although it is public" if status in (401, 403) and not code else ""
    if role.user is None:
        return "" if status == 401 and (route.websocket or code == "login_required") else "let in"
    if status == 401:
        return "asked to sign in, being signed in"
    if route.permission is Permission.SESSION:
        return "refused" if status == 403 and not (role.token and code == NOT_FOR_TOKENS) else ""
    if route.websocket:  # its answer has no body to be read here
        return "" if (status == 403) != role.may_at_all(route.permission) else "let in or kept out"
    if not role.may_at_all(route.permission):
        return "" if status == 403 and code == "not_allowed" else "let in"
    if route.path in EVERYTHING:
        return "" if (code != "not_allowed") == (not beyond(None, rights_of(role.user))) else "rank"
    if route.path in ANY:
        return "refused" if status in (401, 403) else ""
    asked = (route.permission, *ALSO.get(route.path, ()))
    full = all(role.user.channels_of(one) is None for one in asked)
    if role.may(INSTEAD.get(route.path, route.permission), channel) and not (
        route.path.startswith(WHOLE) and not full
    ):
        lacks = not all(role.may(also, channel) for also in ALSO.get(route.path, ()))
        return "let in" if (code == "not_allowed") != lacks else ""
    if route.method == "GET" and route.path in FILTERED:
        named = {entry["channel"] for entry in answer[FILTERED[route.path]]}
        allowed = {None, *(c for c in CHANNELS if role.may(route.permission, c))}
        return "" if status == 200 and named <= allowed else "not filtered"
    if route.path in OWN:
        return "" if (status, code) == (404, "not_found") else "found"
    return "" if status == 403 and code == "not_allowed" else "let in"


WHOLE = (
    "/api/v1/places/{id}/",
    "/api/v1/configuration/",
    "/api/v1/log/system",
    "/api/v1/courier",
)
"""Routes that are about footage of any channel: only for whom the right holds on all of them."""
PAGES = (Permission.CAMERAS, Permission.STORAGE, Permission.NETWORK, Permission.SYSTEM)
ALSO = {
    "/api/v1/hls": (Permission.PLAYBACK,),
    "/api/v1/configuration/export": tuple(GRANTABLE),
    "/api/v1/configuration/preview": tuple(GRANTABLE),
    "/api/v1/configuration/import": tuple(GRANTABLE),
}
"""Routes that ask for further rights."""
EVERYTHING = ("/api/v1/settings-reset", "/api/v1/settings-reset/preview")
"""Routes for whoever may do everything: accounts go with it."""
ANY = ("/api/v1/log/check", "/api/v1/log/table")
"""Routes for whom the right holds on any channel; what is in the table: tests/web/test_log.py."""
INSTEAD = {"/api/v1/snapshot": Permission.PLAYBACK}
"""Routes that ask for another right on the channel: the picture asked for here is of the past."""


def token_of(app: web.Application, page: Any, user: User) -> Any:
    """Return a program that asks with an API token of these rights."""
    table, secret = app[TOKENS], f"{PREFIX}{len(app[TOKENS]._held)}"
    table._held[digest_of(secret)] = Held(user.name, user, None)

    class Program(type(page)):  # type: ignore[misc]
        headers: ClassVar[dict[str, str]] = {"Authorization": f"Bearer {secret}"}

        async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
            return await super().ask(method, path, body, **self.headers, **headers)

    return Program(TestClient(page.client.server))


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

"""Settings as a whole over the API: who may, and what a program may not."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.accounts.permission import GRANTABLE, Permission, User

ROUTES = (
    ("/api/v1/settings-reset/preview", {"scope": "all"}, "settings.reset_preview"),
    ("/api/v1/settings-reset", {"scope": "all"}, "settings.reset"),
)
FILE = {"file": "{}", "passphrase": "Lantern7Field"}
WHOLE = (
    ("export", {"passphrase": "Lantern7Field"}),
    ("preview", FILE),
    ("import", {**FILE, "network": False, "accounts": False}),
)


@pytest.mark.parametrize(("path", "body", "method"), ROUTES)
@pytest.mark.parametrize("lacking", [Permission.CAMERAS, Permission.NETWORK, Permission.SYSTEM])
async def test_all_settings_at_once_take_the_right_to_each_page(
    page_as: Any, supervisor: Any, path: str, body: Any, method: str, lacking: Permission
) -> None:
    supervisor.answer(method, {})
    fellow = page_as(User("fellow", GRANTABLE - {lacking}))
    status, answer = await fellow.ask("POST", path, body)
    assert (status, answer["code"]) == (403, "not_allowed")
    assert method not in [asked for asked, _params in supervisor.asked]
    whole = page_as(User("whole", GRANTABLE))
    assert (await whole.ask("POST", path, body))[0] == 200


@pytest.mark.parametrize(("what", "body"), WHOLE)
async def test_the_configuration_takes_every_right_on_every_channel(
    page_as: Any, supervisor: Any, what: str, body: Any
) -> None:
    """Whoever takes over a file could give themselves any right that is in it."""
    method, path = f"configuration.{what}", f"/api/v1/configuration/{what}"
    supervisor.answer(method, {})
    for lacking in (Permission.ACCOUNTS, Permission.LIVE, Permission.SHUTDOWN):
        fellow = page_as(User("fellow", GRANTABLE - {lacking}))
        assert (await fellow.ask("POST", path, body))[0] == 403
    narrow = page_as(User("narrow", GRANTABLE, frozenset({1, 2, 3})))
    assert (await narrow.ask("POST", path, body))[0] == 403
    assert method not in [asked for asked, _params in supervisor.asked]
    whole = page_as(User("whole", GRANTABLE))
    assert (await whole.ask("POST", path, body))[0] == 200
    asked, params = supervisor.asked[-1]
    assert asked == method
    assert params["passphrase"] == "Lantern7Field"
    assert {k: params[k] for k in body} == body


async def test_an_api_token_cannot_take_the_configuration_along(
    page_as: Any, admin: Any, supervisor: Any
) -> None:
    supervisor.answer("configuration.export", {"file": ""})
    rights = {p.value: "*" for p in GRANTABLE if p is not Permission.ACCOUNTS}
    body = {"name": "t", "rights": rights, "password": "Lantern7Field"}
    status, made = await admin.ask("POST", "/api/v1/tokens", body)
    assert status == 201, made
    head = {"Authorization": f"Bearer {made['token']}"}
    body = {"passphrase": "Lantern7Field"}
    status, _answer = await admin.ask("POST", "/api/v1/configuration/export", body, **head)
    assert status == 403


@pytest.mark.parametrize("path", ["/api/v1/settings-reset/preview", "/api/v1/settings-reset"])
async def test_accounts_go_with_everything_only_for_whoever_may_do_everything(
    page_as: Any, supervisor: Any, path: str
) -> None:
    for method in ("settings.reset", "settings.reset_preview"):
        supervisor.answer(method, {})
    for user in (
        User("no accounts", GRANTABLE - {Permission.ACCOUNTS}),
        User("some channels", GRANTABLE, frozenset({1})),
    ):
        page = page_as(user)
        status, answer = await page.ask("POST", path, {"scope": "all"})
        assert (status, answer["code"]) == (403, "not_allowed")
        page = page_as(user)
        assert (await page.ask("POST", path, {"scope": "but_network_and_users"}))[0] == 200
    asked = [params["scope"] for method, params in supervisor.asked if "reset" in method]
    assert set(asked) == {"but_network_and_users"}

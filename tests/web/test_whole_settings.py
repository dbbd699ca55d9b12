"""Settings as a whole over the API: who may, and what a program may not."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.accounts.permission import GRANTABLE, Permission, User

DOCUMENT = {"format": "nvr-settings", "schema": 1, "pages": {"channels": {"items": []}}}
ROUTES = (
    ("/api/v1/settings-file/export", {}, "settings.export"),
    ("/api/v1/settings-file/preview", {"document": DOCUMENT}, "settings.import_preview"),
    ("/api/v1/settings-file/import", {"document": DOCUMENT}, "settings.import"),
    ("/api/v1/settings-reset/preview", {"scope": "all"}, "settings.reset_preview"),
    ("/api/v1/settings-reset", {"scope": "all"}, "settings.reset"),
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


async def test_an_api_token_cannot_take_secrets_along(admin: Any, supervisor: Any) -> None:
    supervisor.answer("settings.export", {})
    rights = {p.value: "*" for p in GRANTABLE if p is not Permission.ACCOUNTS}
    body = {"name": "t", "rights": rights, "password": "Lantern7Field"}
    status, made = await admin.ask("POST", "/api/v1/tokens", body)
    assert status == 201, made
    head = {"Authorization": f"Bearer {made['token']}"}
    path = "/api/v1/settings-file/export"
    assert (await admin.ask("POST", path, {}, **head))[0] == 200
    status, answer = await admin.ask("POST", path, {"password": "Lantern7Field"}, **head)
    assert (status, answer["code"]) == (403, "session_needed")

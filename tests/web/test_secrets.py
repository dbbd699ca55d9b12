"""Nothing secret in addresses, logs, answers or files; programs and other sites kept apart."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import pytest

from appliance.accounts import totp
from appliance.web.app import modules, registry

PASSWORD = "Lantern7Field"
NEW = "Harbour8Stone"
WRONG = "Anchor9Chain"
ONVIF = "Kettle5Rope"
SECRET_NAMES = re.compile(r"password|passphrase|secret|csrf|cookie|answer|pin|code|key")


def test_no_address_takes_a_secret() -> None:
    """Addresses end up in histories and logs; bodies and headers do not."""
    for route in registry(modules()):
        named = set(re.findall(r"\{([a-z_]+)", route.path))
        named |= set(route.query.model_fields) if route.query else set()
        wrong = {name for name in named if SECRET_NAMES.search(name)}
        assert not wrong, f"{route.method} {route.path}: {wrong}"
        # The token of an HLS address is all a player can carry; it is of one film and one session.
        assert "token" not in named or route.path == "/api/v1/hls/{token}/{file}"


async def test_neither_log_nor_answer_nor_event_nor_file_holds_a_secret_in_clear(
    admin: Any, box: Any, supervisor: Any, paths: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []

    async def ask(method: str, path: str, body: Any = None, **headers: str) -> Any:
        _status, answer = await admin.ask(method, path, body, **headers)
        said.append(str(answer))
        return answer

    body = {"name": "x", "rights": {"live": "*"}, "password": PASSWORD}
    token = (await ask("POST", "/api/v1/tokens", body))["token"]
    onvif = {"name": "vms", "level": "user", "password": ONVIF}
    await ask("POST", "/api/v1/onvif-users", onvif)
    begun = await ask("POST", "/api/v1/second-factor", {"password": PASSWORD})
    code = totp.code_at(begun["secret"], totp.step_of(supervisor.now()))
    spare = (await ask("POST", "/api/v1/second-factor/confirm", {"code": code}))["spare"]
    key = (await ask("POST", "/api/v1/recovery/file", {"password": PASSWORD}))["key"]
    said.clear()  # these four are told once, and that was it
    await ask("POST", "/api/v1/login", {"user": "admin", "password": WRONG})
    await ask("POST", "/api/v1/login", {"user": "admin", "password": PASSWORD, "code": "123456"})
    await ask("POST", "/api/v1/users", {"name": "anna", "password": NEW, "group": "user"})
    await ask("POST", "/api/v1/users", {"name": "bert", "password": NEW, "group": "gone"})
    await ask("POST", "/api/v1/password", {"old": WRONG, "new": NEW})
    await ask("POST", "/api/v1/recovery", {"route": "file", "key": "0" * 64, "password": NEW})
    await ask("GET", "/api/v1/status", None, Authorization=f"Bearer {token[:-1]}")
    questions = [{"question": f"Question {n}", "answer": f"MyAnswer{n}"} for n in (1, 2)]
    await ask("PUT", "/api/v1/recovery/questions", {"password": PASSWORD, "questions": questions})
    for path in ("users", "groups", "sessions", "tokens", "recovery", "second-factor", "session",
                 "onvif-users"):  # fmt: skip
        await ask("GET", f"/api/v1/{path}")
    cookie = next(iter(admin.client.session.cookie_jar)).value
    secrets = [PASSWORD, NEW, WRONG, token, token[:-1], begun["secret"], *spare, key, cookie,
               "MyAnswer1", ONVIF]  # fmt: skip
    events = str([params for method, params in box.asked if method == "events.raise"])
    files = "".join(
        path.read_text(errors="replace")
        for path in Path(paths.state).rglob("*")
        if path.is_file() and path.suffix in (".json", ".copy")
    )
    for place, text in (
        ("log", caplog.text), ("answers", "".join(said)), ("events", events), ("files", files),
    ):  # fmt: skip
        for secret in secrets:
            assert secret not in text, f"{secret} in the {place}"
    assert "$argon2id$" in files  # the right files were looked at
    assert "$argon2id$" not in "".join(said) + caplog.text + events


async def test_both_cookies_are_out_of_reach_of_scripts_and_other_sites(
    page: Any, supervisor: Any
) -> None:
    code = supervisor.accounts.issue_code()
    async with page.client.post(
        "/api/v1/setup", json={"code": code, "password": PASSWORD}
    ) as answer:
        cookies = answer.headers.getall("Set-Cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == ["nvr", "nvr-known"]
    for cookie in cookies:
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
        assert "Domain" not in cookie


async def test_a_page_of_another_site_cannot_use_a_token_it_does_not_have(
    admin: Any, box: Any
) -> None:
    """A cookie beside a wrong token is no sign-in: the two are never mixed."""
    status, answer = await admin.ask("GET", "/api/v1/session", Authorization="Bearer nvr_x")
    assert (status, answer["code"]) == (401, "bad_token")


async def test_a_token_does_not_excuse_another_sites_page(admin: Any, box: Any) -> None:
    body = {"name": "x", "rights": {"cameras": "*"}, "password": PASSWORD}
    made = (await admin.ask("POST", "/api/v1/tokens", body))[1]["token"]
    status, answer = await admin.ask(
        "PATCH", "/api/v1/settings/channels/1", {"name": "x"},
        Authorization=f"Bearer {made}", Origin="https://evil.example",
    )  # fmt: skip
    assert (status, answer["code"]) == (403, "foreign_origin")

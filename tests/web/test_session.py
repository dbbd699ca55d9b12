"""First set-up, signing in and out."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from appliance.web.app import make_app
from appliance.web.session_keeper import SESSIONS


async def login(page: Any, password: str = "Lantern7Field", user: str = "admin") -> Any:
    return await page.ask("POST", "/api/v1/login", {"user": user, "password": password})


async def test_the_first_person_sets_the_password_with_the_code_and_is_in(
    page: Any, supervisor: Any
) -> None:
    assert await page.ask("GET", "/api/v1/setup") == (
        200,
        {"initialised": False, "signed_in": False, "least_kinds": 3},
    )
    await page.set_up(supervisor)
    assert await page.ask("GET", "/api/v1/setup") == (
        200,
        {"initialised": True, "signed_in": True, "least_kinds": 3},
    )
    status, session = await page.ask("GET", "/api/v1/session")
    assert status == 200
    assert session["user"] == "admin"
    assert "live" in session["permissions"]
    assert session["csrf"] == page.csrf


async def test_every_wrong_field_of_the_set_up_is_told_at_once(page: Any, supervisor: Any) -> None:
    supervisor.accounts.issue_code()
    status, answer = await page.ask("POST", "/api/v1/setup", {"code": "AAAA", "password": "a b"})
    assert status == 422
    assert {(f["path"], f["code"]) for f in answer["fields"]} == {
        ("code", "accounts.code_wrong"),
        ("password", "password_length"),
        ("password", "password_blank"),
        ("password", "password_kinds"),
        ("password", "password_common"),
    }
    assert not (await page.ask("GET", "/api/v1/setup"))[1]["initialised"]


async def test_a_second_set_up_is_refused(admin: Any, supervisor: Any) -> None:
    status, answer = await admin.ask(
        "POST", "/api/v1/setup", {"code": "AAAA", "password": "Another7Field"}
    )
    assert (status, answer["code"]) == (409, "accounts.initialised")


async def test_signing_in_again_after_signing_out(admin: Any) -> None:
    assert (await admin.ask("POST", "/api/v1/logout", {}))[0] == 204
    assert (await admin.ask("GET", "/api/v1/session"))[0] == 401
    status, answer = await login(admin)
    assert status == 200
    assert answer["user"] == "admin"
    assert (await admin.ask("GET", "/api/v1/session"))[0] == 200


@pytest.mark.parametrize("user", ["admin", "nobody"])
async def test_a_wrong_password_and_an_unknown_user_read_the_same(admin: Any, user: str) -> None:
    status, answer = await login(admin, "Wrong7Field", user)
    assert (status, answer["code"]) == (401, "wrong_password")
    assert answer["text"] == "User name or password is not right."


async def test_five_wrong_passwords_lock_the_address_before_any_hashing(
    admin: Any, clock: Any, passwords: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        assert (await login(admin, "Wrong7Field"))[0] == 401
    status, answer = await login(admin, "Wrong7Field")
    assert (status, answer["code"], answer["wait_s"]) == (429, "locked", 60)

    async def never(*_args: object) -> bool:
        raise AssertionError("hashed while locked")

    monkeypatch.setattr(passwords, "verify", never)
    assert (await login(admin))[0] == 429
    monkeypatch.undo()
    clock.now += 61
    assert (await login(admin))[0] == 200


async def test_an_address_tries_one_password_at_a_time(admin: Any) -> None:
    results = await asyncio.gather(*(login(admin, "Wrong7Field") for _ in range(8)))
    codes = [answer["code"] for _status, answer in results]
    assert codes.count("wrong_password") <= 4
    assert set(codes) <= {"wrong_password", "busy", "locked"}


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    page: Any, supervisor: Any
) -> None:
    code = supervisor.accounts.issue_code()
    async with page.client.post(
        "/api/v1/setup", json={"code": code, "password": "Lantern7Field"}
    ) as answer:
        cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("nvr=")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


async def test_a_change_without_the_csrf_token_is_refused(admin: Any) -> None:
    admin.csrf = ""
    status, answer = await admin.ask("POST", "/api/v1/logout", {})
    assert (status, answer["code"]) == (403, "csrf")
    admin.csrf = "0" * 64
    assert (await admin.ask("POST", "/api/v1/logout", {}))[0] == 403
    assert (await admin.ask("GET", "/api/v1/session"))[0] == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://["]
)
async def test_a_change_asked_for_by_another_site_is_refused(admin: Any, origin: str) -> None:
    status, answer = await admin.ask("POST", "/api/v1/logout", {}, Origin=origin)
    assert (status, answer["code"]) == (403, "foreign_origin")


async def test_signing_in_from_another_site_is_refused(admin: Any) -> None:
    body = {"user": "admin", "password": "Lantern7Field"}
    status, answer = await admin.ask("POST", "/api/v1/login", body, Origin="https://evil.example")
    assert (status, answer["code"]) == (403, "foreign_origin")


async def test_changing_the_password_ends_the_other_sessions(
    admin: Any, app: web.Application
) -> None:
    other = type(admin)(TestClient(admin.client.server))
    assert (await login(other))[0] == 200
    assert (await other.ask("GET", "/api/v1/session"))[0] == 200
    body = {"old": "Lantern7Field", "new": "Harbour8Stone"}
    status, answer = await admin.ask("POST", "/api/v1/password", body)
    assert status == 200, answer
    assert answer["signed_out"] == 1
    assert (await admin.ask("GET", "/api/v1/session"))[0] == 200
    assert (await other.ask("GET", "/api/v1/session"))[0] == 401
    assert (await login(other))[0] == 401
    assert (await login(other, "Harbour8Stone"))[0] == 200
    await other.client.close()


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        ("Wrong7Field", "Harbour8Stone", {("old", "wrong_password")}),
        ("Lantern7Field", "Lantern7Field", {("new", "password_same")}),
        (
            "Lantern7Field",
            "short;",
            {
                ("new", "password_length"),
                ("new", "password_barred"),
                ("new", "password_kinds"),
            },
        ),
        (
            "Wrong7Field",
            "a1",
            {
                ("old", "wrong_password"),
                ("new", "password_length"),
                ("new", "password_kinds"),
                ("new", "password_common"),
            },
        ),
    ],
)
async def test_a_password_that_does_not_do_is_refused_with_its_fields(
    admin: Any, old: str, new: str, codes: set[tuple[str, str]]
) -> None:
    status, answer = await admin.ask("POST", "/api/v1/password", {"old": old, "new": new})
    assert status == 422
    assert {(f["path"], f["code"]) for f in answer["fields"]} == codes


async def test_a_restart_of_the_web_process_signs_nobody_out(
    admin: Any, paths: Any, bus: Any, passwords: Any, wall: Any, static_folder: Any
) -> None:
    cookies = admin.client.session.cookie_jar.filter_cookies(admin.client.make_url("/"))
    again = make_app(paths, bus, passwords=passwords, wall=wall, static=static_folder)
    jar = {name: morsel.value for name, morsel in cookies.items()}
    async with (
        TestClient(TestServer(again), cookies=jar) as client,
        client.get("/api/v1/session") as answer,
    ):
        assert answer.status == 200


async def test_the_page_hears_when_its_session_ends(
    admin: Any, app: web.Application, wall: Any
) -> None:
    wall.now += 600
    _status, answer = await admin.ask("GET", "/api/v1/session")
    assert answer["ends_in_s"] == app[SESSIONS].absolute_s - 600
    assert answer["idle_s"] is None
    app[SESSIONS].open_page_counts = False
    _status, answer = await admin.ask("GET", "/api/v1/session")
    assert answer["idle_s"] == app[SESSIONS].idle_s


async def test_a_session_that_has_ended_is_told_before_who_it_was_is_asked(
    admin: Any, wall: Any
) -> None:
    """A page that is loaded must not have to run into a refusal to find out."""
    wall.now += 3601
    _status, answer = await admin.ask("GET", "/api/v1/setup")
    assert answer == {"initialised": True, "signed_in": False, "least_kinds": 3}


async def test_an_idle_session_ends(admin: Any, wall: Any) -> None:
    wall.now += 3601
    status, answer = await admin.ask("GET", "/api/v1/session")
    assert (status, answer["code"]) == (401, "login_required")


async def test_who_is_signed_in_stays_so_without_the_supervisor(
    admin: Any, supervisor: Any
) -> None:
    await supervisor.stop()
    assert (await admin.ask("GET", "/api/v1/session"))[0] == 200
    status, answer = await login(admin)
    assert (status, answer["code"]) == (503, "supervisor_away")
    assert "Recording" in answer["text"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "bad_json"),
        (b"[" * 100_000, 413, "too_large"),
        (b"[" * 4000, 400, "bad_json"),
        (b"[]", 422, "invalid"),
        (b'{"user": 1}', 422, "invalid"),
        (b'{"user":"a","password":"b","more":1}', 422, "invalid"),
        (b'{"user":"a","password":NaN}', 400, "bad_json"),
    ],
    ids=["cut", "long", "deep", "list", "type", "extra", "nan"],
)
async def test_a_malformed_body_is_refused_in_words(
    page: Any, body: bytes, status: int, code: str
) -> None:
    headers = {"Content-Type": "application/json"}
    async with page.client.post("/api/v1/login", data=body, headers=headers) as answer:
        assert answer.status == status
        assert (await answer.json())["code"] == code


async def test_a_form_of_another_site_cannot_sign_in(page: Any) -> None:
    async with page.client.post("/api/v1/login", data={"user": "a", "password": "b"}) as answer:
        assert answer.status == 415


@pytest.mark.parametrize("header", [b"Cookie: nvr=\xff", b"Authorization: Bearer nvr_\xff"])
async def test_a_header_that_is_no_text_is_nobody(page: Any, header: bytes) -> None:
    """It is answered like any wrong one, without a trace in the log."""
    reader, writer = await asyncio.open_connection("127.0.0.1", page.client.server.port)
    writer.write(
        b"GET /api/v1/session HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        + header
        + b"\r\n\r\n"
    )
    assert (await reader.readline()).split()[1] == b"401"
    writer.close()


async def test_a_token_of_a_change_that_is_no_text_is_a_wrong_one(admin: Any) -> None:
    cookie = admin.client.session.cookie_jar.filter_cookies(admin.client.make_url("/"))["nvr"].value
    reader, writer = await asyncio.open_connection("127.0.0.1", admin.client.server.port)
    writer.write(
        b"POST /api/v1/logout HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        b"X-CSRF-Token: \xff\r\nContent-Length: 0\r\nCookie: nvr=" + cookie.encode() + b"\r\n\r\n"
    )
    assert (await reader.readline()).split()[1] == b"403"
    writer.close()

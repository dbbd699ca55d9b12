"""The page's files, headers, names of the box."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from appliance.web.app import make_app
from appliance.web.hosts import HostNames
from appliance.web.static_files import StaticFiles


@pytest.mark.parametrize("path", ["/", "/live", "/settings/channels/3"])
async def test_the_page_is_served_at_its_own_addresses(page: Any, path: str) -> None:
    async with page.client.get(path) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/html"
        assert answer.headers["Cache-Control"] == "no-cache"


async def test_the_page_may_run_nothing_but_its_own_files(page: Any) -> None:
    async with page.client.get("/") as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert f"connect-src 'self' ws://127.0.0.1:{page.client.port}" in policy


@pytest.mark.parametrize("path", ["/", "/api/v1/setup", "/api/v1/nothing", "/favicon.svg"])
async def test_every_answer_carries_the_protecting_headers(page: Any, path: str) -> None:
    async with page.client.get(path) as answer:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "aiohttp" not in answer.headers["Server"]
        assert "Content-Security-Policy" in answer.headers


async def test_files_with_a_hash_in_their_name_are_kept_for_ever(page: Any) -> None:
    async with page.client.get("/assets/app-1a2b.js") as answer:
        assert answer.status == 200
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Encoding"] == "gzip"
        assert (await answer.text()).startswith("console.log")
        etag = answer.headers["ETag"]
    headers = {"If-None-Match": etag}
    async with page.client.get("/assets/app-1a2b.js", headers=headers) as answer:
        assert answer.status == 304


async def test_answers_of_the_api_are_never_kept(page: Any) -> None:
    async with page.client.get("/api/v1/setup") as answer:
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "/../conftest.py", "/..%2f..%2fetc%2fpasswd", "/assets/../.secret", "/.secret",
        "/assets/%2e%2e/.secret", "//etc/passwd", "/assets/..%5c.secret", "/%00.js",
        "/assets/nothing.js", "/index.html/x.js",
    ],
)  # fmt: skip
async def test_nothing_outside_the_page_is_served(page: Any, path: str) -> None:
    url = URL(f"http://127.0.0.1:{page.client.port}{path}", encoded=True)
    async with page.client.session.get(url) as answer:
        body = await answer.text()
        assert answer.status in (404, 200)
        assert "root:" not in body
        assert body != "no"
        if answer.status == 200:
            assert "recorder" in body


async def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "page"
    folder.mkdir()
    (folder / "index.html").write_text("page")
    (tmp_path / "outside.js").write_text("secret")
    (folder / "link.js").symlink_to(tmp_path / "outside.js")
    files = StaticFiles(folder)
    files.load()
    assert files.get("link.js") is None


async def test_an_installation_without_the_page_says_so(
    paths: Any, bus: Any, passwords: Any, tmp_path: Path
) -> None:
    app = make_app(paths, bus, passwords=passwords, static=tmp_path / "nowhere")
    async with TestClient(TestServer(app)) as client, client.get("/") as answer:
        assert answer.status == 503
        assert "not part of this installation" in await answer.text()


async def test_precompressed_files_are_preferred(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("page")
    (tmp_path / "app.js").write_text("x" * 5000)
    (tmp_path / "app.js.br").write_bytes(b"brotli")
    files = StaticFiles(tmp_path)
    files.load()
    assert files.get("app.js").bodies["br"] == b"brotli"
    assert files.get("app.js.br") is None


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1/nothing", "/api/v2/login"])
async def test_an_unknown_address_of_the_api_is_told_as_json(page: Any, path: str) -> None:
    status, answer = await page.ask("GET", path)
    assert (status, answer["code"]) == (404, "not_found")


async def test_a_wrong_method_is_told_as_json(page: Any) -> None:
    async with page.client.delete("/api/v1/login") as answer:
        assert answer.status == 405
        assert (await answer.json())["code"] == "wrong_method"
        assert "POST" in answer.headers["Allow"]


async def test_a_foreign_name_is_not_answered(page: Any) -> None:
    status, answer = await page.ask("GET", "/api/v1/setup", Host="evil.example")
    assert (status, answer["code"]) == (421, "unknown_host")


async def test_a_request_without_a_name_is_not_answered_and_asks_no_resolver(
    page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never() -> str:
        raise AssertionError("asked the resolver")

    monkeypatch.setattr(socket, "getfqdn", never)
    reader, writer = await asyncio.open_connection("127.0.0.1", page.client.port)
    writer.write(b"GET /api/v1/setup HTTP/1.0\r\n\r\n")
    assert b" 421 " in await reader.readline()
    writer.close()


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("192.168.1.20", True), ("192.168.1.20:8443", True), ("[fe80::1]:8443", True),
        ("localhost", True), ("recorder.example:443", True), ("RECORDER.example.", True),
        ("evil.example", False), ("", False), ("a b", False), ("recorder.example.evil", False),
        ("127.0.0.1.evil.example", False), ("user@localhost", False), ("[::1", False),
    ],
)  # fmt: skip
def test_names_of_the_box(host: str, known: bool) -> None:
    assert HostNames(["recorder.example"]).allows(host) is known

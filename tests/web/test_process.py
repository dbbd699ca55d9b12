"""The web process as a whole: in this process on a real bus, and as a process of its own."""

from __future__ import annotations

import asyncio
import datetime
import os
import signal
import socket
import ssl
import sys
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from appliance.bus.errors import BusError
from appliance.bus.server import _Method
from appliance.certificates.issue import Subject, new_key, self_signed
from appliance.certificates.pair import Pair
from appliance.settings.pages.web import WebPage
from appliance.web.process import WebProcess
from appliance.web.session_keeper import SESSIONS

PASSWORD = "Lantern7Field"


async def until(condition: Callable[[], Any], limit_s: float = 8) -> None:
    """Wait for the condition."""
    async with asyncio.timeout(limit_s):
        while not condition():
            await asyncio.sleep(0.01)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def web_page(version: int = 1, **changes: Any) -> dict[str, Any]:
    values = WebPage(https_port=free_port(), http_port=free_port()).model_dump() | changes
    return {"page": "web", "version": version, "etag": "e", "item_etags": {}, "values": values}


class WebBox:
    """A supervisor double whose page Web access can be changed."""

    def __init__(self, supervisor: Any) -> None:
        self.supervisor = supervisor
        self.page = web_page()
        self.acks: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.beats: list[dict[str, Any]] = []
        channels = {"page": "channels", "version": 1, "etag": "c", "item_etags": {},
                    "values": {"items": []}}  # fmt: skip

        def settings(params: dict[str, Any]) -> Any:
            if params["page"] == "web":
                return self.page
            if params["page"] == "channels":
                return channels
            raise BusError("settings.no_page", "no such page")

        supervisor.answer("settings.get", settings)
        supervisor.answer("settings.watch", {"version": 1})
        supervisor.answer("settings.ack", lambda params: self.acks.append(params) or {})
        supervisor.answer("events.raise", lambda params: self.events.append(params) or {})
        supervisor.answer("events.sync", {"ended": 0})
        self.watch()

    def watch(self) -> None:
        self.supervisor.server.subscribe("heartbeat", lambda beat, _who: self.beats.append(beat))

    def change(self, **values: Any) -> None:
        self.page = {**self.page, "version": self.page["version"] + 1,
                     "values": self.page["values"] | values}  # fmt: skip
        self.supervisor.server.publish(
            "settings.changed",
            {"page": "web", "version": self.page["version"], "items": [], "rollback": False},
        )

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.page['values']['http_port']}"

    @property
    def https(self) -> str:
        return f"https://127.0.0.1:{self.page['values']['https_port']}"


@pytest.fixture
def web_box(supervisor: Any) -> WebBox:
    return WebBox(supervisor)


@pytest.fixture
async def process(paths: Any, web_box: WebBox) -> AsyncIterator[WebProcess]:
    found = WebProcess(paths)
    task = asyncio.create_task(found.run())
    async with asyncio.timeout(10):
        await found.ready.wait()
    yield found
    found.stop()
    async with asyncio.timeout(10):
        await task


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(
        cookie_jar=jar, connector=aiohttp.TCPConnector(ssl=False)
    ) as session:
        yield session


async def status(browser: aiohttp.ClientSession, address: str) -> int:
    async with browser.get(address) as answer:
        return answer.status


async def test_it_serves_https_and_plain_http_on_loopback(
    process: WebProcess, web_box: WebBox, browser: aiohttp.ClientSession
) -> None:
    assert await status(browser, f"{web_box.https}/api/v1/setup") == 200
    assert await status(browser, f"{web_box.http}/api/v1/setup") == 200


async def test_the_cookie_over_https_is_secure_and_bound_to_the_host(
    process: WebProcess, web_box: WebBox, browser: aiohttp.ClientSession, supervisor: Any
) -> None:
    code = supervisor.accounts.issue_code()
    body = {"code": code, "password": PASSWORD}
    async with browser.post(f"{web_box.https}/api/v1/setup", json=body) as answer:
        assert answer.status == 200
        cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-nvr=")
    assert "Secure" in cookie


async def test_https_is_insisted_on_once_plain_http_is_off(
    process: WebProcess, web_box: WebBox, browser: aiohttp.ClientSession
) -> None:
    async def header(address: str) -> str | None:
        async with browser.get(f"{address}/api/v1/setup") as answer:
            return answer.headers.get("Strict-Transport-Security")

    assert await header(web_box.https) is None
    assert await header(web_box.http) is None
    web_box.change(http_loopback=False)
    await until(lambda: web_box.acks)
    assert await header(web_box.https) == "max-age=31536000"


async def test_a_change_of_the_port_is_applied_and_acknowledged(
    process: WebProcess, web_box: WebBox, browser: aiohttp.ClientSession
) -> None:
    before = web_box.http
    web_box.change(http_port=free_port(), session_minutes=7, open_page_counts=False)
    await until(lambda: web_box.acks)
    assert web_box.acks[-1]["applied"]
    assert await status(browser, f"{web_box.http}/api/v1/setup") == 200
    async with aiohttp.ClientSession() as fresh:
        with pytest.raises(aiohttp.ClientConnectorError):
            await status(fresh, f"{before}/api/v1/setup")
    assert process.app[SESSIONS].idle_s == 420
    assert not process.app[SESSIONS].open_page_counts


async def test_a_change_to_a_port_in_use_is_refused_in_words_and_the_rest_serves(
    process: WebProcess, web_box: WebBox, browser: aiohttp.ClientSession
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        web_box.change(http_port=port)
        await until(lambda: web_box.acks and web_box.events)
    assert not web_box.acks[-1]["applied"]
    assert str(port) in web_box.acks[-1]["text"]
    assert web_box.events[-1]["kind"] == "port_unusable"
    assert await status(browser, f"{web_box.https}/api/v1/setup") == 200


async def test_a_further_name_is_answered_at_once(
    process: WebProcess, web_box: WebBox, browser: aiohttp.ClientSession
) -> None:
    async def under(name: str) -> int:
        async with browser.get(f"{web_box.http}/api/v1/setup", headers={"Host": name}) as answer:
            return answer.status

    assert await under("nvr.example.org") == 421
    web_box.change(host_names="nvr.example.org bücher.example")
    await until(lambda: web_box.acks)
    assert web_box.acks[-1]["applied"]
    assert await under("nvr.example.org") == 200
    assert await under("NVR.example.org:8443") == 200
    assert await under("xn--bcher-kva.example") == 200
    assert await under("other.example.org") == 421
    web_box.change(host_names="")
    await until(lambda: len(web_box.acks) == 2)
    assert await under("nvr.example.org") == 421


class Shown:
    """What the supervisor hands out as the certificate of the web page."""

    def __init__(self, supervisor: Any) -> None:
        self._server = supervisor.server
        self.answer: Any = None
        supervisor.answer("certificates.serve", lambda _params: self.answer)

    async def show(self, answer: Any, shown: Callable[[], Any]) -> None:
        self.answer = answer
        self._server.publish("certificates.changed", {})
        async with asyncio.timeout(8):
            while not await shown():
                await asyncio.sleep(0.01)


def handed_out(pair: Pair) -> dict[str, str]:
    return {"id": "x", "key": pair.key_pem(), "chain": pair.chain_pem()}


async def shown_on(port: int) -> tuple[bytes, asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect, and return the certificate that was shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    return writer.get_extra_info("ssl_object").getpeercert(binary_form=True), reader, writer


async def test_the_certificate_is_exchanged_while_it_serves(
    process: WebProcess, web_box: WebBox, supervisor: Any
) -> None:
    """Other kinds of key too; a connection made before goes on (D2-SE-21)."""
    now, shown = datetime.datetime.now(datetime.UTC), Shown(supervisor)
    port = web_box.page["values"]["https_port"]
    _first, reader, writer = await shown_on(port)
    for kind in ("rsa2048", "p256", "p384"):
        pair = self_signed(new_key(kind), Subject("nvr"), now, 90)
        der = pair.leaf.public_bytes(Encoding.DER)

        async def is_shown(der: bytes = der) -> bool:
            found, _reader, other = await shown_on(port)
            other.close()
            return found == der

        await shown.show(handed_out(pair), is_shown)
    writer.write(b"GET /api/v1/setup HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_whoever_has_but_one_context_shows_the_newest_too(
    process: WebProcess, supervisor: Any
) -> None:
    shown, now = Shown(supervisor), datetime.datetime.now(datetime.UTC)
    door = await asyncio.start_server(
        lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=process._certificate.steady()
    )
    async with door:
        port = door.sockets[0].getsockname()[1]
        pair = self_signed(new_key("rsa2048"), Subject("nvr"), now, 90)

        async def is_shown() -> bool:
            found, _reader, other = await shown_on(port)
            other.close()
            return found == pair.leaf.public_bytes(Encoding.DER)

        await shown.show(handed_out(pair), is_shown)


async def test_what_cannot_be_shown_leaves_the_former_certificate(
    process: WebProcess, web_box: WebBox, supervisor: Any
) -> None:
    now = datetime.datetime.now(datetime.UTC)
    port = web_box.page["values"]["https_port"]
    before, _reader, writer = await shown_on(port)
    writer.close()
    good, other = (self_signed(new_key(), Subject("nvr"), now, 90) for _ in range(2))
    for wrong in (
        {"id": "x", "key": other.key_pem(), "chain": good.chain_pem()},
        {"id": "x", "key": "", "chain": ""},
        BusError("certificates.unknown", "no"),
    ):
        supervisor.answer("certificates.serve", wrong)
        await process._fetch_certificate()
        found, _reader, writer = await shown_on(port)
        writer.close()
        assert found == before


async def test_its_heartbeat_tells_progress(
    process: WebProcess, web_box: WebBox, browser: aiohttp.ClientSession
) -> None:
    await status(browser, f"{web_box.http}/api/v1/setup")
    await until(lambda: any(beat["progress"]["requests"] for beat in web_box.beats))
    first = web_box.beats[0]["progress"]["loop_turns"]
    await until(lambda: web_box.beats[-1]["progress"]["loop_turns"] > first)
    assert web_box.beats[-1]["process"] == "web"


async def test_a_request_in_work_is_not_taken_for_an_idle_connection(
    process: WebProcess, web_box: WebBox, browser: aiohttp.ClientSession, supervisor: Any
) -> None:
    asked, release = asyncio.Event(), asyncio.Event()

    async def hold(_params: dict[str, Any], _peer: Any) -> Any:
        asked.set()
        await release.wait()
        return None

    async def sign_in() -> int:
        body = {"user": "admin", "password": PASSWORD}
        async with browser.post(f"{web_box.http}/api/v1/login", json=body) as answer:
            return answer.status

    supervisor.server._methods["accounts.lookup"] = _Method(hold, None)
    answer = asyncio.create_task(sign_in())
    async with asyncio.timeout(5):
        await asked.wait()
    process._connections._clock = lambda: time.monotonic() + 3600
    process._connections.sweep()
    release.set()
    assert await answer == 401


async def test_it_comes_up_without_the_settings(
    paths: Any, supervisor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.web.process.SETTINGS_WAIT_S", 0.1)
    await supervisor.stop()
    process = WebProcess(paths)
    process._page = WebPage(https_port=free_port(), http_port=free_port())
    task = asyncio.create_task(process.run())
    async with asyncio.timeout(10):
        await process.ready.wait()
    assert process.servers is not None
    assert len(process.servers.ports) >= 2
    process.stop()
    await task


class WebChild:
    """`python -m appliance.web` on the bus of the test."""

    def __init__(self, paths: Any) -> None:
        self._environment = {**os.environ, **paths.environment()}
        self.process: asyncio.subprocess.Process | None = None

    async def start(self, box: WebBox, browser: aiohttp.ClientSession) -> None:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "appliance.web", env=self._environment
        )
        async with asyncio.timeout(15):
            while True:
                try:
                    if await status(browser, f"{box.http}/api/v1/setup") == 200:
                        return
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.05)

    async def end(self, number: signal.Signals) -> int:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(10):
            return await self.process.wait()


@pytest.fixture
async def child(paths: Any) -> AsyncIterator[WebChild]:
    found = WebChild(paths)
    yield found
    if found.process is not None:
        await found.end(signal.SIGKILL)


async def test_a_killed_process_comes_back_and_signs_nobody_out(
    child: WebChild, web_box: WebBox, browser: aiohttp.ClientSession, supervisor: Any
) -> None:
    await child.start(web_box, browser)
    body = {"code": supervisor.accounts.issue_code(), "password": PASSWORD}
    async with browser.post(f"{web_box.http}/api/v1/setup", json=body) as answer:
        assert answer.status == 200
    await child.end(signal.SIGKILL)
    await child.start(web_box, browser)
    assert await status(browser, f"{web_box.http}/api/v1/session") == 200
    await supervisor.stop()
    assert await status(browser, f"{web_box.http}/api/v1/session") == 200
    assert await child.end(signal.SIGTERM) == 0

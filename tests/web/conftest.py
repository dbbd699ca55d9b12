"""A real web application on a real bus; only the hashing is cheap."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from appliance.accounts import service, store
from appliance.accounts.core import Surroundings
from appliance.accounts.passwords import Passwords
from appliance.accounts.permission import User
from appliance.accounts.service import AccountService
from appliance.accounts.sessions import csrf_token
from appliance.bus.client import BusClient
from appliance.bus.errors import BusError
from appliance.bus.server import BusServer, plain
from appliance.paths import Paths
from appliance.web import reach
from appliance.web.app import make_app
from appliance.web.session_keeper import SESSIONS

PASSWORD = "Lantern7Field"


class StandingClock:
    """Seconds that stand until a test moves them."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@dataclass
class SupervisorDouble:
    """A bus server with the real account service and the answers a test gives it."""

    paths: Paths
    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    server: BusServer | None = None
    accounts: AccountService | None = None
    busy: set[str] = field(default_factory=set)
    """Methods of accounts that it finds no time for."""
    now_s: float = 1_800_000_000.0
    """The time accounts go by, UTC seconds."""

    def now(self) -> float:
        return self.now_s

    async def start(self) -> None:
        self.paths.run.mkdir(parents=True, exist_ok=True)
        self.server = BusServer(self.paths.bus_socket, instance="test")
        around = Surroundings(wall=self.now, channels=lambda: (1, 2, 3), told=self.told)
        self.accounts = AccountService(self.paths.state, around)
        for name, handler in self.accounts.methods().items():
            self.server.handle(name, plain(self._if_free(name, handler)), roles=service.ROLES)
        for name in self.answers:
            self.server.handle(name, plain(self._answering(name)))
        await self.server.start()

    def _if_free(self, name: str, handler: Any) -> Any:
        async def answer(params: dict[str, Any]) -> Any:
            if name in self.busy:
                raise BusError("bus.busy", "Too much waits.")
            return await handler(params)

        return answer

    def told(self, kind: str, details: dict[str, Any]) -> None:
        """Take down what accounts enter in the log, as if it had been raised over the bus."""
        self.asked.append(("events.raise", {"kind": kind, "details": details}))

    async def stop(self) -> None:
        if self.server is not None:
            await self.server.close()
            self.server = None

    def answer(self, method: str, value: Any) -> None:
        """Answer `method` with `value`, with what `value(params)` returns, or raise it."""
        known = method in self.answers
        self.answers[method] = value
        if self.server is not None and not known:
            self.server.handle(method, plain(self._answering(method)))

    def _answering(self, method: str) -> Any:
        async def answer(params: dict[str, Any]) -> Any:
            self.asked.append((method, params))
            value = self.answers[method]
            if isinstance(value, BusError):
                raise value
            return value(params) if callable(value) else value

        return answer


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.below(tmp_path)


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MIN_MEMORY_KIB", 64)


@pytest.fixture(autouse=True)
def _reach_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(reach, "ROUTES", tmp_path / "no routes")
    monkeypatch.setattr(reach, "RESOLVER", tmp_path / "no name servers")


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    hasher = Passwords(time_cost=1, memory_kib=64)
    yield hasher
    hasher.close()


@pytest.fixture
async def supervisor(paths: Paths) -> AsyncIterator[SupervisorDouble]:
    double = SupervisorDouble(paths)
    await double.start()
    yield double
    await double.stop()


@pytest.fixture
async def bus(paths: Paths, supervisor: SupervisorDouble) -> AsyncIterator[BusClient]:
    client = BusClient(paths.bus_socket, "web", "test")
    task = asyncio.create_task(client.run())
    async with asyncio.timeout(5):
        await client.connected.wait()
    yield client
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def wall() -> StandingClock:
    return StandingClock(1_800_000_000.0)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(5_000.0)


@pytest.fixture
def static_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>recorder</title>")
    (folder / "assets" / "app-1a2b.js").write_text("console.log('x');\n" * 200)
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / ".secret").write_text("no")
    return folder


@pytest.fixture
def app(
    paths: Paths,
    bus: BusClient,
    passwords: Passwords,
    clock: StandingClock,
    wall: StandingClock,
    static_folder: Path,
) -> web.Application:
    return make_app(paths, bus, passwords=passwords, clock=clock, wall=wall, static=static_folder)


@dataclass
class Page:
    """A browser: cookies, the CSRF token, and the box it talks to."""

    client: TestClient[web.Request, web.Application]
    csrf: str = ""

    async def ask(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, Any]:
        """Return status and JSON (or text) of the answer."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.csrf:
            sent.setdefault("X-CSRF-Token", self.csrf)
        options = {} if body is None else {"json": body}
        async with self.client.request(
            method, path, headers=sent, allow_redirects=False, **options
        ) as answer:
            if answer.content_type == "application/json":
                return answer.status, await answer.json()
            return answer.status, await answer.text()

    async def set_up(self, supervisor: SupervisorDouble) -> None:
        code = supervisor.accounts.issue_code()
        status, answer = await self.ask(
            "POST", "/api/v1/setup", {"code": code, "password": PASSWORD}
        )
        assert status == 200, answer
        self.csrf = answer["csrf"]


@pytest.fixture
async def page(app: web.Application) -> AsyncIterator[Page]:
    async with TestClient(TestServer(app)) as client:
        yield Page(client)


@pytest.fixture
async def admin(page: Page, supervisor: SupervisorDouble) -> Page:
    """A page whose person is signed in as admin."""
    await page.set_up(supervisor)
    return page


@pytest.fixture
async def page_as(app: web.Application, page: Page) -> AsyncIterator[Callable[[User], Page]]:
    """Return pages of other people, signed in without asking for a password."""
    clients: list[TestClient[Any, Any]] = []

    def page_of(user: User) -> Page:
        token, _session = app[SESSIONS].create(user, "127.0.0.1")
        client = TestClient(page.client.server, cookies={"nvr": token})
        clients.append(client)
        return Page(client, csrf_token(token))

    yield page_of
    for client in clients:
        await client.session.close()


@pytest.fixture
def box(supervisor: SupervisorDouble) -> SupervisorDouble:
    """A supervisor that answers for a box with three channels."""
    channels = [
        {"id": number, "name": name, "enabled": True, "mode": "auto", "password": {"set": True}}
        for number, name in ((1, "Front door"), (2, "Vault"), (3, "Yard"))
    ]
    page = {"page": "channels", "version": 7, "etag": "abc", "item_etags": {"1": "i1", "2": "i2"}}

    names: dict[int | None, str] = {c["id"]: c["name"] for c in channels}

    def event(number: int, channel: int | None) -> dict[str, Any]:
        return {
            "id": number,
            "kind": "camera_offline",
            "key": "",
            "title": "Camera offline",
            "severity": "error",
            "channel": channel,
            "source": "recorder@1",
            "start": 1,
            "end": None,
            "repeats": 1,
            "details": {},
            "text": f"D{channel} {names.get(channel)} is gone",
        }

    events = [event(3, None), event(2, 2), event(1, 1)]

    def query(params: dict[str, Any]) -> dict[str, Any]:
        wanted = params.get("channels")
        found = [e for e in events if wanted is None or e["channel"] in wanted]
        return {"events": found, "next": None}

    supervisor.answer("settings.get", {**page, "values": {"items": channels}})
    supervisor.answer("settings.patch", {**page, "values": {"items": channels}})
    supervisor.answer("settings.copy", {**page, "values": {"items": channels}})
    supervisor.answer("settings.add", {"id": 4, "version": 8, "etag": "d", "item_etag": "i4"})
    supervisor.answer("settings.remove", {"version": 8, "etag": "d"})
    supervisor.answer("events.query", query)
    supervisor.answer("events.kinds", {"kinds": []})

    def tag(number: int, name: str = "Van") -> dict[str, Any]:
        return {
            "id": f"{number:032x}",
            "channel": number,
            "at": 1_000_000,
            "name": name,
            "author": "anna",
            "revision": 1,
            "changed": 1,
            "deleted": False,
            "gone": None,
        }

    def tags(params: dict[str, Any]) -> dict[str, Any]:
        wanted = params.get("channels")
        found = [tag(number, names[number]) for number in (3, 2, 1)]
        return {
            "tags": [t for t in found if wanted is None or t["channel"] in wanted],
            "next": None,
        }

    supervisor.answer("tags.query", tags)
    supervisor.answer("tags.get", lambda p: {"tags": [tag(int(i, 16)) for i in p["ids"]]})
    supervisor.answer("tags.add", lambda p: tag(p["channel"], p["name"]) | {"at": p["at"]})
    supervisor.answer("tags.rename", lambda p: tag(int(p["id"], 16), p["name"]))
    supervisor.answer("tags.delete", lambda p: {"deleted": len(p["ids"])})
    supervisor.answer("events.raise", {"id": 1, "new": True})

    def entries(params: dict[str, Any]) -> dict[str, Any]:
        wanted = params.get("of")
        found = [
            {**e, "type": "connection", "type_title": "Connections", "seq": None} for e in events
        ]
        found = [e for e in found if wanted is None or e["channel"] in (None, *wanted)]
        return {"entries": found, "next": None}

    supervisor.answer("log.query", entries)
    supervisor.answer("log.check", {"whole": True, "entries": 0, "since": None, "broken": []})

    def finding(level: str, what: str, id_: int | str, text: str, **more: Any) -> dict[str, Any]:
        return {
            "level": level, "what": what, "id": id_, "code": "x", "text": text, "since": 1,
            "finding": f"{len(text):012x}", "todo": "", "channels": [], "plain": "", "fixes": [],
            "snoozed": None, **more,
        }  # fmt: skip

    restart = {"slug": "restart_process", "title": "Start it again", "confirm": "", "done": "",
               "permission": "maintain"}  # fmt: skip
    health = {
        "level": "error",
        "sentence": "Vault does not answer",
        "items": [
            finding("error", "channel", 2, "Vault is gone", channels=[2]),
            finding("error", "volume", "A", "No disk. Not recorded: D1, D2 Vault",
                    channels=[1, 2], plain="No disk."),
            finding("warning", "process", "web", "Web is down", fixes=[restart],
                    finding="0000000000fe"),
        ],
        "aside": [finding("warning", "channel", 2, "Vault is dim", channels=[2])],
    }  # fmt: skip
    supervisor.answer(
        "health.get",
        {"health": health, "checks": [], "ping": {"called": False, "last": None, "failure": ""}},
    )
    supervisor.answer("health.fix", {"finding": "Web is down", "fix": "Start it again"})
    supervisor.answer("health.snooze", {"finding": "Web is down"})
    supervisor.answer("health.wake", {"finding": "Web is down"})
    wizard = {"steps": [], "at": "", "finished": False, "later": False}
    for method in ("wizard.get", "wizard.mark", "wizard.show", "wizard.end"):
        supervisor.answer(method, wizard)
    supervisor.answer("status.get", {
        "box": {"name": "Shop", "time": 1, "zone": "UTC", "version": "0.1.0", "uptime_s": 1},
        "health": health,
        "processes": [], "volumes": [], "host": {}, "events": {"error": 1},
        "channels": [{"id": c["id"], "name": c["name"], "state": "playing"} for c in channels],
    })  # fmt: skip
    return supervisor

"""The API as it is described: generated requests, no answer that is not described, no failure.

Sampled in every run; `make soak` asks each operation many times.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from aiohttp.test_utils import TestServer
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from appliance.accounts import service as accounts_service
from appliance.accounts.permission import GRANTABLE, User
from appliance.accounts.sessions import csrf_token
from appliance.bus.client import BusClient
from appliance.bus.server import BusServer, plain
from appliance.events.book import EventBook
from appliance.events.log_book import LogBook
from appliance.events.tags_book import TagBook
from appliance.settings.document import DocumentFiles
from appliance.settings.store import SettingsStore
from appliance.settings.vault import Vault
from appliance.supervisor.configuration_service import ConfigurationService
from appliance.supervisor.events_service import EventsService
from appliance.supervisor.log_service import LogService
from appliance.supervisor.settings_service import SettingsService
from appliance.supervisor.settings_transfer import SettingsTransfer
from appliance.supervisor.tags_service import TagsService
from appliance.web.app import make_app, modules, registry
from appliance.web.openapi import describe
from appliance.web.routing import Route
from appliance.web.session_keeper import SESSIONS

ANSWERED = ("settings", "events", "log", "tags", "session", "description")
"""Subjects whose whole way is there, from the request to the file."""
ENDS_THE_SESSION = {("POST", "/api/v1/logout"), ("POST", "/api/v1/password")}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def asked() -> list[Route]:
    """Return the operations that are asked."""
    return [
        route
        for route in registry(modules())
        if route.tag in ANSWERED
        and not route.websocket
        and route.path.startswith("/api/")
        and (route.method, route.path) not in ENDS_THE_SESSION
    ]


@dataclass
class Served:
    """A web process with the services of a supervisor behind it, and a person with every right."""

    url: str
    headers: dict[str, str]


@pytest.fixture
async def served(tmp_path: Path, paths: Any, supervisor: Any, passwords: Any) -> AsyncIterator[Any]:
    await supervisor.stop()
    bus = BusServer(paths.bus_socket, instance="test")
    for name, handler in supervisor.accounts.methods().items():
        bus.handle(name, plain(handler), roles=accounts_service.ROLES)
    book = EventBook(paths.state / "events" / "events.db", chain_key=b"k" * 32)
    await book.start()
    vault = Vault.open(tmp_path / "keys" / "device.key")
    store = SettingsStore(DocumentFiles(tmp_path / "settings"), vault)

    def tell(kind: str, details: dict[str, Any]) -> None:
        book.raise_event(kind, details=details)

    settings = SettingsService(bus, store, changed=lambda page: None, told=tell)
    SettingsTransfer(bus, settings, seed=lambda: None, told=tell)
    ConfigurationService(
        bus,
        settings,
        vault,
        tmp_path / "settings",
        about=lambda: {"board": "", "ports": 0},
        told=tell,
    ).also(supervisor.accounts.part)
    EventsService(bus, book)
    LogService(bus, LogBook(book))
    TagsService(bus, TagBook(book))
    await settings.open()
    for number in (1, 2):
        store.add("channels", {"main_url": f"rtsp://10.0.0.{number}/main", "password": "geheim"})
    await bus.start()
    client = BusClient(paths.bus_socket, "web", "w")
    talking = asyncio.create_task(client.run())
    app = make_app(paths, client, passwords=passwords)
    async with TestServer(app) as server:
        token, _session = app[SESSIONS].create(User("admin", GRANTABLE), "127.0.0.1")
        headers = {"Cookie": f"nvr={token}", "X-CSRF-Token": csrf_token(token)}
        yield Served(str(server.make_url("")).rstrip("/"), headers)
    talking.cancel()
    await asyncio.gather(talking, return_exceptions=True)
    await bus.close()
    await book.close()
    settings.close()


def ask_each(served: Served, examples: int) -> int:
    """Ask every operation so many times; return how many there are."""
    schema = schemathesis.openapi.from_dict(describe(asked()))
    count = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @hypothesis.settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            answer = case.call(base_url=served.url, headers=served.headers)
            case.validate_response(answer, checks=CHECKS)

        ask()
        count += 1
    return count


async def test_every_answer_is_one_that_is_described(served: Any) -> None:
    count = await asyncio.to_thread(ask_each, served, 5)
    assert count == len(asked())


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_every_answer_of_many_is_one_that_is_described(served: Any) -> None:
    await asyncio.to_thread(ask_each, served, 100)

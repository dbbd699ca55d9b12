"""The page of the bench: files, state and orders, on loopback and for its own page only."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from appliance.bus.errors import BusError
from appliance.cli.bench_page import FILES, BenchPage


class Supervisor:
    """What the page asks over the bus."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []

    async def request(self, method: str, params: dict[str, Any] | None = None) -> Any:
        self.asked.append((method, params or {}))
        if (params or {}).get("action") == "dance":
            raise BusError("bench.no_action", "The bench cannot 'dance'.")
        return {"poe": {"temperature_c": 35.0}}


@pytest.fixture
def supervisor() -> Supervisor:
    return Supervisor()


@pytest.fixture
async def url(supervisor: Supervisor) -> AsyncIterator[str]:
    @contextlib.asynccontextmanager
    async def bus() -> AsyncIterator[Any]:
        yield supervisor

    page = BenchPage(bus)
    assert await page.start()
    yield page.url
    await page.stop()


async def ask(method: str, url: str, **options: Any) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url, **options) as answer,
    ):
        return answer.status, await answer.text()


async def test_every_file_of_the_page_is_served_and_nothing_else(url: str) -> None:
    status, text = await ask("GET", url)
    assert status == 200
    assert "/bench.js" in text
    for path in FILES.iterdir():
        assert (await ask("GET", f"{url}/{path.name}"))[0] == 200
    assert (await ask("GET", f"{url}/run.py"))[0] == 404
    assert (await ask("GET", f"{url}/%2e%2e%2frun.py"))[0] == 404


async def test_orders_go_to_the_bench_and_the_new_state_comes_back(
    url: str, supervisor: Supervisor
) -> None:
    status, text = await ask("POST", f"{url}/act/poe/plug", json={"port": 3, "kind": "camera"})
    assert status == 200
    assert "temperature_c" in text
    order = {"part": "poe", "action": "plug", "params": {"port": 3, "kind": "camera"}}
    assert supervisor.asked[0] == ("bench.act", order)


async def test_what_the_bench_refuses_is_said(url: str) -> None:
    status, text = await ask("POST", f"{url}/act/poe/dance")
    assert status == 400
    assert "cannot" in text
    assert (await ask("POST", f"{url}/act/poe/plug", data="[1"))[0] == 400
    assert (await ask("POST", f"{url}/act/poe/plug", json=[1]))[0] == 400


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
async def test_other_pages_and_names_are_refused(
    url: str, supervisor: Supervisor, headers: dict[str, str]
) -> None:
    assert (await ask("POST", f"{url}/act/poe/pull", headers=headers))[0] == 403
    assert supervisor.asked == []

"""Tags over a real bus: who may ask for what, and what is told to everybody."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from appliance.bus.client import BusClient, connected_client
from appliance.bus.errors import BusError
from appliance.bus.server import BusServer
from appliance.events.book import EventBook
from appliance.events.tags import Tag
from appliance.events.tags_book import TagBook
from appliance.supervisor.tags_service import TagsService


class Bus:
    """A supervisor's bus with tags, and its peers."""

    def __init__(self, path: Path, stack: AsyncExitStack) -> None:
        self._path = path
        self._stack = stack

    async def peer(self, name: str) -> BusClient:
        return await self._stack.enter_async_context(connected_client(self._path, name, "x"))


@pytest.fixture
async def bus(tmp_path: Path) -> AsyncIterator[Bus]:
    events = EventBook(tmp_path / "events.db")
    await events.start()
    server = BusServer(tmp_path / "bus.sock", instance="s")
    TagsService(server, TagBook(events))
    await server.start()
    async with AsyncExitStack() as stack:
        yield Bus(tmp_path / "bus.sock", stack)
    await server.close()
    await events.close()


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def test_a_tag_lives_its_life_over_the_bus(bus: Bus) -> None:
    web = await bus.peer("web")
    told: list[dict[str, Any]] = []
    news = asyncio.Event()

    def note(payload: dict[str, Any]) -> None:
        told.append(payload)
        news.set()

    web.subscribe("tags.changed", note)
    at = now_ms()
    tag = await web.request("tags.add", {"channel": 3, "at": at, "name": " Tür ", "author": "anna"})
    assert (tag["channel"], tag["at"], tag["name"], tag["author"]) == (3, at, "Tür", "anna")
    assert (await web.request("tags.query", {"name": "tÜR"}))["tags"] == [{**tag, "gone": None}]
    renamed = await web.request("tags.rename", {"id": tag["id"], "name": "Gate"})
    assert (await web.request("tags.get", {"ids": [tag["id"]]}))["tags"] == [
        {**renamed, "gone": None}
    ]
    assert await web.request("tags.delete", {"ids": [tag["id"]]}) == {"deleted": 1}
    assert (await web.request("tags.get", {"ids": [tag["id"]]}))["tags"] == []
    async with asyncio.timeout(5):
        while len(told) < 3:
            news.clear()
            await news.wait()
    assert [payload["channels"] for payload in told] == [[3], [3], [3]]


@pytest.mark.parametrize(
    ("peer", "method"),
    [
        ("recorder@1", "tags.add"), ("recorder@1", "tags.delete"), ("recorder@1", "tags.rename"),
        ("web", "tags.merge"), ("web", "tags.changes"), ("web", "tags.footage"),
        ("cameras", "tags.query"),
        ("analytics@1", "tags.add"),
    ],
)  # fmt: skip
async def test_each_role_has_its_own_methods(bus: Bus, peer: str, method: str) -> None:
    with pytest.raises(BusError) as caught:
        await (await bus.peer(peer)).request(method, {})
    assert caught.value.code == "bus.forbidden"


async def test_nobody_else_tells_that_tags_changed(bus: Bus) -> None:
    web, liar = await bus.peer("web"), await bus.peer("recorder@1")
    told: list[Any] = []
    web.subscribe("tags.changed", told.append)
    await liar.publish("tags.changed", {"serial": 1, "channels": [1]})
    await liar.request("tags.changes", {"after": 0, "channels": [1, 8]})
    await web.request("tags.query", {})
    assert told == []


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("tags.add", {"channel": 1, "name": "a"}, "tags.bad_request"),
        ("tags.add", {"channel": "1", "at": 1, "name": "a"}, "tags.bad_request"),
        ("tags.add", {"channel": 1, "at": 1}, "tags.bad_request"),
        ("tags.add", {"channel": 1, "at": 1, "name": "x" * 65}, "tags.bad_name"),
        ("tags.rename", {"id": "x", "name": "a"}, "tags.bad_request"),
        ("tags.rename", {"id": "0" * 32, "name": "a"}, "tags.no_tag"),
        ("tags.delete", {"ids": ["x"]}, "tags.bad_request"),
        ("tags.delete", {"ids": ["0" * 32] * 501}, "tags.bad_request"),
        ("tags.get", {}, "tags.bad_request"),
        ("tags.query", {"limit": 0}, "tags.bad_filter"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    bus: Bus, method: str, params: dict[str, Any], code: str
) -> None:
    with pytest.raises(BusError) as caught:
        await (await bus.peer("web")).request(method, params)
    assert caught.value.code == code
    if code in ("tags.bad_name", "tags.bad_filter"):
        assert caught.value.fields[0]["text"] == caught.value.text


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("tags.merge", {}),
        ("tags.merge", {"tags": [{"id": "x"}]}),
        ("tags.merge", {"tags": [7]}),
        ("tags.merge", {"tags": [{}] * 501}),
        ("tags.changes", {"after": "0", "channels": [1, 8]}),
        ("tags.changes", {"after": 0, "channels": [1]}),
        ("tags.changes", {"after": 0}),
        ("tags.footage", {"gone": ["x"], "here": []}),
        ("tags.footage", {"gone": []}),
    ],
)
async def test_a_recorder_that_talks_nonsense_is_refused(
    bus: Bus, method: str, params: dict[str, Any]
) -> None:
    with pytest.raises(BusError) as caught:
        await (await bus.peer("recorder@1")).request(method, params)
    assert caught.value.code == "tags.bad_request"


async def test_a_recorder_tells_which_tags_have_no_footage(bus: Bus) -> None:
    recorder, web = await bus.peer("recorder@1"), await bus.peer("web")
    tag = await web.request("tags.add", {"channel": 3, "at": now_ms(), "name": "a"})
    told = {"gone": [tag["id"]], "here": []}
    assert await recorder.request("tags.footage", told) == {"removed": []}
    assert (await web.request("tags.query", {}))["tags"][0]["gone"] >= tag["at"]


async def test_the_longest_pages_fit_into_a_line_of_the_bus(bus: Bus) -> None:
    recorder, web = await bus.peer("recorder@1"), await bus.peer("web")
    for _ in range(2):
        copies = [Tag.new(1, 1 << 52, "\U0001f6a8" * 64, "ü" * 64, 1 << 52) for _ in range(500)]
        answer = await recorder.request("tags.merge", {"tags": [c.as_dict() for c in copies]})
        assert answer == {"taken": 500}
    page = await recorder.request("tags.changes", {"after": 0, "channels": [1, 8]})
    assert len(page["tags"]) == 500
    assert page["more"]
    assert len((await web.request("tags.query", {"limit": 500}))["tags"]) == 500

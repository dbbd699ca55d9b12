"""The feed: pushed, filtered, bounded, closed with the session."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import WSMsgType

from appliance.accounts.permission import GRANTABLE, Permission, User
from appliance.web.api.feed import FEED, MAX_EVENTS, Client
from appliance.web.box_state import BOX
from appliance.web.context import Counters
from appliance.web.routing import Access
from appliance.web.websocket import SESSION_ENDED


async def receive(socket: Any, topic: str) -> Any:
    """Return the payload of the next message of that topic."""
    async with asyncio.timeout(5):
        while True:
            message = await socket.receive_json()
            if message["topic"] == topic:
                return message["payload"]


def event(number: int, channel: int | None = None) -> dict[str, Any]:
    return {"change": "raised", "event": {"id": number, "channel": channel, "start": 1}}


async def receive_all(socket: Any, *topics: str) -> dict[str, Any]:
    """Return the first payload of each of the topics, in whatever order they come."""
    found: dict[str, Any] = {}
    async with asyncio.timeout(5):
        while not set(topics) <= set(found):
            message = await socket.receive_json()
            found.setdefault(message["topic"], message["payload"])
    return found


async def test_a_page_is_told_status_and_channels_at_once(admin: Any, box: Any) -> None:
    async with admin.client.ws_connect("/api/v1/feed") as socket:
        found = await receive_all(socket, "channel", "status")
    names = [channel["name"] for channel in found["channel"]["channels"]]
    assert names == ["Front door", "Vault", "Yard"]
    assert found["status"]["box"]["name"] == "Shop"


async def test_events_settings_and_channels_are_pushed_from_the_bus(admin: Any, box: Any) -> None:
    async with admin.client.ws_connect("/api/v1/feed") as socket:
        await receive(socket, "status")
        box.server.publish("event", event(7, 2))
        assert (await receive(socket, "event"))["event"]["id"] == 7
        box.server.publish("settings.changed", {"page": "general", "version": 9, "items": []})
        assert await receive(socket, "settings") == {"page": "general", "version": 9}


async def test_a_page_is_not_told_of_other_peoples_channels(page_as: Any, box: Any) -> None:
    guard = page_as(User("guard", GRANTABLE, frozenset({1, 3})))
    async with guard.client.ws_connect("/api/v1/feed") as socket:
        found = await receive_all(socket, "channel", "status")
        assert [channel["id"] for channel in found["channel"]["channels"]] == [1, 3]
        assert "Vault" not in str(found)
        box.server.publish("event", event(7, 2))
        box.server.publish("event", event(8, 1))
        assert (await receive(socket, "event"))["event"]["id"] == 8


async def test_a_page_without_the_right_gets_no_status(page_as: Any, box: Any, app: Any) -> None:
    viewer = page_as(User("viewer", frozenset({Permission.LIVE})))
    async with viewer.client.ws_connect("/api/v1/feed") as socket:
        await receive(socket, "channel")
        app[FEED].offer("status", {
            "channels": [], "health": {"items": []},
        })  # fmt: skip
        box.server.publish("event", event(1, 1))
        app[BOX]._tell("settings", {"page": "channels", "version": 1})
        assert (await socket.receive_json())["topic"] == "settings"


async def test_signing_out_closes_the_pages_of_the_session(admin: Any, box: Any) -> None:
    async with admin.client.ws_connect("/api/v1/feed") as socket:
        await receive(socket, "channel")
        assert (await admin.ask("POST", "/api/v1/logout", {}))[0] == 204
        async with asyncio.timeout(5):
            while (message := await socket.receive()).type is WSMsgType.TEXT:
                pass
        assert (message.type, message.data) == (WSMsgType.CLOSE, SESSION_ENDED)


async def test_a_page_of_another_site_cannot_listen(admin: Any, box: Any) -> None:
    headers = {
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Origin": "https://evil.example",
    }  # fmt: skip
    async with admin.client.get("/api/v1/feed", headers=headers) as answer:
        assert answer.status == 403
        assert (await answer.json())["code"] == "foreign_origin"


async def test_a_message_that_is_too_long_ends_the_socket(admin: Any, box: Any) -> None:
    async with admin.client.ws_connect("/api/v1/feed") as socket:
        await receive(socket, "channel")
        await socket.send_str("x" * 5000)
        async with asyncio.timeout(5):
            while (message := await socket.receive()).type is WSMsgType.TEXT:
                pass
        assert message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING)


async def test_the_supervisor_away_is_told_in_words(admin: Any, box: Any) -> None:
    async with admin.client.ws_connect("/api/v1/feed") as socket:
        await receive(socket, "status")
        await box.stop()
        assert "Recording" in (await receive(socket, "away"))["text"]


@pytest.fixture
def client() -> Client:
    return Client(Access(User("admin", GRANTABLE), "::1"), Counters())


async def test_a_slow_page_keeps_the_last_of_each_state_and_few_events(client: Client) -> None:
    for number in range(500):
        client.offer("channel", {"channels": [{"id": 1, "state": str(number)}]})
        client.offer("event", event(number))
        client.offer("settings", {"page": "general", "version": number})
    taken = client._take()
    topics = [topic for topic, _payload in taken]
    assert topics.count("event") == MAX_EVENTS
    assert topics.count("channel") == topics.count("settings") == 1
    assert ("missed", {"events": 500 - MAX_EVENTS}) in taken
    assert ("channel", {"channels": [{"id": 1, "state": "499"}]}) in taken
    assert client._counters.feed_dropped == 500 - MAX_EVENTS
    assert client._take() == []

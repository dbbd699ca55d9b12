"""The feed: one WebSocket that tells a page what is new, bounded for each client.

Messages are JSON objects {"topic", "payload"}:

- ``status``: as GET /api/v1/status, at once and every 2 s
- ``channel``: {"channels": [...]}, entries as GET /api/v1/channels
- ``event``: {"change": raised, renewed or ended, "event": {...}}
- ``settings``: {"page", "version"}: load it again
- ``tags``: {"channels": [...]}: tags of these channels changed, ask for them again
- ``job``: a job this person may see changed, as GET /api/v1/jobs/{id}
- ``places``: {"places": [...]}, as GET /api/v1/places, when one came or went
- ``away``: {"text"}: the supervisor does not answer; the last status stays
- ``missed``: {"events": n}: so many events did not fit, ask for the list
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import WSMsgType, web

from appliance.accounts.permission import Permission
from appliance.bus.errors import BusError
from appliance.web.api.jobs import sees_job
from appliance.web.api.settings import permission_of
from appliance.web.asking import supervisor_away
from appliance.web.box_state import BOX
from appliance.web.context import CONTEXT, Counters
from appliance.web.errors import ApiError
from appliance.web.routing import Access, Route, request_access
from appliance.web.visible import sees_event, sees_places, visible_channels, visible_status
from appliance.web.websocket import open_websocket

STATUS_S = 2.0
MAX_CLIENTS = 128
MAX_EVENTS = 64
"""Events that wait for a slow client; older ones are dropped, counted and told."""
MAX_PAGES = 32
MAX_JOBS = 64
MAX_IN_BYTES = 1024


class Client:
    """What waits for one page: the last of each state, a few events."""

    def __init__(self, access: Access, counters: Counters) -> None:
        self._access = access
        self._counters = counters
        self._status: dict[str, Any] | None = None
        self._away: dict[str, Any] | None = None
        self._channels: dict[int, dict[str, Any]] = {}
        self._pages: dict[str, dict[str, Any]] = {}
        self._events: deque[dict[str, Any]] = deque()
        self._tags: set[int] = set()
        self._jobs: dict[str, dict[str, Any]] = {}
        self._places: dict[str, Any] | None = None
        self._missed = 0
        self._wake = asyncio.Event()

    def offer(self, topic: str, payload: Any) -> None:
        """Take what is new, as far as the person may see it."""
        access = self._access
        if topic == "channel":
            for channel in visible_channels(access, payload["channels"]):
                self._channels[int(channel["id"])] = channel
        elif topic == "event":
            if not sees_event(access, payload["event"]):
                return
            if len(self._events) >= MAX_EVENTS:
                self._events.popleft()
                self._missed += 1
                self._counters.feed_dropped += 1
            self._events.append(payload)
        elif topic == "tags":
            self._tags.update(access.visible(Permission.PLAYBACK, payload["channels"]))
        elif topic == "job":
            room = payload["id"] in self._jobs or len(self._jobs) < MAX_JOBS
            if room and sees_job(access, payload):
                self._jobs[payload["id"]] = payload
        elif topic == "places":
            self._places = payload if sees_places(access) else None
        elif topic == "settings":
            page = str(payload["page"])
            if not (access.may(permission_of(page)) or page == "channels"):
                return
            if len(self._pages) < MAX_PAGES:
                self._pages[page] = payload
        elif topic == "status" and access.may(Permission.STATUS):
            self._status, self._away = visible_status(access, payload), None
        elif topic == "away":
            self._away = payload
        self._wake.set()

    async def messages(self) -> AsyncIterator[str]:
        """Yield what is to be sent, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            for topic, payload in self._take():
                yield json.dumps({"topic": topic, "payload": payload}, separators=(",", ":"))

    def _take(self) -> list[tuple[str, Any]]:
        found: list[tuple[str, Any]] = [("settings", page) for page in self._pages.values()]
        if self._status is not None:
            found.append(("status", self._status))
        if self._away is not None:
            found.append(("away", self._away))
        if self._channels:
            found.append(("channel", {"channels": list(self._channels.values())}))
        if self._tags:
            found.append(("tags", {"channels": sorted(self._tags)}))
        found += [("job", job) for job in self._jobs.values()]
        if self._places is not None:
            found.append(("places", self._places))
        if self._missed:
            found.append(("missed", {"events": self._missed}))
        found += [("event", event) for event in self._events]
        self._status, self._away, self._missed = None, None, 0
        self._channels.clear()
        self._tags.clear()
        self._pages.clear()
        self._jobs.clear()
        self._places = None
        self._events.clear()
        return found


class Feed:
    """All clients, and the one question for the status that serves them all."""

    def __init__(self) -> None:
        self.clients: set[Client] = set()
        self.asked = asyncio.Event()

    def offer(self, topic: str, payload: Any) -> None:
        """Tell every client; what comes with a new supervisor is asked for at once."""
        if topic == "connected":
            self.asked.set()
            return
        for client in self.clients:
            client.offer(topic, payload)


FEED = web.AppKey("feed", Feed)


def routes() -> list[Route]:
    """Routes of this subject."""
    return [
        Route("GET", "/api/v1/feed", get_feed, Permission.SESSION, "What is new, pushed", "feed",
              websocket=True, status=101),
    ]  # fmt: skip


async def lifetime(app: web.Application) -> AsyncIterator[None]:
    """Ask for the status every 2 s while somebody listens."""
    feed = app[FEED] = Feed()
    app[BOX].listen(feed.offer)
    task = asyncio.create_task(_ask_status(app), name="feed of the status")
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _ask_status(app: web.Application) -> None:
    feed = app[FEED]
    while True:
        feed.asked.clear()
        if feed.clients:
            try:
                status = await app[CONTEXT].bus.request("status.get", timeout_s=STATUS_S)
            except BusError:
                feed.offer("away", {"text": supervisor_away().text})
            else:
                feed.offer("status", status)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STATUS_S if feed.clients else None):
                await feed.asked.wait()


async def get_feed(request: web.Request) -> web.StreamResponse:
    """Serve one page until it goes or its session ends."""
    feed = request.config_dict[FEED]
    app = request.config_dict[CONTEXT]
    client = Client(request_access(request), app.counters)
    async with open_websocket(request, max_message_bytes=MAX_IN_BYTES) as socket:
        if len(feed.clients) >= MAX_CLIENTS:
            await socket.close(code=1013, message=b"too many pages")
            return socket
        feed.clients.add(client)
        feed.asked.set()
        with contextlib.suppress(ApiError):
            client.offer("channel", {"channels": await request.config_dict[BOX].channels()})
        sender = asyncio.create_task(_send(client, socket), name="feed")
        try:
            async for message in socket:
                if message.type in (WSMsgType.ERROR, WSMsgType.BINARY):
                    break
        finally:
            feed.clients.discard(client)
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
    return socket


async def _send(client: Client, socket: web.WebSocketResponse) -> None:
    with contextlib.suppress(ConnectionError):
        async for text in client.messages():
            await socket.send_str(text)

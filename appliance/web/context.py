"""What handlers of the web process share, handed down in the application."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiohttp import web

from appliance.paths import Paths


class Bus(Protocol):
    """The calls of `appliance.bus` that handlers use."""

    connected: asyncio.Event

    async def request(
        self,
        method: str,
        params: dict[str, Any] | None = None,
        *,
        to: str = "supervisor",
        timeout_s: float = 5,
    ) -> Any:
        """Ask a peer; raises BusError with code and text."""

    async def publish(self, topic: str, payload: Any) -> None:
        """Tell everybody who subscribed."""

    def subscribe(self, topic: str, handler: Callable[[Any], Awaitable[None] | None]) -> None:
        """Be told."""

    def on_connect(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Await `callback()` after each registration with the supervisor."""


@dataclass(slots=True)
class Counters:
    """What the process did: rising numbers for the heartbeat, and what was refused or dropped."""

    requests: int = 0
    loop_turns: int = 0
    refused_connections: int = 0
    feed_dropped: int = 0
    viewers: int = 0
    """Media sessions open now; rises and falls."""
    downloads: int = 0
    """Files of exports on their way now; rises and falls."""
    media_units: int = 0


@dataclass(slots=True)
class WebContext:
    """One web process: where things lie, the bus, counters.

    Further services are kept by the modules that own them under an `AppKey` of their own.
    """

    paths: Paths
    bus: Bus
    counters: Counters = field(default_factory=Counters)


CONTEXT = web.AppKey("context", WebContext)


def context(request: web.Request) -> WebContext:
    """Return the context of the application that serves `request`."""
    return request.config_dict[CONTEXT]


def connect(signal: Any, receiver: Callable[..., Awaitable[None]]) -> None:
    """Append to a signal of aiohttp; its declared type does not fit aiosignal's of each release."""
    signal.append(receiver)

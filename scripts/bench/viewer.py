"""A client of the media session that only looks at the heads of messages."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import struct
import time
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import aiohttp

HEAD = struct.Struct(">BBHIqII")
FRAGMENT = 2
DISCONTINUITY = 2
PATIENCE_S = 15.0


class Arrival(NamedTuple):
    """A binary message: type, flags, id, capture time (us), age (us), when it came (monotonic)."""

    kind: int
    flags: int
    id: int
    utc_us: int
    age_us: int
    at_s: float


class Viewer:
    """One media session; `received` are the arrivals nobody has asked for yet."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self.notices: list[dict[str, Any]] = []

    async def send(self, **message: Any) -> None:
        """Send one request."""
        await self._socket.send_json(message)

    async def open(self, channel: int, **fields: Any) -> int:
        """Open a stream; returns its id."""
        number = next(self._ids)
        await self.send(op="open", id=number, channel=channel, **fields)
        return number

    async def arrivals(self) -> AsyncIterator[Arrival]:
        """Yield binary messages as they come; notices are kept aside."""
        async for message in self._socket:
            now = time.perf_counter()
            if message.type is aiohttp.WSMsgType.BINARY:
                _version, kind, flags, number, utc, _duration, age = HEAD.unpack_from(message.data)
                yield Arrival(kind, flags, number, utc, age, now)
            elif message.type is aiohttp.WSMsgType.TEXT:
                notice = json.loads(message.data)
                self.notices.append(notice)
                if notice.get("op") == "fault":
                    raise RuntimeError(f"the box says: {notice}")

    async def first(self, number: int, utc_us: int, near_us: int = 2_000_000) -> Arrival:
        """Return the first fragment of a stream after a jump, of footage near an instant."""
        async with asyncio.timeout(PATIENCE_S):
            async for one in self.arrivals():
                begins = one.kind == FRAGMENT and one.flags & DISCONTINUITY
                if begins and one.id == number and abs(one.utc_us - utc_us) <= near_us:
                    return one
        raise RuntimeError("the media session ended")


@contextlib.asynccontextmanager
async def media_session(session: aiohttp.ClientSession, address: str) -> AsyncIterator[Viewer]:
    """Open a media session for a client that is signed in."""
    async with session.ws_connect(
        f"{address}/api/v1/media", protocols=("nvr.media.1",), headers={"Origin": address},
        max_msg_size=0, compress=0,
    ) as socket:  # fmt: skip
        yield Viewer(socket)

"""Connections to the recorders of this box: one client each, opened when somebody needs it."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from appliance.paths import Paths
from appliance.recording.mediasock.client import (
    MediaClient,
    RecorderAway,
    Refused,
    Subscription,
)
from appliance.storage.model import StreamId
from appliance.storage.report import OpenBlock
from appliance.text import _

log = logging.getLogger(__name__)

GROUP_CHANNELS = 8
"""Channels of one recorder; another cut is found too, by asking the others."""

_SOCKET = re.compile(r"media-(\d+)\.sock")
Answer = TypeVar("Answer")


class RecorderPool:
    """The recorders' media sockets; never more than one connection to each."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._clients: dict[int, MediaClient] = {}
        self._locks: dict[int, asyncio.Lock] = {}

    async def close(self) -> None:
        """End all connections."""
        clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            await client.close()

    def groups(self) -> list[int]:
        """Return the numbers of the recorders whose sockets are there."""
        try:
            names = [path.name for path in self._paths.run.iterdir()]
        except OSError:
            return []
        return sorted(int(found[1]) for name in names if (found := _SOCKET.fullmatch(name)))

    async def client(self, group: int) -> MediaClient:
        """Return the connection to a recorder; raises RecorderAway."""
        async with self._locks.setdefault(group, asyncio.Lock()):
            client = self._clients.get(group)
            if client is not None and not client.lost:
                return client
            if client is not None:
                self._clients.pop(group, None)
                await client.close()
            client = MediaClient(Path(self._paths.media_socket(group)))
            await client.open()
            self._clients[group] = client
            return client

    async def of_channel(
        self, channel: int, ask: Callable[[MediaClient], Awaitable[Answer]]
    ) -> Answer:
        """Ask the recorder of a channel; raises RecorderAway, or Refused by all that are there."""
        likely = (channel - 1) // GROUP_CHANNELS
        groups = sorted(self.groups(), key=lambda group: (group != likely, group))
        if not groups:
            raise RecorderAway(_("The recorder is not running at the moment."))
        trouble: RecorderAway | Refused | None = None
        for group in groups:
            try:
                return await ask(await self.client(group))
            except Refused as error:
                if error.code != "unknown_stream":
                    raise
                trouble = trouble or error
            except RecorderAway as error:
                trouble = error if group == likely else trouble or error
        raise trouble or RecorderAway(_("The recorder is not running at the moment."))

    async def subscribe(self, stream: StreamId) -> Subscription:
        """Subscribe to a stream, its current GOP first; raises RecorderAway or Refused."""
        return await self.of_channel(stream.channel, lambda client: client.subscribe(stream))

    async def accept_clock(self) -> None:
        """Tell all recorders that the clock is right; raises RecorderAway or Refused."""
        groups = self.groups()
        if not groups:
            raise RecorderAway(_("The recorder is not running at the moment."))
        for group in groups:
            await (await self.client(group)).accept_clock()

    async def open_blocks(self) -> list[OpenBlock]:
        """Return what all recorders are writing; one that is away is passed over."""
        found: list[OpenBlock] = []
        for group in self.groups():
            try:
                found += await (await self.client(group)).open_blocks()
            except (RecorderAway, Refused) as error:
                log.debug("recorder %d does not tell its open blocks: %s", group, error)
        return found

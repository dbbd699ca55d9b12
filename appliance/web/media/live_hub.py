"""All live streams of the web process: one of each, held by whoever watches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from appliance.storage.model import StreamId
from appliance.web.media.converted_live import ConvertedStream
from appliance.web.media.converter import Converter
from appliance.web.media.live import LiveStream
from appliance.web.media.recorders import RecorderPool

LINGER_S = 5.0
"""A stream nobody watches any more is kept so long: the next page often wants it again."""

Key = tuple[StreamId, bool]
"""A stream, and whether it is converted."""


class LiveHub:
    """All live streams of the web process."""

    def __init__(
        self,
        recorders: RecorderPool,
        converter: Converter,
        on_unit: Callable[[], None] = lambda: None,
    ) -> None:
        self._recorders = recorders
        self._converter = converter
        self._on_unit = on_unit
        self._streams: dict[Key, LiveStream] = {}
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        self._holders: dict[Key, int] = {}
        self._lingering: dict[Key, asyncio.TimerHandle] = {}

    def hold(self, stream: StreamId, *, converted: bool = False) -> LiveStream:
        """Return the stream, started if nobody had it; `release` it once for each `hold`."""
        key = (stream, converted)
        timer = self._lingering.pop(key, None)
        if timer:
            timer.cancel()
        self._holders[key] = self._holders.get(key, 0) + 1
        live = self._streams.get(key)
        if live is None:
            live = self._streams[key] = self._new(stream, converted=converted)
            self._tasks[key] = asyncio.create_task(live.run(), name=f"live {stream}")
        return live

    def _new(self, stream: StreamId, *, converted: bool) -> LiveStream:
        if converted:
            return ConvertedStream(stream, self._recorders, self._on_unit, self._converter)
        return LiveStream(stream, self._recorders, self._on_unit)

    def release(self, stream: StreamId, *, converted: bool = False) -> None:
        """Give back a stream; the last one ends the subscription a little later.

        A conversion ends at once: another channel may wait for it.
        """
        key = (stream, converted)
        self._holders[key] -= 1
        if self._holders[key] == 0:
            del self._holders[key]
            if converted:
                self._end(key)
                return
            loop = asyncio.get_running_loop()
            self._lingering[key] = loop.call_later(LINGER_S, self._end, key)

    def _end(self, key: Key) -> None:
        self._lingering.pop(key, None)
        live, task = self._streams.pop(key, None), self._tasks.pop(key, None)
        if live and task:
            live.end()
            task.cancel()

    async def close(self) -> None:
        """End all subscriptions."""
        for timer in self._lingering.values():
            timer.cancel()
        tasks = list(self._tasks.values())
        for live in self._streams.values():
            live.end()
        self._streams.clear()
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

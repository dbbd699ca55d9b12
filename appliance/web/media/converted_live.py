"""A live stream converted to H.264 for those who cannot decode what the camera sends."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from appliance.media.types import VIDEO_TIMESCALE, AccessUnit, Codec, VideoFormat
from appliance.recording.mediasock.client import LiveUnit, Refused, Subscription
from appliance.storage.model import StreamId
from appliance.web.media.converter import ConversionError, Converter, Job
from appliance.web.media.live import LiveStream
from appliance.web.media.pacing import Pace, Pacing
from appliance.web.media.recorders import RecorderPool
from appliance.web.media.transcoder import Kind

LATE_S = 1.0
"""A picture that waited longer than this for its turn is late."""

SETTLED_S = 0.3
START_S = 6.0
"""How long the beginning may take: the current GOP has to be decoded before now is reached."""

MAX_WAITING = 600
MAX_WAITING_BYTES = 48 << 20
_INTRA_ONLY = (Codec.MJPEG,)


class ConvertedStream(LiveStream):
    """As `LiveStream`, but what the viewers get is H.264 of at most 1280 x 720."""

    def __init__(
        self,
        stream: StreamId,
        recorders: RecorderPool,
        on_unit: Callable[[], None],
        converter: Converter,
    ) -> None:
        super().__init__(stream, recorders, on_unit)
        self._converter = converter
        self._pacing = Pacing()
        self._want_key = False

    def want_key(self) -> None:
        """Let the next picture be a key frame: a viewer was late and waits for one."""
        self._want_key = True

    async def _receive(self) -> None:
        try:
            job = self._converter.take(self.stream.channel)
            try:
                await self._convert(job)
            finally:
                job.close()
        except ConversionError as error:
            raise Refused(error.code, error.text) from error

    async def _convert(self, job: Job) -> None:
        subscription = await self._recorders.subscribe(self.stream)
        waiting = _Waiting()
        puller = asyncio.create_task(_pull(subscription, waiting), name=f"source of {self.stream}")
        try:
            turn = _Turn(self._pacing)
            while (live := await waiting.next()) is not None:
                if not live.unit.is_video:
                    self._take(live)
                    continue
                before = self._pacing.pace
                kind = turn.kind(live, waiting)
                if self._pacing.pace is not before:
                    self.tell_pace(self._pacing.pace)
                if kind is None:
                    continue
                if kind is Kind.UNIT and self._want_key:
                    kind = Kind.KEY
                if kind is Kind.KEY:
                    self._want_key = False
                for unit in await job.convert(kind, live.unit):
                    self._take(replace(live, unit=turn.stretched(unit), dropped=0))
            await puller  # raises what ended the subscription
        finally:
            puller.cancel()
            await subscription.close()
            await asyncio.gather(puller, return_exceptions=True)


class _Waiting:
    """Units that wait for their turn, oldest first; bounded."""

    def __init__(self) -> None:
        self.units: deque[LiveUnit] = deque()
        self._bytes = 0
        self._ended = False
        self._wake = asyncio.Event()

    def push(self, live: LiveUnit) -> None:
        self.units.append(live)
        self._bytes += len(live.unit.data)
        if len(self.units) > MAX_WAITING or self._bytes > MAX_WAITING_BYTES:
            self.skip()
        self._wake.set()

    def end(self) -> None:
        self._ended = True
        self._wake.set()

    async def next(self) -> LiveUnit | None:
        while not self.units:
            if self._ended:
                return None
            self._wake.clear()
            await self._wake.wait()
        live = self.units.popleft()
        self._bytes -= len(live.unit.data)
        return live

    def skip(self) -> bool:
        """Drop the pictures before the newest key frame, all if there is none; True if one."""
        keys = [index for index, live in enumerate(self.units) if _is_key(live)]
        first = keys[-1] if keys else len(self.units)
        kept = [
            live
            for index, live in enumerate(self.units)
            if index >= first or not live.unit.is_video
        ]
        self.units = deque(kept)
        self._bytes = sum(len(live.unit.data) for live in kept)
        return bool(keys)

    def newer_key(self) -> bool:
        return any(_is_key(live) for live in self.units)


def _is_key(live: LiveUnit) -> bool:
    return live.unit.is_video and live.unit.key


class _Turn:
    """Decides for each picture of one subscription what is done with it."""

    def __init__(self, pacing: Pacing) -> None:
        self._pacing = pacing
        self._started = time.monotonic()
        self._settled = False
        self._skipping = True
        self._odd = False
        self._run: int | None = None
        self._last_pts = 0

    def kind(self, live: LiveUnit, waiting: _Waiting) -> Kind | None:
        """Return what the converter shall do with a picture; None: nothing."""
        unit = live.unit
        if live.dropped or unit.run != self._run:
            self._skipping = True
        if self._skipping and not unit.key:
            return None
        joins = self._skipping
        self._skipping = False
        self._run = unit.run
        lag_s = (time.monotonic_ns() - unit.mono_ns) / 1e9
        if joins and not self._settled:
            return Kind.KEY  # whose lag says nothing: the child has to be started first
        if not self._settled and not self._settle(lag_s):
            return Kind.QUIET
        if lag_s > LATE_S and not joins:
            self._pacing.late()
            self._skipping = True
            waiting.skip()
            return None
        self._pacing.on_time()
        if joins:
            return Kind.KEY
        return self._thinned(unit, waiting)

    def _settle(self, lag_s: float) -> bool:
        """Whether now is reached; when it takes too long, what comes counts as late."""
        self._settled = lag_s < SETTLED_S or time.monotonic() - self._started > START_S
        return self._settled

    def _thinned(self, unit: AccessUnit, waiting: _Waiting) -> Kind | None:
        pace = self._pacing.pace
        assert isinstance(unit.format, VideoFormat)
        if pace is Pace.KEYS:
            return Kind.KEY if unit.key and not waiting.newer_key() else None
        if pace is Pace.HALF:
            self._odd = not self._odd
            if self._odd:
                return None if unit.format.codec in _INTRA_ONLY else Kind.QUIET
        return Kind.UNIT

    def stretched(self, unit: AccessUnit) -> AccessUnit:
        """Let a picture last until the next one is expected, so that the player sees no holes."""
        since, self._last_pts = unit.pts - self._last_pts, unit.pts
        if self._pacing.pace is Pace.ALL:
            return unit
        likely = 2 * unit.duration if self._pacing.pace is Pace.HALF else 2 * VIDEO_TIMESCALE
        lasts = since if 0 < since < 10 * VIDEO_TIMESCALE else likely
        return replace(unit, duration=max(unit.duration, lasts))


async def _pull(subscription: Subscription, waiting: _Waiting) -> None:
    """Move units aside as they come, so that what is too much is dropped here and not there."""
    try:
        async for live in subscription:
            waiting.push(live)
    finally:
        waiting.end()

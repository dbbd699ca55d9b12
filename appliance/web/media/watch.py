"""One channel shown live in one lane: which of its streams, and back to the wanted one."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from appliance.media.types import VideoFormat
from appliance.storage.model import StreamId
from appliance.web.media import requests, wire
from appliance.web.media.choice import candidates, coding, converted, not_decodable, to_convert
from appliance.web.media.live import LiveStream, Trouble, no_picture
from appliance.web.media.live_hub import LiveHub
from appliance.web.media.outbox import Lane
from appliance.web.media.viewer import LiveViewer, can_decode, can_decode_h264

FORMAT_WAIT_S = 3.0
"""How long a stream's first picture may take before another stream is looked at."""

CONVERTED_WAIT_S = 10.0
"""As `FORMAT_WAIT_S`, for a picture that has to be converted first."""

TRY_AGAIN_S = 0.5
"""How soon a channel without any picture is looked at again."""

FALL_S = 3.0
"""How long a stream may be in trouble before another one is shown."""

PROBE_S = 10.0
STEADY_S = 4.0
"""A better stream is looked for so often, and has to send for so long before it is shown."""

LONGEST_PROBE_S = 300.0
"""A stream that comes and goes is looked for less often each time, down to this."""

LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class _Choice:
    """A stream that is held and can be shown; `rank` 0 is the one that was wanted."""

    live: LiveStream
    rank: int
    reason: str = ""
    coding: str = ""

    @property
    def key(self) -> tuple[StreamId, bool]:
        return self.live.stream, bool(self.coding)


class LiveWatch:
    """Finds a stream the client can decode, shows it, falls to another, comes back."""

    def __init__(
        self,
        hub: LiveHub,
        request: requests.Open,
        lane: Lane,
        *,
        listening: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hub = hub
        self._request = request
        self._lane = lane
        self._listening = listening
        self._clock = clock
        self._streams = candidates(request.channel, request.stream)
        self._held: list[tuple[StreamId, bool]] = []
        self._choice: _Choice | None = None
        self._viewer: LiveViewer | None = None
        self._undecodable = asyncio.Event()
        self._probe_s = PROBE_S
        self._told: Trouble | None = None

    def listen(self, on: bool) -> None:
        """Send sound too, or no more."""
        self._listening = on
        if self._viewer and self._choice:
            self._viewer.listening = on
            self._choice.live.listening_changed()
            if on:
                self._choice.live.welcome_sound(self._viewer)

    def close(self) -> None:
        """Give back everything that is held."""
        self._leave()
        for stream, anew in self._held:
            self._hub.release(stream, converted=anew)
        self._held = []

    async def run(self) -> None:
        """Show the channel until cancelled; returns when there is no hope."""
        while True:
            found = await self._choose()
            if isinstance(found, _Choice):
                self._attach(found)
                await self._stay()
                continue
            self._tell(found)
            if found.final:
                return
            await asyncio.sleep(TRY_AGAIN_S)

    def _tell(self, trouble: Trouble) -> None:
        if trouble != self._told:
            self._lane.post(wire.fault(self._request.id, trouble.code, trouble.text))
            self._told = trouble

    # Which stream.

    def _hold(self, stream: StreamId, *, anew: bool = False) -> LiveStream:
        self._held.append((stream, anew))
        return self._hub.hold(stream, converted=anew)

    def _release(self, stream: StreamId, *, anew: bool = False) -> None:
        self._held.remove((stream, anew))
        self._hub.release(stream, converted=anew)

    async def _choose(self, but: StreamId | None = None) -> _Choice | Trouble:
        """Return the best stream that sends what the client can decode; `but` is passed over."""
        troubles: list[Trouble] = []
        foreign: dict[StreamId, VideoFormat] = {}
        for rank, stream in enumerate(self._streams):
            if stream == but:
                continue
            live = self._hold(stream)
            outcome = await _format_of(live, FORMAT_WAIT_S)
            if isinstance(outcome, VideoFormat):
                if can_decode(self._request.codecs, outcome):
                    return _Choice(live, rank, self._reason(rank, troubles))
                foreign[stream] = outcome
                text = not_decodable(stream, outcome)
                outcome = Trouble("not_decodable", text, final=True)
            troubles.append(outcome)
            self._release(stream)
        if foreign and can_decode_h264(self._request.codecs):
            stream = to_convert(foreign)
            live = self._hold(stream, anew=True)
            outcome = await _format_of(live, CONVERTED_WAIT_S)
            if isinstance(outcome, VideoFormat):
                form = foreign[stream]
                return _Choice(live, len(self._streams), converted(stream, form), coding(form))
            self._release(stream, anew=True)
            return outcome
        return _worst(troubles)

    def _reason(self, rank: int, troubles: list[Trouble]) -> str:
        """Return why the stream of `rank` is shown; nothing to say when any will do."""
        if rank == 0 or self._request.stream == "auto":
            return ""
        return _worst(troubles).text if troubles else ""

    # Showing it.

    def _attach(self, choice: _Choice) -> None:
        """Show a stream from its current GOP on; what was shown before is given back."""
        before = self._choice
        self._leave()
        self._choice = choice
        self._told = None
        self._undecodable.clear()
        self._viewer = LiveViewer(
            choice.live.stream,
            self._lane,
            shape=self._request.form,
            codecs=self._request.codecs,
            reason=choice.reason,
            undecodable=self._undecodable.set,
            listening=self._listening,
            converted=choice.coding,
            want_key=choice.live.want_key,
        )
        choice.live.attach(self._viewer)
        if self._listening:
            choice.live.welcome_sound(self._viewer)
        if before is not None:
            self._release(before.live.stream, anew=bool(before.coding))

    def _leave(self) -> None:
        if self._viewer and self._choice:
            self._choice.live.detach(self._viewer)
        self._viewer = self._choice = None

    async def _stay(self) -> None:
        """Stay with what is shown, and change it where that is better; returns to choose anew."""
        since, probed = self._clock(), self._clock()
        troubled: float | None = None
        while (choice := self._choice) is not None:
            if await self._refused(LOOK_S):
                self._leave()
                self._release(choice.live.stream, anew=bool(choice.coding))
                self._lane.clear()
                return
            now = self._clock()
            troubled = (troubled or now) if choice.live.trouble else None
            better: _Choice | None = None
            if troubled is not None and now - troubled >= FALL_S:
                better = await self._other(choice)
                troubled = self._clock()
                if better and choice.rank == 0 and now - since < LONGEST_PROBE_S:
                    self._probe_s = min(LONGEST_PROBE_S, self._probe_s * 2)
                elif better:
                    self._probe_s = PROBE_S
            elif choice.rank and now - probed >= self._probe_s:
                better = await self._better(choice.rank)
                probed = self._clock()
            if better is not None:
                self._attach(better)
                since = probed = self._clock()
                troubled = None

    async def _refused(self, seconds: float) -> bool:
        """Wait for the client's stream to become one that it cannot decode."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._undecodable.wait()
        return self._undecodable.is_set()

    async def _other(self, choice: _Choice) -> _Choice | None:
        """Return another stream in the place of one that sends nothing."""
        trouble = choice.live.trouble
        found = await self._choose(but=choice.live.stream)
        if not isinstance(found, _Choice):
            if found.code not in ("unknown_stream", "no_picture"):
                self._tell(found)  # more to the point than that the first one is silent
            return None
        if self._choice is choice and choice.live.trouble is not None:
            reason = trouble.text if trouble and not found.coding else found.reason
            told = "" if self._request.stream == "auto" and not found.coding else reason
            return _Choice(found.live, found.rank, told, found.coding)
        self._release(found.live.stream, anew=bool(found.coding))
        return None

    async def _better(self, rank: int) -> _Choice | None:
        """Return a stream better than `rank` that has been sending for a while."""
        for better, stream in enumerate(self._streams[:rank]):
            live = self._hold(stream)
            outcome = await _format_of(live, FORMAT_WAIT_S)
            if isinstance(outcome, VideoFormat) and can_decode(self._request.codecs, outcome):
                await self._refused(STEADY_S)
                if live.trouble is None and live.gop:
                    return _Choice(live, better, self._still_unwanted(better))
            self._release(stream)
        return None

    def _still_unwanted(self, rank: int) -> str:
        return self._choice.reason if rank and self._choice and not self._choice.coding else ""


def _worst(troubles: list[Trouble]) -> Trouble:
    """Return the trouble to tell of: that of the best stream there is; final only if all are."""
    known = [trouble for trouble in troubles if trouble.code != "unknown_stream"]
    first = (known or troubles)[0]
    return Trouble(first.code, first.text, final=all(trouble.final for trouble in troubles))


async def _format_of(live: LiveStream, wait_s: float) -> VideoFormat | Trouble:
    """Wait a moment for the format of a stream."""
    try:
        async with asyncio.timeout(wait_s):
            return await live.ready()
    except TimeoutError:
        return no_picture(live.stream)

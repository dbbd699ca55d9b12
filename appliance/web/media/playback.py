"""Playing footage into a lane: ahead of the position on the screen, never far ahead of it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import Callable

from appliance.media.types import AccessUnit, VideoFormat
from appliance.storage.model import StreamId
from appliance.text import _
from appliance.web.media import requests, wire
from appliance.web.media.choice import (
    candidates,
    coding,
    converted,
    not_decodable,
    to_convert,
)
from appliance.web.media.converted_parts import ConvertedParts
from appliance.web.media.converter import ConversionError, Converter
from appliance.web.media.footage import Footage, FootageTrouble
from appliance.web.media.mux import init_piece, joined_piece, unit_piece
from appliance.web.media.outbox import Lane
from appliance.web.media.pacing import Pace
from appliance.web.media.parts import NS, Head, Part
from appliance.web.media.play_clock import Clock
from appliance.web.media.reel import Reel, Step
from appliance.web.media.sound import PlaybackSound
from appliance.web.media.viewer import can_decode, can_decode_h264
from appliance.web.media.wire import Flag

log = logging.getLogger(__name__)

TAIL_S = 0.5
"""How often the end of the footage is looked at for more."""

STILL_RECORDING_S = 6.0
"""Footage that ends less than this ago is still being recorded."""

OLD_S = 30.0
"""Footage that ends longer ago is not waited for before its end is told."""

EMPTY_S = 2.0
"""How often a time without footage is looked at again."""

LIVE_WITHIN_NS = 3_000_000_000
"""With "then": "live", how near to the end playback counts as caught up."""

MS = 1_000_000
PlayerFactory = Callable[[requests.Open, Lane], "Player"]


class Player:
    """Plays one opened stream from the disks.  All but `run` return at once."""

    def __init__(
        self, request: requests.Open, lane: Lane, footage: Footage, converter: Converter
    ) -> None:
        self._request = request
        self._lane = lane
        self._footage = footage
        self._converter = converter
        self._parts: ConvertedParts | None = None
        self._pace = Pace.ALL
        self._clock = Clock()
        self._target: tuple[int, bool] | None = None
        self._changed = asyncio.Event()
        self._listening = False
        self._sequence = itertools.count(1)
        self._sound = PlaybackSound()
        self._head: bytes | VideoFormat = b""
        self._stream: StreamId | None = None
        self._reason = ""
        self._told = ""
        self._broke_ns = 0

    def seek(self, at_ms: float, *, key_only: bool = False) -> None:
        """Go to an instant (milliseconds UTC); what waits of the old position is dropped."""
        self._told, self._broke_ns = "", 0
        self._target = (int(at_ms * MS), key_only)
        self._clock.set(self._target[0])
        self._lane.clear()
        self._changed.set()

    def play(self, speed: float, *, paused: bool) -> None:
        """Go on, or stand still."""
        self._clock.play(speed, paused=paused)
        self._changed.set()

    def at(self, at_ms: float) -> None:
        """The client says where it is."""
        self._clock.set(int(at_ms * MS))
        self._changed.set()

    def listen(self, on: bool) -> None:
        """Send sound too, or no more."""
        self._listening = on
        self._sound.restart()

    def close(self) -> None:
        """Give back the converter."""
        if self._parts:
            self._parts.close()
            self._parts = None

    async def run(self) -> None:
        """Play until cancelled; returns when it has caught up and live is wanted then."""
        while True:
            target = self._target
            if target is None:
                self._changed.clear()
                await self._changed.wait()
                continue
            self._target = None
            try:
                if await self._play_from(*target):
                    return
            except FootageTrouble as error:
                self._lane.post(wire.fault(self._lane.number, error.code, error.text))
            except ConversionError as error:
                await self._unconverted(error, target)

    async def _unconverted(self, error: ConversionError, target: tuple[int, bool]) -> None:
        """Tell why, once, and try again while there is hope: behind what broke the converter."""
        self.close()
        if error.text != self._told:
            self._lane.post(wire.fault(self._lane.number, error.code, error.text))
            self._told = error.text
        if not error.final and self._target is None:
            await self._pause(EMPTY_S)
            self._target = self._target or (max(target[0], self._broke_ns), target[1])

    async def _play_from(self, utc_ns: int, key_only: bool) -> bool:
        """Play until another target comes (False) or live is reached (True)."""
        await self._footage.ready()
        found = await self._choose(utc_ns)
        if self._target is not None:
            return False
        number = self._lane.number
        self._lane.post({"op": "sought", "id": number, "at": utc_ns // MS})
        if found is None:
            self._post_end(utc_ns)
            return await self._wait_for_any(utc_ns)
        reel, step = found
        self._sound.restart()
        if key_only:
            await self._show_key(step, utc_ns)
            return False
        while await self._send(step):
            following = await self._footage.call(reel.next)
            if following is None:
                following = await self._wait_for_more(reel, step.part.end_ns)
            if following is None:
                return self._target is None
            step = following
        return False

    async def _choose(self, utc_ns: int) -> tuple[Reel, Step] | None:
        """Find the stream to play: wanted, decodable, with footage there; else the next best."""
        best: tuple[Reel, Step] | None = None
        reason = self._reason = ""
        refused: dict[StreamId, tuple[Reel, Step]] = {}
        for stream in candidates(self._request.channel, self._request.stream):
            reel = self._footage.reel(stream)
            step = await self._footage.call(reel.seek, utc_ns)
            if step is None:
                reason = reason or _(
                    "The {stream} stream of D{channel} was not recorded then."
                ).format(stream=stream.stream.value, channel=stream.channel)
                continue
            if not can_decode(self._request.codecs, step.part.head.form):
                reason = not_decodable(stream, step.part.head.form)
                refused[stream] = (reel, step)
                continue
            if best is None or step.part.utc_ns < best[1].part.utc_ns - NS:
                best = (reel, step)
                wanted = self._request.stream in ("auto", stream.stream)
                self._reason = "" if wanted else reason
            if step.gap is None:
                break
        if best is None and refused:
            return self._to_convert(refused, reason)
        self.close()
        return best

    def _to_convert(
        self, refused: dict[StreamId, tuple[Reel, Step]], reason: str
    ) -> tuple[Reel, Step]:
        """Choose among streams that have to be converted for this client."""
        if not can_decode_h264(self._request.codecs):
            raise FootageTrouble("not_decodable", reason)
        stream = to_convert(refused)
        if self._parts is None:
            self._parts = ConvertedParts(self._converter, stream.channel)
            self._pace = Pace.ALL
        reel, step = refused[stream]
        self._reason = converted(stream, step.part.head.form)
        return reel, step

    async def _show_key(self, step: Step, utc_ns: int) -> None:
        part = (step.part.from_key(utc_ns) or step.part).only_first()
        self._announce_gap(step)
        if self._parts:
            self._post_units(await self._parts.still(part), step, Flag.DISCONTINUITY)
            return
        self._announce(part.head, step)
        self._post_video(part, Flag.DISCONTINUITY)

    async def _send(self, step: Step) -> bool:
        """Send a part when its time has come; False when another target came meanwhile."""
        part = step.part
        self._announce_gap(step)
        if not self._parts:
            self._announce(part.head, step)
        if not await self._due(part.utc_ns):
            return False
        await self._lane.room()
        if self._target is not None:
            return False
        extra = Flag.NONE if step.continues else Flag.DISCONTINUITY
        if self._parts:
            await self._convert(self._parts, step, extra)
        else:
            self._post_video(part, extra)
        if self._listening:
            for item in await self._sound.items(number=self._lane.number, part=part):
                if self._target is None:
                    self._lane.post(item)
        return True

    async def _convert(self, parts: ConvertedParts, step: Step, extra: Flag) -> None:
        self._broke_ns = step.part.end_ns
        units = await parts.units(
            step.part,
            fresh=not step.continues,
            speed=self._clock.speed,
            unwanted=lambda: self._target is not None,
        )
        if self._target is not None:
            return
        self._post_units(units, step, extra)
        if parts.pace is not self._pace:
            self._pace = parts.pace
            self._lane.post(wire.paced(self._lane.number, parts.pace))

    def _announce_gap(self, step: Step) -> None:
        if step.gap:
            start, end = step.gap.start_ns // MS, step.gap.end_ns // MS
            number = self._lane.number
            self._lane.post({"op": "gap", "id": number, "from": start, "to": end})

    def _announce(self, head: Head, step: Step) -> None:
        """Tell how to decode what follows, where that is new."""
        if head.data != self._head or step.stream != self._stream:
            self._head = head.data
            self._begin(head.form, step, in_band=head.in_band)

    def _begin(
        self, form: VideoFormat, step: Step, *, in_band: bool = False, source: str = ""
    ) -> None:
        number = self._lane.number
        self._stream = step.stream
        self._sound.restart()
        self._lane.post(
            wire.opened(
                number,
                step.stream,
                "playback",
                form,
                in_band=in_band,
                reason=self._reason,
                converted=source,
            )
        )
        self._lane.post(init_piece(form, shape=self._request.form, in_band=in_band))

    def _post_units(self, units: list[AccessUnit], step: Step, extra: Flag) -> None:
        """Send what was converted, behind its head where that is new."""
        if not units:
            return
        self._told = ""
        form = units[0].format
        assert isinstance(form, VideoFormat)
        if form != self._head or step.stream != self._stream:
            self._head = form
            self._begin(form, step, source=coding(step.part.head.form))
        pieces = (
            [unit_piece(unit) for unit in units]
            if self._request.form == "au"
            else [joined_piece(units, next(self._sequence))]
        )
        for piece in pieces:
            self._lane.post(piece, extra)
            extra = Flag.NONE

    def _post_video(self, part: Part, extra: Flag) -> None:
        if self._request.form == "au":
            for piece in part.unit_pieces():
                self._lane.post(piece, extra)
                extra = Flag.NONE
        else:
            self._lane.post(part.piece(next(self._sequence)), extra)

    async def _due(self, utc_ns: int) -> bool:
        """Wait until footage of `utc_ns` should be sent; False when another target came."""
        while self._target is None:
            wait_s = self._clock.wait_s(utc_ns)
            if wait_s == 0:
                return True
            await self._pause(wait_s)
        return False

    async def _pause(self, seconds: float | None) -> None:
        """Wait for something new from the client, at most `seconds`."""
        self._changed.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    def _post_end(self, utc_ns: int) -> None:
        number, at = self._lane.number, utc_ns // MS
        self._lane.post({"op": "gap", "id": number, "from": at, "to": None})
        self._lane.post({"op": "end", "id": number, "at": at})

    async def _wait_for_any(self, utc_ns: int) -> bool:
        """There is no footage from `utc_ns` on: wait for some, or for another target."""
        if self._request.then == "live":
            return True
        while self._target is None:
            await self._pause(EMPTY_S)
            await self._footage.refresh()
            if self._target is None and await self._choose(utc_ns):
                self._target = self._target or (utc_ns, False)
        return False

    async def _wait_for_more(self, reel: Reel, end_ns: int) -> Step | None:
        """The end is reached: return what was stored since; None: another target, or go live.

        Footage that is being recorded grows each second; what does not grow has ended.
        """
        told = False
        since = time.monotonic()
        old = time.time_ns() - end_ns > OLD_S * NS
        patience_s = STILL_RECORDING_S if not old else TAIL_S
        while self._target is None:
            if self._request.then == "live" and self._clock.now_ns() >= end_ns - LIVE_WITHIN_NS:
                return None
            await self._footage.refresh()
            step = await self._footage.call(reel.next)
            if step is not None or self._target is not None:
                return step if self._target is None else None
            if not told and time.monotonic() - since > patience_s:
                told = True
                self._post_end(end_ns)
            await self._pause(EMPTY_S if told else TAIL_S)
        return None

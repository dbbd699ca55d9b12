"""Playing footage into a lane: ahead of the position on the screen, never far ahead of it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from appliance.media.types import AccessUnit
from appliance.web.media import requests, wire
from appliance.web.media.backward import BackwardReel, Stretch
from appliance.web.media.channel_reel import ChannelReel, Shot
from appliance.web.media.converted_parts import ConvertedParts
from appliance.web.media.converter import ConversionError, Converter
from appliance.web.media.footage import Footage, FootageTrouble
from appliance.web.media.outbox import Lane
from appliance.web.media.pacing import Pace
from appliance.web.media.parts import NS
from appliance.web.media.play_clock import Clock
from appliance.web.media.presenter import Presenter
from appliance.web.media.reel import Step
from appliance.web.media.selection import Selection
from appliance.web.media.sound import PlaybackSound
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

KEYS_BACKWARD = -8.0
"""At this speed and beyond, backward, only key frames are sent to a client that does not say which
it wants: each GOP is one picture then.
"""

MS = 1_000_000
PlayerFactory = Callable[[requests.Open, Lane], "Player"]


@dataclass(frozen=True, slots=True)
class Target:
    """Where to go.  `by`: to the frame after (1) or before (-1) the one there, and stand still."""

    utc_ns: int
    key_only: bool = False
    by: int = 0


class Player:
    """Plays one opened stream from the disks.  All but `run` return at once.

    `sent(at_ms)` hears of which instant (ms UTC) pictures are sent.
    """

    def __init__(
        self,
        request: requests.Open,
        lane: Lane,
        footage: Footage,
        converter: Converter,
        sent: Callable[[float], None],
    ) -> None:
        self._request = request
        self._lane = lane
        self._footage = footage
        self._converter = converter
        self._parts: ConvertedParts | None = None
        self._pace = Pace.ALL
        self._clock = Clock()
        self._target: Target | None = None
        self._sought = self._still = False
        self._keys: bool | None = None
        self._changed = asyncio.Event()
        self._listening = False
        self._sound = PlaybackSound()
        self._show = Presenter(request, lane, self._sound, sent)
        self._told = ""
        self._broke_ns = 0
        self._reached_ns = 0

    def seek(self, at_ms: float, *, key_only: bool = False) -> None:
        """Go to an instant (milliseconds UTC); what waits of the old position is dropped."""
        self._go(Target(int(at_ms * MS), key_only))

    def step(self, at_ms: float, by: int) -> None:
        """Show the frame after (`by` 1) or before (-1) the one of an instant, and stand still."""
        self._clock.play(self._clock.speed, paused=True)
        self._go(Target(int(at_ms * MS), by=by))

    def _go(self, target: Target) -> None:
        self._told, self._broke_ns, self._reached_ns = "", 0, 0
        self._target, self._sought, self._still = target, True, target.by != 0
        self._clock.set(target.utc_ns)
        self._lane.clear()
        self._changed.set()

    def play(self, speed: float, *, paused: bool, keys: bool | None = None) -> None:
        """Go on, or stand still; in the other direction anew from where the client is.

        `keys`: whether backward only key frames are sent; None: where it is fast.
        """
        self._keys = keys
        turned = self._clock.backward != (speed < 0)
        self._clock.play(speed, paused=paused)
        if self._sought and (turned or (self._still and not paused)):
            self._go(Target(self._clock.now_ns()))
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
                if await self._go_to(target):
                    return
            except FootageTrouble as error:
                self._post(wire.fault(self._lane.number, error.code, error.text))
            except ConversionError as error:
                await self._unconverted(error, target)

    async def _unconverted(self, error: ConversionError, target: Target) -> None:
        """Tell why, once, and try again while there is hope: behind what broke the converter."""
        self.close()
        if error.text != self._told:
            self._post(wire.fault(self._lane.number, error.code, error.text))
            self._told = error.text
        if not error.final and self._target is None:
            await self._pause(EMPTY_S)
            again_ns = max(target.utc_ns, self._broke_ns)
            if self._reached_ns:  # what is shown so far went on without it meanwhile
                again_ns = max(again_ns, self._reached_ns, self._clock.now_ns())
            self._target = self._target or replace(target, utc_ns=again_ns)

    async def _go_to(self, target: Target) -> bool:
        """Show what is asked for until another target comes (False) or live is reached (True)."""
        await self._footage.ready()
        if target.by:
            await self._show_frame(target.utc_ns, target.by)
        elif self._clock.backward and not target.key_only:
            await self._play_back(target.utc_ns)
        else:
            return await self._play_from(target.utc_ns, target.key_only)
        return False

    def _selection(self) -> Selection:
        wanted = self._request
        return Selection(self._footage.reel, wanted.channel, wanted.stream, wanted.codecs)

    async def _play_from(self, utc_ns: int, key_only: bool) -> bool:
        reel = ChannelReel(self._selection())
        shot = await self._footage.call(reel.seek, utc_ns)
        if self._target is not None:
            return False
        self._post({"op": "sought", "id": self._lane.number, "at": utc_ns // MS})
        if shot is None:
            self._post_end(utc_ns)
            return await self._wait_for_any(reel, utc_ns)
        self._sound.restart()
        if key_only:
            await self._show_key(shot, utc_ns)
            return False
        while await self._send(shot):
            following = await self._footage.call(reel.next)
            if following is None:
                following = await self._wait_for_more(reel, shot.step.part.end_ns)
            if following is None:
                return self._target is None
            shot = following
        return False

    async def _play_back(self, utc_ns: int) -> None:
        """Play backward, stretch by stretch, until another target comes."""
        if self._target is not None:
            return
        reel = BackwardReel(self._selection())
        self.close()
        self._post({"op": "sought", "id": self._lane.number, "at": utc_ns // MS})
        while self._target is None:
            speed = self._clock.speed
            stretch = await self._footage.call(
                reel.before, utc_ns, pace=-speed, keys_only=self._keys_only(speed)
            )
            if stretch is None:
                self._post({"op": "end", "id": self._lane.number, "at": utc_ns // MS})
                return
            if self._target is None:
                self._show.gap(stretch.gap)
            if not await self._due(stretch.to_ns):
                return
            await self._send_stretch(stretch)
            utc_ns = stretch.from_ns

    def _keys_only(self, speed: float) -> bool:
        return speed <= KEYS_BACKWARD if self._keys is None else self._keys

    async def _send_stretch(self, stretch: Stretch) -> None:
        """Send what shows the frames of a stretch, unless another target comes meanwhile."""
        self._show.reason = stretch.reason
        steps = stretch.steps()
        step = await self._footage.call(lambda: next(steps, None))
        first = Flag.DISCONTINUITY
        begun = False
        while step is not None:
            following = await self._footage.call(lambda: next(steps, None))
            await self._lane.room()
            if self._target is not None:
                return
            if not begun:
                begun = True
                self._show.head(step.part.head, step.stream)
                from_ms, to_ms = stretch.from_ns // MS, -(-stretch.to_ns // MS)
                self._post(wire.stretch(self._lane.number, from_ms, to_ms))
            self._show.part(step.part, first, each=Flag.BACKWARD, last=following is None)
            first = Flag.NONE
            step = following

    async def _show_frame(self, at_ns: int, by: int) -> None:
        """Send what shows the frame after or before another one, and stand still there."""
        stretch = await self._footage.call(BackwardReel(self._selection()).frame, at_ns, by)
        if self._target is not None:
            return
        self.close()
        place_ns = stretch.from_ns if stretch else at_ns
        self._clock.set(place_ns)
        self._post({"op": "sought", "id": self._lane.number, "at": place_ns // MS})
        if stretch is None:
            self._post({"op": "end", "id": self._lane.number, "at": at_ns // MS})
        else:
            await self._send_stretch(stretch)

    def _begin_converting(self, shot: Shot) -> None:
        """Have or give back the converter, as a shot needs it; raises ConversionError."""
        self._show.reason = shot.reason
        if not shot.convert:
            self.close()
        elif self._parts is None:
            self._parts = ConvertedParts(self._converter, shot.step.stream.channel)
            self._pace = Pace.ALL

    async def _show_key(self, shot: Shot, utc_ns: int) -> None:
        step = shot.step
        part = (step.part.from_key(utc_ns) or step.part).only_first()
        self._show.gap(step.gap)
        self._begin_converting(shot)
        if self._parts:
            self._post_units(await self._parts.still(part), step, Flag.DISCONTINUITY)
            return
        self._show.head(part.head, step.stream)
        self._show.part(part, Flag.DISCONTINUITY)

    async def _send(self, shot: Shot) -> bool:
        """Send a part when its time has come; False when another target came meanwhile."""
        step, part = shot.step, shot.step.part
        self._show.gap(step.gap)
        if not await self._due(part.utc_ns):
            return False
        self._begin_converting(shot)
        if not self._parts:
            self._show.head(part.head, step.stream)
        await self._lane.room()
        if self._target is not None:
            return False
        extra = Flag.NONE if step.continues else Flag.DISCONTINUITY
        if self._parts:
            await self._convert(self._parts, step, extra)
        else:
            self._show.part(part, extra)
        self._reached_ns = part.end_ns
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
            self._post(wire.paced(self._lane.number, parts.pace))

    def _post_units(self, units: list[AccessUnit], step: Step, extra: Flag) -> None:
        if units:
            self._told = ""
            self._show.units(units, step, extra)

    def _post(self, notice: wire.Notice) -> None:
        self._lane.post(notice)

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
        self._post(wire.gap(number, at, None))
        self._post({"op": "end", "id": number, "at": at})

    async def _wait_for_any(self, reel: ChannelReel, utc_ns: int) -> bool:
        """There is no footage from `utc_ns` on: wait for some, or for another target."""
        if self._request.then == "live":
            return True
        while self._target is None:
            await self._pause(EMPTY_S)
            await self._footage.refresh()
            found = await self._footage.call(reel.seek, utc_ns) if self._target is None else None
            if found is not None:
                self._target = self._target or Target(utc_ns)
        return False

    async def _wait_for_more(self, reel: ChannelReel, end_ns: int) -> Shot | None:
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
            shot = await self._footage.call(reel.next)
            if shot is not None or self._target is not None:
                return shot if self._target is None else None
            if not told and time.monotonic() - since > patience_s:
                told = True
                self._post_end(end_ns)
            await self._pause(EMPTY_S if told else TAIL_S)
        return None

"""A channel's footage from an instant on: the wanted stream where it is there, others elsewhere.

Blocking, for one thread at a time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from appliance.storage.pieces import GAP_NS
from appliance.web.media.choice import (
    converted,
    not_decodable,
    not_recorded,
    to_convert,
)
from appliance.web.media.footage import FootageTrouble
from appliance.web.media.parts import NS, Part
from appliance.web.media.reel import Reel, Step
from appliance.web.media.selection import Selection
from appliance.web.media.viewer import can_decode_h264

LOOK_EVERY = 5
"""Parts of a lesser stream between two looks whether a better one has footage again."""

LOOK_AHEAD_NS = 8 * NS
"""How far ahead its footage may begin: further than playback comes between two looks."""

STEADY_NS = 4 * NS
"""How long a better stream must have footage without a break, to be worth the change."""

GOES_ON_NS = 4 * NS
"""How much further than the end of a stream another one must reach to be played instead.

Streams being recorded end at different moments, less than two seconds apart.
"""

CONVERT_NS = 2 * NS
"""Shorter gaps of what the client can decode are not filled with what has to be converted."""

APART_NS = NS
"""Of streams that begin less than this apart the better one is taken."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A step, why it is not of the wanted stream, and whether the client needs it converted."""

    step: Step
    reason: str
    convert: bool


@dataclass(frozen=True, slots=True)
class _Option:
    reel: Reel
    step: Step
    playable: bool
    reason: str

    @property
    def start_ns(self) -> int:
        return self.step.part.utc_ns


class ChannelReel:
    """`seek` first, then `next` until None, then `next` again later.

    A step has a gap in front of it only where no stream has footage that the client can be shown.
    Raises FootageTrouble where there is footage and none of it can be shown; OSError.
    """

    def __init__(self, selection: Selection) -> None:
        self._of = selection
        self._now: _Option | None = None
        self._better: _Option | None = None
        self._due = False
        self._lesser_parts = 0
        self._sought_ns = 0
        self._end_ns = 0

    def seek(self, utc_ns: int) -> Shot | None:
        """Return what to begin with to show an instant; None without footage from there on."""
        self._sought_ns, self._now = utc_ns, None
        return self._choose(utc_ns, None)

    def next(self) -> Shot | None:
        """Return what follows; None at the end of what is there now."""
        now = self._now
        if now is None:
            return self.seek(self._sought_ns)
        if self._better and self._due:
            return self._change(self._better)
        following = now.reel.next()
        if following is None:
            return self._choose(self._end_ns, None)
        if following.gap:
            return self._choose(following.gap.start_ns, following)
        if self._of.can_decode(following.part.head.form) != now.playable:
            return self._choose(following.part.utc_ns, following)
        self._look(now, following.part)
        better = self._better
        if better and better.start_ns <= following.part.utc_ns:
            return self._change(better)
        if better and better.start_ns < following.part.end_ns:
            self._due = True
            following = replace(following, part=following.part.until(better.start_ns - 1))
        return self._shot(replace(now, step=following))

    def _choose(self, at_ns: int, following: Step | None) -> Shot | None:
        """Choose among all streams; `following` is the next step of the present one, if any."""
        options = self._options(at_ns, following)
        if not options:
            return None
        best = self._best(options, at_ns)
        self._better, self._due, self._lesser_parts = None, False, 0
        return self._shot(best)

    def _change(self, better: _Option) -> Shot:
        self._better, self._due, self._lesser_parts = None, False, 0
        return self._shot(replace(better, step=replace(better.step, gap=None)))

    def _shot(self, option: _Option) -> Shot:
        self._now, self._end_ns = option, option.step.part.end_ns
        stream = option.step.stream
        if not option.playable:
            reason = converted(stream, option.step.part.head.form)
        elif self._of.wants(stream):
            reason = ""
        else:
            reason = option.reason
        return Shot(option.step, reason, convert=not option.playable)

    def _options(self, at_ns: int, following: Step | None) -> list[_Option]:
        """Return what each stream has from an instant on, best first, as far as it is of use."""
        found: list[_Option] = []
        reason = ""
        now = self._now
        for stream in self._of.streams:
            reel, step = self._of.reel_of(stream), None
            if now and stream == now.reel.stream:
                reel, step = now.reel, following
            elif now is None or following is not None or _goes_on(reel, at_ns):
                step = reel.seek(at_ns)
            if step is None:
                reason = reason or not_recorded(stream)
                continue
            playable = self._of.can_decode(step.part.head.form)
            found.append(_Option(reel, step, playable, reason))
            if not playable:
                reason = not_decodable(stream, step.part.head.form)
            elif step.gap is None:
                break
            else:
                reason = reason or not_recorded(stream)
        return found

    def _best(self, options: list[_Option], at_ns: int) -> _Option:
        """Return what begins first; of what can be decoded without a gap the most wanted one."""
        playable = [option for option in options if option.playable]
        begins_ns = min((option.start_ns for option in playable), default=None)
        usable = playable
        if can_decode_h264(self._of.codecs):
            usable = usable + [
                option
                for option in options
                if not option.playable
                and (begins_ns is None or max(option.start_ns, at_ns) + CONVERT_NS <= begins_ns)
            ]
        if not usable:
            last = options[-1].step
            raise FootageTrouble("not_decodable", not_decodable(last.stream, last.part.head.form))
        covering = [option for option in usable if option.step.gap is None]
        if not covering:
            first_ns = min(option.start_ns for option in usable)
            covering = [option for option in usable if option.start_ns < first_ns + APART_NS]
        if covering[0].playable:
            return covering[0]
        stream = to_convert(option.step.stream for option in covering)
        return next(option for option in covering if option.step.stream == stream)

    def _look(self, now: _Option, part: Part) -> None:
        """See every few parts of a lesser stream from where on a better one can be played."""
        rank = self._of.streams.index(now.reel.stream)
        better = self._of.streams[:rank] if now.playable else self._of.streams
        if self._better or not better:
            return
        self._lesser_parts += 1
        if self._lesser_parts % LOOK_EVERY != 1:
            return
        for place, stream in enumerate(better):
            if stream == now.reel.stream:
                continue
            reel = self._of.reel_of(stream)
            at_ns = self._steady_from(reel, part.utc_ns)
            step = reel.seek(at_ns) if at_ns is not None else None
            if step is not None and self._of.can_decode(step.part.head.form):
                reason = not_recorded(better[0]) if place else ""
                self._better = _Option(reel, step, True, reason)
                return

    def _steady_from(self, reel: Reel, at_ns: int) -> int | None:
        """Return from when on the client can be shown a stream for `STEADY_NS`, by indexes."""
        start_ns: int | None = None
        end_ns = 0
        for stored in reel.ahead(at_ns):
            if stored.utc_ns - end_ns > GAP_NS or not self._of.can_decode_behind(stored.head):
                start_ns = None
            if start_ns is None and self._of.can_decode_behind(stored.head):
                start_ns = max(at_ns, stored.utc_ns)
            end_ns = stored.end_ns
            if start_ns is not None and end_ns - start_ns >= STEADY_NS:
                return start_ns
            if (start_ns or stored.utc_ns) - at_ns > LOOK_AHEAD_NS:
                return None
        return None


def _goes_on(reel: Reel, end_ns: int) -> bool:
    return any(stored.end_ns >= end_ns + GOES_ON_NS for stored in reel.ahead(end_ns))

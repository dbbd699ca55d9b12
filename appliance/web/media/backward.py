"""A channel's footage backward: stretches of whole GOPs, the newest first, and frame by frame.

Blocking, for one thread at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from appliance.storage.pieces import GAP_NS
from appliance.web.media.choice import (
    forward_only,
    not_decodable,
    not_recorded,
)
from appliance.web.media.footage import FootageTrouble
from appliance.web.media.parts import NS
from appliance.web.media.reel import Gap, Reel, Step
from appliance.web.media.selection import Selection

STRETCH_NS = NS
"""How much is shown of one decoding at 1x: a client holds the pictures of a stretch, no more."""

LONGEST_PACE = 4.0
"""Up to this speed a stretch is as much longer as it is shown faster: a GOP is decoded less often,
and the client, which shows no more pictures a second than at 1x, holds no more of them.
"""

SHARES = 4
"""A stretch is at least this part of what is decoded for it: a GOP costs 4 decodings at most."""

MAX_TRIES = 60
"""Places without a key frame in front of them that are passed over in a row."""

APART_NS = NS
TOLERANCE_NS = 2_000_000
"""Clients tell times in milliseconds: a frame this near to one is that one."""

MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is decoded from a key frame on to show frames captured in [from_ns, to_ns).

    `gap`: no stream has footage between `to_ns` and the instant asked for.  `steps` reads the
    rest, part by part.
    """

    step: Step
    from_ns: int
    to_ns: int
    gap: Gap | None
    reason: str
    reel: Reel
    only_key: bool = False

    def steps(self) -> Iterator[Step]:
        """Yield all of it, cut at its end."""
        step: Step | None = self.step
        while step is not None and step.part.utc_ns < self.to_ns:
            yield Step(step.stream, step.part.reaching(self.to_ns - 1), None, step.continues)
            if self.only_key or step.part.end_ns >= self.to_ns:
                return
            step = self.reel.next()
            if step is not None and not step.continues:
                return


class BackwardReel:
    """The same choice among streams as forward, but nothing is converted.

    Raises FootageTrouble where all that is stored would have to be; OSError.
    """

    def __init__(self, selection: Selection) -> None:
        self._of = selection

    def before(self, utc_ns: int, *, pace: float = 1.0, keys_only: bool = False) -> Stretch | None:
        """Return the stretch that ends at an instant or last before it; None if there is none.

        `pace`: how many times faster than 1x it is shown.  `keys_only`: a GOP at a time, of which
        the key frame alone is shown.
        """
        end_ns = utc_ns
        for _tried in range(MAX_TRIES):
            found = self._holding(end_ns - 1)
            if found is not None:
                length_ns = int(STRETCH_NS * max(1.0, min(LONGEST_PACE, pace)))
                return self._stretch(
                    *found, utc_ns, end_ns, length_ns=length_ns, keys_only=keys_only
                )
            earlier_ns = self._end_before(end_ns)
            if earlier_ns is None:
                return None
            end_ns = earlier_ns
        return None

    def frame(self, at_ns: int, by: int) -> Stretch | None:
        """Return the stretch of the one frame after (`by` 1) or before (-1) the one of `at_ns`."""
        if by < 0:
            found = self.before(at_ns - TOLERANCE_NS)
            if found is None:
                return None
            times = [at for step in found.steps() for _dts, at in step.part.times()]
            frame_ns = max((at for at in times if at < at_ns - TOLERANCE_NS), default=None)
            if frame_ns is None:
                return None
        else:
            after_ns = self._frame_after(at_ns + TOLERANCE_NS)
            if after_ns is None:
                return None
            frame_ns = after_ns
        holding = self._holding(frame_ns)
        if holding is None:
            return None
        reel, step, reason = holding
        from_ns = frame_ns // MS * MS
        return Stretch(step, from_ns, from_ns + MS, None, reason, reel)

    def _stretch(
        self,
        reel: Reel,
        step: Step,
        reason: str,
        asked_ns: int,
        end_ns: int,
        *,
        length_ns: int,
        keys_only: bool,
    ) -> Stretch:
        key_ns = step.part.utc_ns
        gap = Gap(end_ns, asked_ns) if asked_ns - end_ns > GAP_NS else None
        to_ns = end_ns if gap else asked_ns  # what is no gap is covered by the last frame
        if keys_only:
            only = Step(step.stream, step.part.only_first(), None, continues=False)
            return Stretch(only, key_ns // MS * MS, to_ns, gap, reason, reel, only_key=True)
        shown_ns = max(length_ns, (end_ns - key_ns) // SHARES)
        from_ns = end_ns - shown_ns
        if from_ns - key_ns < length_ns // 2:
            from_ns = key_ns  # a short rest is not worth another decoding
        return Stretch(step, from_ns // MS * MS, to_ns, gap, reason, reel)

    def _holding(self, utc_ns: int) -> tuple[Reel, Step, str] | None:
        """Return the best stream that has the frames of an instant, from their key frame on."""
        reason = refused = ""
        for stream in self._of.streams:
            reel = self._of.reel_of(stream)
            step = reel.seek(utc_ns)
            if step is None or step.part.utc_ns > utc_ns:
                reason = reason or not_recorded(stream)
            elif not self._of.can_decode(step.part.head.form):
                reason = not_decodable(stream, step.part.head.form)
                refused = forward_only(stream, step.part.head.form)
            else:
                wanted = self._of.wants(stream)
                return reel, step, "" if wanted else reason
        if refused:
            raise FootageTrouble("forward_only", refused)
        return None

    def _end_before(self, utc_ns: int) -> int | None:
        """Return when the last footage before an instant ends, of the best stream there."""
        found: list[int] = []
        for stream in self._of.streams:
            stored = self._of.reel_of(stream).last_before(utc_ns)
            if stored is None or not self._of.can_decode_behind(stored.head):
                continue
            # Of one that reaches on, no frame can be decoded: go back before it.
            found.append(stored.end_ns if stored.end_ns < utc_ns else stored.utc_ns)
        if not found:
            return None
        last_ns = max(found)
        return next(end_ns for end_ns in found if end_ns > last_ns - APART_NS)

    def _frame_after(self, utc_ns: int) -> int | None:
        """Return the first frame captured after an instant, of the stream that goes on first."""
        found: list[int] = []
        for stream in self._of.streams:
            reel = self._of.reel_of(stream)
            step = reel.seek(utc_ns)
            while step is not None:
                if not self._of.can_decode(step.part.head.form):
                    break
                later = [at for _dts, at in step.part.times() if at > utc_ns]
                if later:
                    found.append(min(later))
                    break
                step = reel.next()
            if found and found[-1] - utc_ns < APART_NS:
                break
        return min(found, default=None)

"""Who gives way when a disk cannot keep up: sub streams first, then the least important mains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance.storage.model import StreamId, StreamName

SHED_AT_S = 3.0
"""Seconds of footage waiting for the disk at which streams begin to give way."""

RELIEVED_AT_S = 1.5
"""Seconds of footage waiting at which one more stream may record again."""

STEP_S = 2.0
"""Time a step is given to show its effect before the next stream gives way."""


@dataclass(slots=True)
class OverloadPolicy:
    """Decides which streams are shed; pure, driven once a tick.

    `priorities` gives each stream's importance (higher is more important); the order of giving
    way is: all sub and third streams, least important first, then mains, least important first.
    The last main is never shed: it loses what the queue cannot hold.
    """

    shed: set[StreamId] = field(default_factory=set)
    _next_step_s: float = 0.0

    def update(
        self, waiting_s: float, mono_s: float, priorities: Mapping[StreamId, int]
    ) -> tuple[set[StreamId], set[StreamId]]:
        """Take how many seconds of footage wait; return (newly shed, newly allowed again)."""
        gone = self.shed - priorities.keys()
        self.shed -= gone
        if mono_s < self._next_step_s:
            return set(), gone
        order = sorted(
            priorities,
            key=lambda s: (s.stream is StreamName.MAIN, priorities[s], -s.channel),
        )
        if waiting_s >= SHED_AT_S:
            step = self._worse(order)
            if step:
                self._next_step_s = mono_s + STEP_S
                self.shed |= step
            return step, gone
        if waiting_s <= RELIEVED_AT_S and self.shed:
            back = next(s for s in reversed(order) if s in self.shed)
            self.shed.discard(back)
            self._next_step_s = mono_s + STEP_S
            return set(), gone | {back}
        return set(), gone

    def _worse(self, order: list[StreamId]) -> set[StreamId]:
        subs = {s for s in order if s.stream is not StreamName.MAIN} - self.shed
        if subs:
            return subs
        mains = [s for s in order if s not in self.shed]
        return {mains[0]} if len(mains) > 1 else set()

"""Who gives way when a disk or the processor cannot keep up: sub streams, then the least mains."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from appliance.storage.model import StreamId, StreamName

SHED_AT_S = 3.0
"""Seconds of footage waiting for a disk at which streams begin to give way."""

RELIEVED_AT_S = 1.5
"""Seconds of footage waiting at which one more stream may record again."""

STEP_S = 2.0
"""Time a step is given to show its effect before the next stream gives way."""

LATE_S = 0.5
"""A tick that comes later than this is late: the processor was busy with something else."""

TICKS_JUDGED = 10
LATE_TICKS = 5
"""So many late ticks of the last ten are an overload; a short peak is not."""

PROCESSOR = "processor"
"""The name of the processor among the volumes' ids, which are never like it."""


class Strain(Enum):
    """What is asked of a disk or the processor, against what it can do."""

    TOO_MUCH = "too_much"
    ENOUGH = "enough"
    LITTLE = "little"


def strain_of_waiting(waiting_s: float) -> Strain:
    """Judge a disk by how many seconds of footage wait for it."""
    if waiting_s >= SHED_AT_S:
        return Strain.TOO_MUCH
    return Strain.LITTLE if waiting_s <= RELIEVED_AT_S else Strain.ENOUGH


@dataclass(slots=True)
class Lateness:
    """Judges the processor by how late ticks come, in seconds behind the instant they were due."""

    _ticks: deque[float] = field(default_factory=lambda: deque(maxlen=TICKS_JUDGED))

    def note(self, late_s: float) -> None:
        """Take a tick."""
        self._ticks.append(late_s)

    def strain(self) -> Strain:
        """Judge the last ten ticks; nothing is said of fewer unless most of them were late."""
        late = sum(late_s >= LATE_S for late_s in self._ticks)
        if late >= LATE_TICKS:
            return Strain.TOO_MUCH
        calm = not late and len(self._ticks) == TICKS_JUDGED
        return Strain.LITTLE if calm else Strain.ENOUGH

    def forget(self) -> None:
        """Judge anew: what was done about it has to show its effect first."""
        self._ticks.clear()


@dataclass(slots=True)
class OverloadPolicy:
    """Decides which streams of one disk, or of the processor, are shed; driven once a tick.

    `priorities` gives each stream's importance (higher is more important); the order of giving
    way is: all sub and third streams, least important first, then mains, least important first.
    The last main is never shed: it loses what the queue cannot hold.
    """

    shed: set[StreamId] = field(default_factory=set)
    _next_step_s: float = 0.0

    def update(self, strain: Strain, mono_s: float, priorities: Mapping[StreamId, int]) -> bool:
        """Change `shed` where that is called for; return whether streams gave way or came back."""
        self.shed &= priorities.keys()
        if mono_s < self._next_step_s:
            return False
        order = sorted(
            priorities,
            key=lambda s: (s.stream is StreamName.MAIN, priorities[s], -s.channel),
        )
        changed = False
        if strain is Strain.TOO_MUCH:
            step = self._worse(order)
            self.shed |= step
            changed = bool(step)
        elif strain is Strain.LITTLE and self.shed:
            self.shed.discard(next(s for s in reversed(order) if s in self.shed))
            changed = True
        if changed:
            self._next_step_s = mono_s + STEP_S
        return changed

    def _worse(self, order: list[StreamId]) -> set[StreamId]:
        subs = {s for s in order if s.stream is not StreamName.MAIN} - self.shed
        if subs:
            return subs
        mains = [s for s in order if s not in self.shed]
        return {mains[0]} if len(mains) > 1 else set()


@dataclass(slots=True)
class Shedding:
    """Who gives way, judged for each volume and for the processor.

    `causes` names for each stream that gives way what is too slow: a volume's id or `PROCESSOR`.
    """

    lateness: Lateness = field(default_factory=Lateness)
    causes: dict[StreamId, str] = field(default_factory=dict)
    _policies: dict[str, OverloadPolicy] = field(default_factory=dict)

    def update(
        self,
        waiting: Mapping[str, tuple[float, Mapping[StreamId, int]]],
        mono_s: float,
    ) -> None:
        """Take, by volume, the seconds of footage waiting and the priorities of its streams."""
        for gone in self._policies.keys() - waiting.keys() - {PROCESSOR}:
            del self._policies[gone]
        self.causes = {}
        for name, (waiting_s, priorities) in waiting.items():
            policy = self._policies.setdefault(name, OverloadPolicy())
            policy.update(strain_of_waiting(waiting_s), mono_s, priorities)
            self.causes.update(dict.fromkeys(policy.shed, name))
        everything = {s: p for _, streams in waiting.values() for s, p in streams.items()}
        policy = self._policies.setdefault(PROCESSOR, OverloadPolicy())
        if policy.update(self.lateness.strain(), mono_s, everything):
            self.lateness.forget()
        self.causes.update(dict.fromkeys(policy.shed, PROCESSOR))

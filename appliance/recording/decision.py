"""Whether a channel records at an instant, and as which kinds (D1-RC-07, D1-RC-21, A9.10)."""

from __future__ import annotations

from enum import StrEnum

from appliance.storage.model import RecordKind

TRIGGERED = RecordKind.MOTION | RecordKind.INTELLIGENT | RecordKind.POS | RecordKind.ALARM
"""Kinds that are recorded only while something happens."""


class RecordMode(StrEnum):
    """The three-way switch of a channel (D1-SR-05, A9.10)."""

    AUTO = "auto"
    MANUAL = "manual"
    OFF = "off"


class RecordDecision:
    """Joins mode, schedule and triggers of one channel.

    The schedule says which kinds are enabled now; general footage is then recorded at once, the
    other kinds while their trigger lasts and `post_record_s` after it.  With motion-and-alarm
    enabled, plain motion and plain alarm are void (D1-RC-07): both must last together.
    """

    def __init__(self, mode: RecordMode = RecordMode.AUTO, post_record_s: float = 10.0) -> None:
        self.mode = mode
        self.post_record_s = post_record_s
        self.scheduled = RecordKind.GENERAL
        self._active: set[RecordKind] = set()
        self._until: dict[RecordKind, float] = {}

    def trigger(self, kind: RecordKind, *, active: bool, mono_s: float) -> None:
        """Note that something of `kind` began or ended at `mono_s` on the monotonic clock."""
        if active:
            self._active.add(kind)
        elif kind in self._active:
            self._active.discard(kind)
            self._until[kind] = mono_s + self.post_record_s

    def _happening(self, mono_s: float) -> RecordKind:
        kinds = RecordKind.NONE
        for kind in self._active:
            kinds |= kind
        for kind, until in list(self._until.items()):
            if mono_s < until:
                kinds |= kind
            else:
                del self._until[kind]
        return kinds

    def kinds(self, mono_s: float) -> RecordKind:
        """Return the kinds to record as now; NONE means that nothing is recorded."""
        if self.mode is RecordMode.OFF:
            return RecordKind.NONE
        happening = self._happening(mono_s)
        if self.mode is RecordMode.MANUAL:
            return RecordKind.MANUAL | RecordKind.GENERAL
        scheduled = self.scheduled
        kinds = scheduled & RecordKind.GENERAL
        if scheduled & RecordKind.MOTION_AND_ALARM:
            both = RecordKind.MOTION | RecordKind.ALARM
            if happening & both == both:
                kinds |= RecordKind.MOTION_AND_ALARM
            scheduled &= ~both
        return kinds | (scheduled & happening & TRIGGERED)

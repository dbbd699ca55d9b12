"""Whether a process gets on: judged by its heartbeats, not by its being there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from appliance.text import _

MAX_NUMBERS = 32


@dataclass(slots=True)
class ProgressWatch:
    """Times are seconds of the monotonic clock.

    `first_s`: time for the first heartbeat after the start.  `limit_s`: longest time without a
    heartbeat, and longest time in which no number of it rises although it does not say "idle".
    """

    limit_s: float
    first_s: float
    numbers: dict[str, float]
    started: float = 0.0
    last_beat: float | None = None
    last_progress: float = 0.0

    @classmethod
    def begin(cls, now: float, *, limit_s: float, first_s: float) -> ProgressWatch:
        """Watch a process that starts now."""
        return cls(limit_s, first_s, {}, now, None, now)

    def beat(self, now: float, heartbeat: Mapping[str, Any]) -> None:
        """Take a heartbeat (messages.Heartbeat); what is not a number in it is passed over."""
        progress = heartbeat.get("progress")
        numbers = dict(self.numbers)
        if isinstance(progress, Mapping):
            for name, value in list(progress.items())[:MAX_NUMBERS]:
                if isinstance(value, int | float) and math.isfinite(value):
                    numbers[str(name)[:64]] = float(value)
        risen = any(value > self.numbers.get(name, -math.inf) for name, value in numbers.items())
        if risen or heartbeat.get("idle") is True or self.last_beat is None:
            self.last_progress = now
        self.numbers = numbers
        self.last_beat = now

    def forgive(self, now: float) -> None:
        """We ourselves were not running: nobody is blamed for that time."""
        if self.last_beat is None:
            self.started = now
        else:
            self.last_beat = now
        self.last_progress = now

    def verdict(self, now: float) -> str | None:
        """Return in words why the process stands still, None while it gets on."""
        if self.last_beat is None:
            if now - self.started <= self.first_s:
                return None
            return _("it did not report within {seconds} s of its start").format(
                seconds=round(now - self.started)
            )
        if now - self.last_beat > self.limit_s:
            return _("it has not reported for {seconds} s").format(
                seconds=round(now - self.last_beat)
            )
        if now - self.last_progress > self.limit_s:
            names = ", ".join(sorted(self.numbers)) or "-"
            return _("it made no progress for {seconds} s ({names})").format(
                seconds=round(now - self.last_progress), names=names
            )
        return None

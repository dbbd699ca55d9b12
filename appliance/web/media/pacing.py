"""How many of the pictures are converted when the box cannot convert them all."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import StrEnum

from appliance.text import _

FIRST_TRY_S = 30.0
LONGEST_TRY_S = 300.0
"""How soon more pictures are tried again after there were too many; doubled after each failure."""


class Pace(StrEnum):
    """What is converted."""

    ALL = "all"
    HALF = "half"
    KEYS = "keys"


_ORDER = (Pace.ALL, Pace.HALF, Pace.KEYS)


class Pacing:
    """Goes down at once when late, and up again after a while that grows when it was in vain."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.pace = Pace.ALL
        self._clock = clock
        self._changed = clock()
        self._wait_s = FIRST_TRY_S
        self._rose = False

    def late(self) -> bool:
        """It was too much; True if less is converted from now on."""
        if self.pace is Pace.KEYS:
            return False
        if self._rose:
            soon = self._clock() - self._changed < FIRST_TRY_S
            self._wait_s = min(LONGEST_TRY_S, self._wait_s * 2) if soon else FIRST_TRY_S
        self._move(1)
        return True

    def on_time(self) -> bool:
        """All is well; True if more is converted from now on, to see whether that goes as well."""
        if self.pace is Pace.ALL or self._clock() - self._changed < self._wait_s:
            return False
        self._move(-1)
        return True

    def _move(self, step: int) -> None:
        self.pace = _ORDER[_ORDER.index(self.pace) + step]
        self._changed = self._clock()
        self._rose = step < 0


def explain(pace: Pace) -> str:
    """Return the sentence that tells a viewer of a pace."""
    return {
        Pace.ALL: _("Every picture is converted again."),
        Pace.HALF: _("The box cannot convert every picture in time; every second one is shown."),
        Pace.KEYS: _("The box cannot convert the pictures in time; only key frames are shown."),
    }[pace]

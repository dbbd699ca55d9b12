"""Camera-aware recovery: a caller says that a camera is dead, its port is switched off and on.

With mercy: not while it still boots, each time longer apart, and only so often a day.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

Answer = Literal[
    "cycled",
    "booting",
    "backing_off",
    "daily_limit",
    "not_powered",
    "switched_off",
    "unreachable",
    "left_alone",
]

BOOT_S = 90.0
FIRST_S = 300.0
MOST_S = 3600.0
DAY_S = 86_400.0
MOST_A_DAY = 6


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the port was cycled, and why not; `wait_s` until asking may help."""

    answer: Answer
    wait_s: float = 0.0
    today: int = 0


class Recovery:
    """One port's; times are monotonic seconds."""

    def __init__(self) -> None:
        self._at: deque[float] = deque(maxlen=MOST_A_DAY)
        self._alone_until = 0.0
        self._pause_s = FIRST_S

    def ask(self, now: float, on_since: float | None) -> Verdict:
        """Return whether a dead camera's port is cycled now; `on_since` None: not powered."""
        while self._at and now - self._at[0] >= DAY_S:
            self._at.popleft()
        if not self._at:
            self._pause_s = FIRST_S
        today = len(self._at)
        if on_since is None:
            return Verdict("not_powered", today=today)
        if now < self._alone_until:
            return Verdict("left_alone", self._alone_until - now, today)
        if now - on_since < BOOT_S:
            return Verdict("booting", BOOT_S - (now - on_since), today)
        if today >= MOST_A_DAY:
            return Verdict("daily_limit", DAY_S - (now - self._at[0]), today)
        if self._at and now - self._at[-1] < self._pause_s:
            return Verdict("backing_off", self._pause_s - (now - self._at[-1]), today)
        if self._at:
            self._pause_s = min(self._pause_s * 2, MOST_S)
        self._at.append(now)
        return Verdict("cycled", today=today + 1)

    def leave_alone(self, until: float) -> None:
        """Cycle nothing before a moment: the camera is being updated, or somebody works at it."""
        self._alone_until = until

    def alone_s(self, now: float) -> float:
        """Return for how long it is left alone still, 0: it is not."""
        return max(0.0, self._alone_until - now)

    @property
    def today(self) -> int:
        """How often it was cycled within a day, as of the last question."""
        return len(self._at)

"""When a port that failed is tried again: 10 s, doubling to 10 minutes."""

from __future__ import annotations

FIRST_S = 10.0
MOST_S = 600.0
HEALTHY_S = 600.0


class Backoff:
    """Times are monotonic seconds."""

    def __init__(self) -> None:
        self._next_s = FIRST_S
        self.until = 0.0

    def fail(self, now: float) -> None:
        """Something went wrong: wait, longer than the last time."""
        self.until = now + self._next_s
        self._next_s = min(self._next_s * 2, MOST_S)

    def healthy_since(self, on_at: float, now: float) -> None:
        """It works since `on_at`: after ten minutes the past is forgotten."""
        if now - on_at >= HEALTHY_S:
            self.forget()

    def forget(self) -> None:
        """Another device, or a person asked: at once."""
        self._next_s = FIRST_S
        self.until = 0.0
